/** Claims that hold a time, in seconds since the epoch. */
const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

/** An element; `properties` are DOM properties, children elements or text. Text never becomes markup. */
export function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

export const button = (text, onclick, kind = '') =>
  el('button', { className: `button ${kind}`, type: 'button', onclick }, text);

/** What the application's bar and title say, and the button there. */
export function fillBar({ accent, name, tenant }, signOutButton, onSignOut) {
  document.documentElement.className = accent;
  document.querySelector('.mark').textContent = name.slice(0, 1);
  document.getElementById('app-name').textContent = name;
  document.getElementById('app-tenant').textContent = `${tenant} · sample application`;
  document.title = `${tenant} ${name}`;
  signOutButton.addEventListener('click', onSignOut);
}

/** The card of the person that the claims are about. */
export function personCard(claims) {
  const name = claims.name ?? claims.sub;
  const words = name.split(/\s+/);
  const initials = (words[0].slice(0, 1) + (words.length > 1 ? words.at(-1).slice(0, 1) : '')).toUpperCase();
  return el(
    'section',
    { className: 'card wide person' },
    el('span', { className: 'avatar', ariaHidden: 'true' }, initials),
    el(
      'div',
      {},
      el('h1', {}, name),
      el('p', {}, claims.email ?? claims.sub),
      el('p', { className: 'pills', ariaLabel: 'Roles' }, pills(claims.roles, 'no role')),
    ),
  );
}

/** Texts as pills; `none` is what an empty list, or none at all, says. */
export function pills(texts, none) {
  if (!Array.isArray(texts) || texts.length === 0) return [el('span', { className: 'pill none' }, none)];
  return texts.flatMap((text) => [el('span', { className: 'pill' }, String(text)), ' ']);
}

/** A card of facts: times readable, lists as pills. */
export function factsCard(heading, facts) {
  return el(
    'section',
    { className: 'card wide' },
    el('h2', {}, heading),
    el(
      'dl',
      { className: 'facts' },
      facts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, valueOf(name, value))]),
    ),
  );
}

/** A moment in the person's own way, from seconds since the epoch. */
export const timeOf = (seconds) => new Date(seconds * 1000).toLocaleString();

function valueOf(name, value) {
  if (TIMES.has(name) && typeof value === 'number') return timeOf(value);
  if (Array.isArray(value)) return pills(value, 'none');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
