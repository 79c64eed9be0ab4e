import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  tokenRevocation,
  ClientSecretBasic,
  type Configuration,
  type IDToken,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import type { LogoutTrust } from './logout-tokens.js';

export interface SignInOptions {
  /** The tenant's issuer at Causeway: all that this application needs to know of where people come from. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  /** `offline_access` asks for a refresh token. */
  readonly scope: string;
}

/** A sign-in under way: what must come back, and what proves that it is ours. Never leaves the server. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path in this application to go to afterwards. */
  readonly returnTo: string;
}

/** Who signed in, and the tokens that say so. */
export interface SignedIn {
  readonly claims: IDToken;
  readonly idToken: string;
  readonly accessToken: string;
  readonly scope: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly accessTokenEndsAt: number | undefined;
  readonly refreshToken: string | undefined;
  /** When these tokens came, likewise. */
  readonly at: number;
}

/** What an authorization request may say beside the usual. */
export interface Wishes {
  readonly loginHint?: string | undefined;
  /** `login`: ask who it is, whoever is signed in there. */
  readonly prompt?: 'login' | undefined;
}

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/**
 * OpenID Connect as this application uses it: authorization code flow with PKCE, `state` and `nonce`; the ID token's
 * signature is checked; refresh tokens; sign-out at the issuer as well. openid-client does the protocol.
 */
export class SignIn {
  #discovered: Promise<Configuration> | undefined;

  constructor(
    private readonly options: SignInOptions,
    private readonly now: () => number,
  ) {}

  /** Where to send the browser, and what to remember until it comes back. */
  async begin(returnTo: string, wishes: Wishes = {}): Promise<{ url: URL; attempt: Attempt }> {
    const { redirectUri, scope } = this.options;
    const attempt = {
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      returnTo,
    };
    const url = buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri: redirectUri,
      scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      ...(wishes.loginHint === undefined ? {} : { login_hint: wishes.loginHint }),
      ...(wishes.prompt === undefined ? {} : { prompt: wishes.prompt }),
    });
    return { url, attempt };
  }

  /**
   * Redeems the code of an answer, after checking that it belongs to this attempt.
   * @throws AuthorizationResponseError when the issuer says no; ResponseBodyError when it refuses the code; ClientError
   * when the answer isn't sound
   */
  async finish(callback: URL, attempt: Attempt): Promise<SignedIn> {
    const tokens = await authorizationCodeGrant(await this.#configuration(), callback, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    });
    return this.#signedIn(tokens, undefined);
  }

  /**
   * New tokens for the same person, with the roles that they have now.
   * @throws ResponseBodyError `invalid_grant` when the person's access has ended
   */
  async renew(before: SignedIn): Promise<SignedIn> {
    if (before.refreshToken === undefined) throw new Error('there is no refresh token');
    const tokens = await refreshTokenGrant(await this.#configuration(), before.refreshToken);
    return this.#signedIn(tokens, before);
  }

  /**
   * Gives the refresh token back, which would outlive the sign-out otherwise (that is what `offline_access` means).
   * @returns where to sign out at the issuer too
   */
  async end({ idToken, refreshToken }: SignedIn): Promise<URL> {
    const configuration = await this.#configuration();
    if (refreshToken !== undefined) await tokenRevocation(configuration, refreshToken);
    return buildEndSessionUrl(configuration, {
      id_token_hint: idToken,
      post_logout_redirect_uri: this.options.postLogoutRedirectUri,
    });
  }

  /** What the issuer's logout tokens are checked against. @throws Error when its metadata can't be had */
  async logoutTrust(): Promise<LogoutTrust> {
    const { issuer, jwks_uri: jwksUri, ...metadata } = (await this.#configuration()).serverMetadata();
    if (jwksUri === undefined) throw new Error('the issuer publishes no keys');
    const algorithms = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
    return { issuer, clientId: this.options.clientId, jwksUri, algorithms };
  }

  /** The issuer's metadata, fetched when first needed; a failure isn't kept. */
  #configuration(): Promise<Configuration> {
    this.#discovered ??= this.#discover().catch((error: unknown) => {
      this.#discovered = undefined;
      throw error;
    });
    return this.#discovered;
  }

  #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    // Plain http is for the loopback interface; the library refuses it otherwise, and so should you.
    const insecure = issuer.startsWith('http://localhost:') ? [allowInsecureRequests] : [];
    return discovery(new URL(issuer), clientId, undefined, ClientSecretBasic(clientSecret), {
      execute: [enableNonRepudiationChecks, ...insecure],
      timeout: 10,
    });
  }

  #signedIn(tokens: Tokens, before: SignedIn | undefined): SignedIn {
    const claims = tokens.claims() ?? before?.claims;
    const idToken = tokens.id_token ?? before?.idToken;
    if (claims === undefined || idToken === undefined) throw new Error('the issuer sent no ID token');
    if (before !== undefined && claims.sub !== before.claims.sub)
      throw new Error('the renewed tokens are for somebody else');
    const expiresIn = tokens.expiresIn();
    return {
      claims,
      idToken,
      accessToken: tokens.access_token,
      scope: tokens.scope ?? before?.scope ?? this.options.scope,
      accessTokenEndsAt: expiresIn === undefined ? undefined : this.now() + expiresIn * 1000,
      // A refresh token is used once: the answer brings its successor.
      refreshToken: tokens.refresh_token ?? before?.refreshToken,
      at: this.now(),
    };
  }
}
