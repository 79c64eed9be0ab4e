import { config } from './config.js';
import { RENEWALS, session } from './session.js';
import { showBar, showCountdown, showFault, showHome, showNotice, showWaiting, showWelcome } from './view.js';
import { wordsFor } from './words.js';

const LOG_MAX = 5;
/** Errors after which only a new sign-in helps. */
const OVER = ['login_required', 'invalid_grant', 'access_denied'];

let user = null;
const log = [];

function home() {
  showHome(user, {
    ways: RENEWALS,
    way: session.renewal,
    log,
    onRenew: () => renew(() => session.renew(), 'asked for'),
    onWay: (way) => renew(() => session.renewBy(way), 'way changed'),
    onUseAnother: () => session.signIn({ prompt: 'login' }),
  });
  showCountdown(user.expires_in);
}

function welcome(notice) {
  showWelcome({ notice, onSignIn: () => session.signIn() });
}

function fault(error) {
  user = null;
  showFault(wordsFor(error), {
    onTryAgain: () => session.signIn(),
    onUseAnother: () => session.signIn({ prompt: 'login' }),
  });
}

/** New tokens. A person whose access has ended is told so; after anything else the old tokens serve on. */
async function renew(how, why) {
  const began = performance.now();
  try {
    user = await how();
  } catch (error) {
    if (OVER.includes(error.error)) {
      await session.forget();
      fault(error);
      return;
    }
    home();
    showNotice(`The tokens could not be renewed: ${error.message}`);
    return;
  }
  log.unshift({ at: new Date(), what: `${why}, in ${Math.round(performance.now() - began)} ms` });
  log.length = Math.min(log.length, LOG_MAX);
  home();
}

/** Back from the issuer: the answer is taken, and its code and state leave the address bar. */
async function callback() {
  showWaiting('Signing you in…');
  try {
    user = await session.finishSignIn();
  } finally {
    history.replaceState(null, '', '/');
  }
  home();
}

/**
 * Someone else asks for a sign-in (OpenID Connect Core section 4): a tile was clicked. Only our issuer is believed,
 * and what follows is a sign-in like any other.
 */
async function initiate(parameters) {
  if (parameters.get('iss') !== config.issuer) throw new Error('this request comes from an unknown issuer');
  showWaiting('Signing you in…');
  const hint = parameters.get('login_hint');
  await session.signIn(hint === null ? {} : { login_hint: hint });
}

async function start() {
  showBar({ onSignOut: () => session.signOut() });
  setInterval(() => user !== null && showCountdown(user.expires_in), 1000);
  session.onExpiring(() => renew(() => session.renew(), 'by itself'));
  switch (location.pathname) {
    case '/callback':
      return callback();
    case '/login/initiate':
      return initiate(new URLSearchParams(location.search));
    case '/signed-out':
      return welcome('You are signed out.');
    default:
      user = await session.restore();
      return user === null ? welcome() : home();
  }
}

start().catch(fault);
