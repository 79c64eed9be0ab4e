import type { Router } from '@koa/router';
import { unknownClient } from '../errors.js';
import type { Claims } from '../failures/types.js';
import { factsOf, issuerFor, serverOf, type Ctx, type OktaState } from '../http/context.js';
import { endpoint } from '../http/endpoint.js';
import type { AuthorizationServer } from '../servers.js';

const HMAC_RSA_EC = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
const CLIENT_AUTH = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'none',
];
const RESPONSE_TYPES = [
  'code',
  'id_token',
  'code id_token',
  'code token',
  'id_token token',
  'code id_token token',
];
const ORG_SCOPES = ['openid', 'email', 'profile', 'address', 'phone', 'offline_access', 'groups'];
const CLAIMS =
  'iss ver sub aud iat exp jti auth_time amr idp nonce name nickname preferred_username given_name ' +
  'middle_name family_name email email_verified profile zoneinfo locale address phone_number picture ' +
  'website gender birthdate updated_at at_hash c_hash';

/** `groups` is listed by the org's own server only; a custom one lists what is flagged for the metadata. */
function scopesOf(server: AuthorizationServer): string[] {
  if (server.kind === 'org') return ORG_SCOPES;
  return server.scopes.filter(({ published }) => published).map(({ name }) => name);
}

/**
 * The metadata of an authorization server, member by member as Okta's. Not there, as at Okta: front-channel
 * and back-channel logout, `authorization_response_iss_parameter_supported`, `acr_values_supported`.
 */
function metadata(server: AuthorizationServer, issuer: string): Claims {
  const origin = new URL(issuer).origin;
  const at = (name: string): string => `${origin}${server.base}/v1/${name}`;
  return {
    issuer,
    authorization_endpoint: at('authorize'),
    token_endpoint: at('token'),
    userinfo_endpoint: at('userinfo'),
    registration_endpoint: `${origin}/oauth2/v1/clients`,
    jwks_uri: at('keys'),
    response_types_supported: RESPONSE_TYPES,
    response_modes_supported: ['query', 'fragment', 'form_post', 'okta_post_message'],
    grant_types_supported: [
      'authorization_code',
      'implicit',
      'refresh_token',
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:openid:params:grant-type:ciba',
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: scopesOf(server),
    token_endpoint_auth_methods_supported: CLIENT_AUTH,
    claims_supported: CLAIMS.split(' '),
    code_challenge_methods_supported: ['S256'],
    introspection_endpoint: at('introspect'),
    introspection_endpoint_auth_methods_supported: CLIENT_AUTH,
    revocation_endpoint: at('revoke'),
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH,
    end_session_endpoint: at('logout'),
    request_parameter_supported: true,
    request_object_signing_alg_values_supported: HMAC_RSA_EC,
    device_authorization_endpoint: at('device/authorize'),
    pushed_authorization_request_endpoint: at('par'),
    backchannel_token_delivery_modes_supported: ['poll'],
    backchannel_authentication_request_signing_alg_values_supported: HMAC_RSA_EC,
    dpop_signing_alg_values_supported: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'],
  };
}

function answerMetadata(ctx: Ctx): void {
  const { org, record } = ctx.state;
  const server = serverOf(ctx);
  const clientId = ctx.URL.searchParams.get('client_id');
  const app = org.findApp(clientId);
  if (clientId !== null && app === undefined) throw unknownClient(400);
  const document = metadata(server, issuerFor(ctx, server, app));
  for (const { id, effect, value } of org.failures.take('metadata')) {
    record.failures.push(id);
    effect.change(document, factsOf(ctx, { value }));
  }
  ctx.set('Cache-Control', 'max-age=86400, must-revalidate');
  ctx.body = document;
}

/** How long Okta lets its key list be kept, in seconds. */
const KEYS_MAX_AGE = 3_832_304;

async function answerKeys(ctx: Ctx): Promise<void> {
  const { org, record } = ctx.state;
  const server = serverOf(ctx);
  const clientId = ctx.URL.searchParams.get('client_id');
  const app = org.findApp(clientId);
  if (clientId !== null && app === undefined) {
    throw unknownClient(400);
  }
  let keys = await (app === undefined ? server.keys : org.keysFor(server, app)).publicJwks();
  for (const { id, effect, value } of org.failures.take('jwks')) {
    record.failures.push(id);
    keys = await effect.change(keys, factsOf(ctx, { value }));
  }
  ctx.set('Cache-Control', `max-age=${KEYS_MAX_AGE}, must-revalidate`);
  ctx.body = { keys };
}

/** Metadata at both locations of both kinds of server, and the signing keys. */
export function discoveryRoutes(router: Router<OktaState>): void {
  const locations = [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/oauth2/:serverId',
    '/oauth2/:serverId/.well-known/openid-configuration',
    '/oauth2/:serverId/.well-known/oauth-authorization-server',
  ];
  endpoint(router, ['GET'], locations, 'discovery', answerMetadata);
  endpoint(router, ['GET'], ['/oauth2/v1/keys', '/oauth2/:serverId/v1/keys'], 'keys', answerKeys);
}
