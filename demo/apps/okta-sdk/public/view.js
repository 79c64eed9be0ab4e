import { config } from './config.js';
import { button, el, factsCard, fillBar, personCard, timeOf } from './elements.js';

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
    personCard(claims),
    el(
      'section',
      { className: 'card wide' },
      el('h2', {}, 'Access token'),
      el('p', {}, `Good until ${timeOf(accessToken.expiresAt)}; the library renews it before that.`),
      el('p', { className: 'soft' }, `Scopes: ${accessToken.scopes.join(' ')}`),
      el('div', { className: 'row' }, button('Renew now', onRenew, 'primary')),
    ),
    factsCard('Claims of the ID token', Object.entries(claims)),
  );
  signOutButton.hidden = false;
}
