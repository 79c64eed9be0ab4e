import { UserManager } from 'oidc-client-ts';
import { CLIENT_ID, ISSUER, SCOPE } from './settings.js';

export const users = new UserManager({
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: `${location.origin}/callback`,
  silent_redirect_uri: `${location.origin}/silent-callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  // With offline_access the library renews by refresh tokens, without it in a hidden frame.
  scope: SCOPE, // 'openid profile email offline_access'
  // A refresh token outlives the session that it came from: it is given back at the end.
  revokeTokensOnSignout: true,
  revokeTokenTypes: ['refresh_token'],
});

export const signIn = () => users.signinRedirect({ nonce: crypto.randomUUID() });

/** On /callback: takes the code out of the address, and trades it for tokens. */
export async function finishSignIn() {
  const user = await users.signinRedirectCallback();
  history.replaceState(null, '', '/');
  return user.profile;
}

/** New tokens, and with them the roles of this moment. The library calls it by itself before they expire. */
export async function renew() {
  const user = await users.signinSilent();
  return user.profile;
}

export const signOut = () => users.signoutRedirect();
