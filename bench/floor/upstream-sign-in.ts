import type { Context } from 'koa';
import type { AccountClaims, Interaction, KoaContextWithOIDC, Provider } from 'oidc-provider';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import { UPSTREAM_CLIENT } from '../parties.js';

interface PendingLogin {
  readonly interactionUid: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

const COOKIE = 'floor_login';
const LOGINS_MAX = 10_000;

/** openid-client as it comes: metadata read once, keys cached, signature of the ID Token checked. */
export function discoverUpstream(issuer: string): Promise<Configuration> {
  const { clientId, clientSecret } = UPSTREAM_CLIENT;
  return discovery(
    new URL(issuer),
    clientId,
    { client_secret: clientSecret },
    ClientSecretPost(clientSecret),
    {
      execute: [allowInsecureRequests, enableNonRepudiationChecks],
    },
  );
}

/** The trip to the upstream and back, bound to the browser by a cookie: code flow with state, nonce and PKCE. */
export class UpstreamSignIn {
  readonly #pending = new Map<string, PendingLogin>();
  readonly #redirectUri: string;

  constructor(
    private readonly upstream: Configuration,
    floorIssuer: string,
  ) {
    this.#redirectUri = `${floorIssuer}/callback`;
  }

  /** Where the browser goes from an authorization request that needs a sign-in. */
  async begin(ctx: KoaContextWithOIDC, interaction: Interaction): Promise<string> {
    const state = randomState();
    const nonce = randomNonce();
    const codeVerifier = randomPKCECodeVerifier();
    if (this.#pending.size >= LOGINS_MAX) this.#pending.delete(this.#pending.keys().next().value ?? '');
    this.#pending.set(state, { interactionUid: interaction.uid, nonce, codeVerifier });
    ctx.cookies.set(COOKIE, state, { path: '/callback', httpOnly: true, sameSite: 'lax', signed: false });
    const { login_hint: loginHint } = interaction.params;
    const url = buildAuthorizationUrl(this.upstream, {
      redirect_uri: this.#redirectUri,
      scope: 'openid profile email groups',
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(typeof loginHint === 'string' ? { login_hint: loginHint } : {}),
    });
    return url.href;
  }

  /** Serves the redirect URI: redeems the code, remembers the person, answers the interaction, sends the browser on. */
  async finish(ctx: Context, provider: Provider, people: Map<string, AccountClaims>): Promise<void> {
    const state = ctx.cookies.get(COOKIE, { signed: false }) ?? '';
    const login = this.#pending.get(state);
    this.#pending.delete(state);
    if (login === undefined) ctx.throw(400, 'no sign-in of this browser waits for that');
    const callback = new URL(this.#redirectUri);
    callback.search = ctx.querystring;
    const tokens = await authorizationCodeGrant(this.upstream, callback, {
      expectedState: state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.codeVerifier,
      idTokenExpected: true,
    });
    const told = tokens.claims();
    if (told === undefined) ctx.throw(400, 'no ID Token came');
    const { iss: _iss, aud: _aud, iat: _iat, exp: _exp, nonce: _nonce, ...claims } = told;
    people.set(claims.sub, claims);
    const interaction = await provider.Interaction.find(login.interactionUid);
    if (interaction === undefined) ctx.throw(400, 'the sign-in took too long');
    const { auth_time: authTime, amr } = told;
    interaction.result = {
      ...interaction.lastSubmission,
      login: {
        accountId: claims.sub,
        remember: true,
        ...(Array.isArray(amr) ? { amr: amr.map(String) } : {}),
        ...(authTime === undefined ? {} : { ts: authTime }),
      },
    };
    await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
    ctx.cookies.set(COOKIE, null, { path: '/callback', signed: false });
    ctx.status = 303;
    ctx.redirect(interaction.returnTo);
  }
}
