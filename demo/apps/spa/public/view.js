import { config } from './config.js';

/** Claims that hold a time, in seconds since the epoch. */
const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

const main = document.querySelector('main');
const signOutButton = document.getElementById('sign-out');

/** An element; `properties` are DOM properties, children elements or text. Text never becomes markup. */
export function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

const button = (text, onclick, kind = '') =>
  el('button', { className: `button ${kind}`, type: 'button', onclick }, text);

/** The application's bar and title. */
export function showBar({ onSignOut }) {
  document.documentElement.className = config.look.accent;
  document.querySelector('.mark').textContent = config.look.name.slice(0, 1);
  document.getElementById('app-name').textContent = config.look.name;
  document.getElementById('app-tenant').textContent = `${config.look.tenant} · sample application`;
  document.title = `${config.look.tenant} ${config.look.name}`;
  signOutButton.addEventListener('click', onSignOut);
}

function show(...parts) {
  signOutButton.hidden = true;
  main.replaceChildren(...parts);
}

export function showWaiting(text) {
  show(el('section', { className: 'card narrow' }, el('p', { role: 'status' }, text)));
}

export function showWelcome({ notice, onSignIn }) {
  show(
    el(
      'section',
      { className: 'card narrow' },
      notice === undefined ? undefined : el('p', { className: 'notice', role: 'status' }, notice),
      el('h1', {}, `Welcome to ${config.look.tenant} ${config.look.name}`),
      el(
        'p',
        {},
        'An application without a server: it signs people in and keeps their tokens in the browser.',
      ),
      button('Sign in', onSignIn, 'primary'),
    ),
  );
}

export function showFault({ heading, text, detail }, { onTryAgain, onUseAnother }) {
  show(
    el(
      'section',
      { className: 'card narrow', role: 'alert' },
      el('h1', {}, heading),
      el('p', {}, text),
      detail === undefined ? undefined : el('p', { className: 'detail' }, el('code', {}, detail)),
      button('Try again', onTryAgain, 'primary'),
      button('Use another account', onUseAnother),
    ),
  );
}

/** The signed-in person, the countdown, the switch, and every claim. */
export function showHome(user, { ways, way, log, onRenew, onWay, onUseAnother }) {
  show(
    person(user.profile),
    renewal(user, { onRenew, onUseAnother }),
    switchOf(ways, way, log, onWay),
    factsOf('Claims of the ID token', Object.entries(user.profile)),
    factsOf('Tokens', tokenFacts(user)),
  );
  signOutButton.hidden = false;
}

/** A line below the bar about something that went wrong without ending the session. */
export function showNotice(text) {
  main.querySelector(':scope > .notice')?.remove();
  main.prepend(el('p', { className: 'notice bad', role: 'alert' }, text));
}

function person(profile) {
  const name = profile.name ?? profile.sub;
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
      el('p', {}, profile.email ?? profile.sub),
      el('p', { className: 'pills', ariaLabel: 'Roles' }, pills(profile.roles, 'no role')),
    ),
  );
}

function pills(texts, none) {
  if (!Array.isArray(texts) || texts.length === 0) return [el('span', { className: 'pill none' }, none)];
  return texts.flatMap((text) => [el('span', { className: 'pill' }, String(text)), ' ']);
}

function renewal(user, { onRenew, onUseAnother }) {
  return el(
    'section',
    { className: 'card' },
    el('h2', {}, 'Access token'),
    el('p', { className: 'countdown', id: 'countdown', role: 'timer' }),
    el('progress', { id: 'left', max: user.expires_in, value: user.expires_in, ariaLabel: 'Time left' }),
    el('p', { className: 'soft' }, 'It is renewed by itself a minute before it ends.'),
    el(
      'div',
      { className: 'row' },
      button('Renew now', onRenew, 'primary'),
      button('Sign in as someone else', onUseAnother),
    ),
  );
}

/** Shows how long the access token is still good. */
export function showCountdown(secondsLeft) {
  const seconds = Math.max(0, secondsLeft);
  const minutes = Math.floor(seconds / 60);
  document.getElementById('countdown').textContent =
    seconds === 0 ? 'expired' : `${minutes}:${String(seconds % 60).padStart(2, '0')} left`;
  document.getElementById('left').value = seconds;
}

function switchOf(ways, current, log, onWay) {
  const choices = Object.entries(ways).map(([way, { label }]) =>
    el(
      'label',
      { className: 'choice' },
      el('input', { type: 'radio', name: 'way', checked: way === current, onchange: () => onWay(way) }),
      label,
    ),
  );
  return el(
    'section',
    { className: 'card' },
    el('h2', {}, 'Renewal'),
    el('fieldset', {}, el('legend', {}, 'Renew by'), choices),
    el(
      'ul',
      { className: 'log', ariaLabel: 'Renewals' },
      log.map(({ at, what }) => el('li', {}, el('span', {}, what), el('small', {}, at.toLocaleTimeString()))),
    ),
  );
}

function factsOf(heading, facts) {
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

function valueOf(name, value) {
  if (TIMES.has(name) && typeof value === 'number') return new Date(value * 1000).toLocaleString();
  if (Array.isArray(value)) return pills(value, 'none');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** An access token is meant for an API; this application only passes it on. It shows what its answer said of it. */
function tokenFacts(user) {
  return [
    ['token type', user.token_type],
    ['scope', user.scope ?? ''],
    ['access token', user.access_token.split('.').length === 3 ? 'JWT' : 'opaque'],
    ['refresh token', user.refresh_token === undefined ? 'none' : 'yes, in memory'],
  ];
}
