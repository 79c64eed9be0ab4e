// A television changes its picture by itself: this asks its server whether there is another one.
const { screen: shown } = document.body.dataset;

async function look() {
  // oxlint-disable-next-line no-restricted-globals -- there is no other in a page
  const { screen } = await (await fetch('/screen')).json();
  if (String(screen) !== shown) location.reload();
}

// While the server is away, the picture stays.
setInterval(() => void look().catch(() => undefined), 1500);
