import { config } from './config.js';
import { button, el, factsCard, fillBar, personCard } from './elements.js';

const main = document.querySelector('main');
const signOutButton = document.getElementById('sign-out');

/** The application's bar and title. */
export const showBar = ({ onSignOut }) => fillBar(config.look, signOutButton, onSignOut);

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
    personCard(user.profile),
    renewal(user, { onRenew, onUseAnother }),
    switchOf(ways, way, log, onWay),
    factsCard('Claims of the ID token', Object.entries(user.profile)),
    factsCard('Tokens', tokenFacts(user)),
  );
  signOutButton.hidden = false;
}

/** A line below the bar about something that went wrong without ending the session. */
export function showNotice(text) {
  main.querySelector(':scope > .notice')?.remove();
  main.prepend(el('p', { className: 'notice bad', role: 'alert' }, text));
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

/** An access token is meant for an API; this application only passes it on. It shows what its answer said of it. */
function tokenFacts(user) {
  return [
    ['token type', user.token_type],
    ['scope', user.scope ?? ''],
    ['access token', user.access_token.split('.').length === 3 ? 'JWT' : 'opaque'],
    ['refresh token', user.refresh_token === undefined ? 'none' : 'yes, in memory'],
  ];
}
