/** What browsers drop from an address or read as something else: blanks, control characters, backslashes. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const MISREAD = /[\u0000-\u0020\u007f\\]/;
const LENGTH_MAX = 2_000;

/**
 * Where a browser may go on to after a sign-in: an address of our own, as a path that begins with one slash, below
 * `PUBLIC_URL`. undefined for everything else, however it is spelt.
 * @param text what somebody has put into the address
 */
export function returnPath(publicUrl: string, text: string): string | undefined {
  if (!text.startsWith('/') || text.length > LENGTH_MAX || MISREAD.test(text)) return undefined;
  const { origin, pathname: base } = new URL(publicUrl);
  if (!URL.canParse(text, origin)) return undefined;
  const url = new URL(text, origin);
  if (url.origin !== origin || url.username !== '' || url.pathname.startsWith('//')) return undefined;
  if (!`${url.pathname}/`.startsWith(`${base.replace(/\/$/, '')}/`)) return undefined;
  return `${url.pathname}${url.search}${url.hash}`;
}
