import { config } from './config.js';

/** Claims that hold a time, in seconds since the epoch. */
const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

const main = document.querySelector('main');
const signOutButton = document.getElementById('sign-out');

/** An element; `properties` are DOM properties, children elements or text. Text never becomes markup. */
function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

const button = (text, onclick, kind = '') =>
  el('button', { className: `button ${kind}`, type: 'button', onclick }, text);

/** The application's bar and title. */
export function showBar({ onSignOut }) {
  const { accent, name, tenant } = config.look;
  document.documentElement.className = accent;
  document.querySelector('.mark').textContent = name.slice(0, 1);
  document.getElementById('app-name').textContent = name;
  document.getElementById('app-tenant').textContent = `${tenant} · sample application`;
  document.title = `${tenant} ${name}`;
  signOutButton.addEventListener('click', onSignOut);
}

function show(...parts) {
  signOutButton.hidden = true;
  main.replaceChildren(...parts);
}

export function showWaiting(text) {
  show(el('section', { className: 'card narrow' }, el('p', { role: 'status' }, text)));
}

export function showWelcome({ onSignIn }) {
  show(
    el(
      'section',
      { className: 'card narrow' },
      el('h1', {}, `Welcome to ${config.look.tenant} ${config.look.name}`),
      el(
        'p',
        {},
        "An application that was written for Okta, with Okta's library. Only its issuer has changed.",
      ),
      button('Sign in', onSignIn, 'primary'),
    ),
  );
}

export function showFault({ heading, text, detail }, { onTryAgain }) {
  show(
    el(
      'section',
      { className: 'card narrow', role: 'alert' },
      el('h1', {}, heading),
      el('p', {}, text),
      detail === undefined ? undefined : el('p', { className: 'detail' }, el('code', {}, detail)),
      button('Try again', onTryAgain, 'primary'),
    ),
  );
}

/** A line below the bar about something that went wrong without ending the session. */
export function showNotice(text) {
  main.querySelector(':scope > .notice')?.remove();
  main.prepend(el('p', { className: 'notice bad', role: 'alert' }, text));
}

/** The signed-in person, and every claim. */
export function showHome({ idToken, accessToken, onRenew }) {
  const { claims } = idToken;
  show(
    el(
      'section',
      { className: 'card wide person' },
      el('span', { className: 'avatar', ariaHidden: 'true' }, (claims.name ?? claims.sub).slice(0, 1)),
      el(
        'div',
        {},
        el('h1', {}, claims.name ?? claims.sub),
        el('p', {}, claims.email ?? ''),
        el('p', { className: 'pills', ariaLabel: 'Roles' }, pills(claims.roles ?? [], 'no role')),
      ),
    ),
    el(
      'section',
      { className: 'card wide' },
      el('h2', {}, 'Access token'),
      el('p', {}, `Good until ${timeOf(accessToken.expiresAt)}; the library renews it before that.`),
      el('p', { className: 'soft' }, `Scopes: ${accessToken.scopes.join(' ')}`),
      el('div', { className: 'row' }, button('Renew now', onRenew, 'primary')),
    ),
    factsOf('Claims of the ID token', claims),
  );
  signOutButton.hidden = false;
}

const timeOf = (seconds) => new Date(seconds * 1000).toLocaleString();

function pills(texts, none) {
  if (texts.length === 0) return [el('span', { className: 'pill none' }, none)];
  return texts.flatMap((text) => [el('span', { className: 'pill' }, String(text)), ' ']);
}

function factsOf(heading, claims) {
  return el(
    'section',
    { className: 'card wide' },
    el('h2', {}, heading),
    el(
      'dl',
      { className: 'facts' },
      Object.entries(claims).flatMap(([name, value]) => [
        el('dt', {}, name),
        el('dd', {}, valueOf(name, value)),
      ]),
    ),
  );
}

function valueOf(name, value) {
  if (TIMES.has(name) && typeof value === 'number') return timeOf(value);
  if (Array.isArray(value)) return pills(value, 'none');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
