import { config } from './config.js';
import { showBar, showFault, showHome, showNotice, showWaiting, showWelcome } from './view.js';
import { wordsFor } from './words.js';

const oktaAuth = new globalThis.OktaAuth({
  issuer: config.issuer, // was: https://acme.okta.com/oauth2/default
  clientId: config.clientId,
  redirectUri: `${location.origin}/login/callback`,
  postLogoutRedirectUri: `${location.origin}/`,
  scopes: ['openid', 'profile', 'email', 'offline_access'],
});

const signIn = () => oktaAuth.signInWithRedirect({ originalUri: '/' });
const signOut = () => oktaAuth.signOut();

async function renew() {
  oktaAuth.tokenManager.setTokens(await oktaAuth.token.renewTokens());
}

/** Errors after which only a new sign-in helps. */
const OVER = ['login_required', 'invalid_grant', 'access_denied'];

/** Okta's library has names of its own for what the issuer said. */
function fault({ errorCode, errorSummary, error = errorCode, error_description = errorSummary, message }) {
  const known = OVER.includes(error) || error_description !== undefined;
  showFault(wordsFor(known ? { error, error_description } : { message }), { onTryAgain: signIn });
}

async function onRenew() {
  try {
    await renew();
  } catch (error) {
    if (!OVER.includes(error.errorCode)) {
      showNotice(`The tokens could not be renewed: ${error.message}`);
      return;
    }
    // The person's access has ended: nothing of theirs stays here.
    oktaAuth.authStateManager.unsubscribe(show);
    oktaAuth.tokenManager.clear();
    fault(error);
  }
}

function show({ isAuthenticated, idToken, accessToken }) {
  if (isAuthenticated) showHome({ idToken, accessToken, onRenew });
  else showWelcome({ onSignIn: signIn });
}

async function main() {
  showBar({ onSignOut: signOut });
  if (oktaAuth.isLoginRedirect()) {
    // Trades the code for tokens, keeps them, and goes on to where the person wanted to be.
    showWaiting('Signing you in…');
    await oktaAuth.handleRedirect();
    return;
  }
  oktaAuth.authStateManager.subscribe(show);
  // From now on the library renews by itself, shortly before tokens end.
  await oktaAuth.start();
}

main().catch((error) => {
  history.replaceState(null, '', '/');
  fault(error);
});
