import { OktaAuth } from '@okta/okta-auth-js';
import { CLIENT_ID, ISSUER } from './settings.js';

const okta = new OktaAuth({
  issuer: ISSUER, // was: https://acme.okta.com/oauth2/default
  clientId: CLIENT_ID,
  redirectUri: `${location.origin}/login/callback`,
  postLogoutRedirectUri: `${location.origin}/`,
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read'],
});

export const signIn = () => okta.signInWithRedirect({ originalUri: '/' });

/** On /login/callback: trades the code for tokens, keeps them, goes on to where the person wanted to be. */
export const finishSignIn = () => okta.handleRedirect();

export const person = () => okta.getUser();

export const accessToken = () => okta.getAccessToken();

export async function renew() {
  okta.tokenManager.setTokens(await okta.token.renewTokens());
  return okta.tokenManager.getTokensSync().idToken.claims;
}

export const signOut = () => okta.signOut();
