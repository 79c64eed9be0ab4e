import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { AccountClaims, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { API, SERVICE, WEB } from '../parties.js';
import type { UpstreamSignIn } from './upstream-sign-in.js';

/** People who have signed in, by `sub`: all that the floor remembers of them. */
export type People = ReadonlyMap<string, AccountClaims>;

/**
 * The library as it comes, set only as far as the flows need it and so that its tokens are of the same kinds as
 * Causeway's: RS256, opaque access token of a person, refresh token rotated at each use, claims in the ID Token.
 */
export function floorConfiguration(people: People, upstream: UpstreamSignIn): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'floor', alg: 'RS256', use: 'sig' };
  return {
    jwks: { keys: [key] },
    clients: [
      {
        client_id: WEB.clientId,
        client_secret: WEB.clientSecret,
        redirect_uris: [WEB.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      {
        client_id: SERVICE.clientId,
        client_secret: SERVICE.clientSecret,
        redirect_uris: [],
        grant_types: ['client_credentials'],
        response_types: [],
      },
    ],
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: {
      openid: ['sub', 'auth_time', 'amr', 'groups'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username', 'locale', 'updated_at'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_ctx, sub) => {
      const claims = people.get(sub);
      return claims === undefined ? undefined : { accountId: sub, claims: () => claims };
    },
    loadExistingGrant: grantWhatIsAsked,
    interactions: { url: (ctx, interaction) => upstream.begin(ctx, interaction) },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 3_600,
      AuthorizationCode: 60,
      ClientCredentials: 300,
      Grant: 30 * 86_400,
      IdToken: 3_600,
      Interaction: 600,
      RefreshToken: 8 * 3_600,
      Session: 8 * 3_600,
    },
  };
}

function resourceServer(_ctx: KoaContextWithOIDC, identifier: string) {
  return identifier === API.jwt
    ? {
        scope: API.scope,
        audience: identifier,
        accessTokenFormat: 'jwt' as const,
        jwt: { sign: { alg: 'RS256' as const } },
      }
    : { scope: API.scope, audience: identifier, accessTokenFormat: 'opaque' as const };
}

/** First-party applications: nobody is asked for consent. One grant for each session and application. */
async function grantWhatIsAsked(ctx: KoaContextWithOIDC) {
  const { client, session, account, provider, requestParamScopes } = ctx.oidc;
  if (client === undefined || session === undefined || account === undefined) return undefined;
  const known = session.grantIdFor(client.clientId);
  const grant =
    (known === undefined ? undefined : await provider.Grant.find(known)) ??
    new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope([...requestParamScopes].join(' '));
  await grant.save();
  return grant;
}
