import { config } from './config.js';

const { InMemoryWebStorage, UserManager, WebStorageStateStore } = globalThis.oidc;

/** The two ways to get new tokens while the person works. */
export const RENEWALS = {
  /** Each refresh token is used once; the answer brings the next one. Works wherever the application lives. */
  token: { scope: 'openid profile email offline_access', label: 'Refresh token, a new one each time' },
  /** `prompt=none` in a hidden frame: works while the browser sends the issuer's cookie, so on the same site. */
  frame: { scope: 'openid profile email', label: 'Hidden frame (prompt=none)' },
};

const WAY = 'renewal';
const WAS_SIGNED_IN = 'was-signed-in';

/** Who is signed in in this tab. Tokens stay in memory: no storage that another script could read later. */
class Session {
  #manager = new UserManager({
    authority: config.issuer,
    client_id: config.clientId,
    redirect_uri: `${location.origin}/callback`,
    silent_redirect_uri: `${location.origin}/silent.html`,
    post_logout_redirect_uri: `${location.origin}/signed-out`,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    // The library hides claims that are about the sign-in itself; this page shows them all.
    filterProtocolClaims: false,
    silentRequestTimeoutInSeconds: 5,
    // A refresh token outlives a sign-out, that is what offline_access means: it is given back.
    revokeTokensOnSignout: true,
    revokeTokenTypes: ['refresh_token'],
  });

  get renewal() {
    return localStorage.getItem(WAY) === 'frame' ? 'frame' : 'token';
  }

  /** Calls back when the access token is about to expire. */
  onExpiring(work) {
    this.#manager.events.addAccessTokenExpiring(work);
  }

  /** Leaves for the issuer. `wishes`: `login_hint`, `prompt`. */
  signIn(wishes = {}) {
    return this.#manager.signinRedirect({
      scope: RENEWALS[this.renewal].scope,
      nonce: crypto.randomUUID(),
      ...wishes,
    });
  }

  /** Takes the answer of the issuer: checks `state`, redeems the code with the PKCE verifier, checks the ID token. */
  async finishSignIn() {
    return this.#remember(await this.#manager.signinRedirectCallback());
  }

  /** After a reload of the page: asks the issuer in a hidden frame who it was. Null when nobody is signed in. */
  async restore() {
    if (sessionStorage.getItem(WAS_SIGNED_IN) === null) return null;
    try {
      return await this.renew();
    } catch {
      // Nobody is signed in there any more, or the browser keeps the issuer's cookie back: the person is asked.
      sessionStorage.removeItem(WAS_SIGNED_IN);
      return null;
    }
  }

  /** New tokens: by the refresh token if there is one, else in a hidden frame. */
  async renew() {
    const { scope } = RENEWALS[this.renewal];
    return this.#remember(await this.#manager.signinSilent({ scope }));
  }

  /** Changes the way of renewal, and renews by the new one. A refresh token that isn't needed any more is revoked. */
  async renewBy(way) {
    localStorage.setItem(WAY, way);
    const user = await this.#manager.getUser();
    if (way === 'frame' && user?.refresh_token !== undefined)
      await this.#manager.revokeTokens(['refresh_token']);
    return this.renew();
  }

  /** Forgets the tokens here, and leaves for the issuer to sign out there. */
  async signOut() {
    sessionStorage.removeItem(WAS_SIGNED_IN);
    await this.#manager.signoutRedirect();
  }

  /** Forgets the tokens of somebody whose access has ended. */
  async forget() {
    sessionStorage.removeItem(WAS_SIGNED_IN);
    await this.#manager.removeUser();
  }

  /** In the hidden frame: hands the answer to the page around it. */
  tellParent() {
    return this.#manager.signinSilentCallback();
  }

  #remember(user) {
    sessionStorage.setItem(WAS_SIGNED_IN, 'yes');
    return user;
  }
}

export const session = new Session();
