import { errors, type Client, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { allowedScopes, type Api } from '../domain/api/api.js';
import { PEOPLE_SCOPES } from '../domain/application/registration-wish.js';
import { TOKEN_EXCHANGE_GRANT } from './exchanged-claims.js';
import { DEVICE_GRANT } from './device-flow.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * An API's identifier as a resource indicator. RFC 8707 section 2 wants an absolute URI without a fragment there; an
 * API that is named otherwise is reached by `audience`, or as the default one, and has this in its place.
 */
function indicatorOf({ identifier }: Api): string {
  const isUri = URL.canParse(identifier) && !identifier.includes('#');
  return isUri ? identifier : `urn:causeway:api:${encodeURIComponent(identifier)}`;
}

/** The resource indicator that an `audience` stands for; an unknown one stays as it is, and is refused like one. */
export function indicatorOfAudience(audience: string): string {
  const { apis } = UnitOfWork.current.tenant.configuration;
  const api = apis.find(({ identifier }) => identifier === audience);
  return api === undefined ? audience : indicatorOf(api);
}

const DEVICE_ROUTES: ReadonlySet<string> = new Set([
  'device_authorization',
  'code_verification',
  'device_resume',
]);

/** The grant that a request will redeem: a policy may allow an API by one and not by another. */
function grantOf(ctx: KoaContextWithOIDC): string {
  if (DEVICE_ROUTES.has(ctx.oidc.route)) return 'device_code';
  const grant = ctx.oidc.params?.['grant_type'];
  if (grant === DEVICE_GRANT) return 'device_code';
  if (grant === TOKEN_EXCHANGE_GRANT) return 'token_exchange';
  return typeof grant === 'string' ? grant : 'authorization_code';
}

function scopesFor(ctx: KoaContextWithOIDC, api: Api, clientId: string): ReadonlySet<string> {
  const { accessPolicies } = UnitOfWork.current.tenant.configuration;
  const allowed = allowedScopes(accessPolicies, { api: api.identifier, clientId, grant: grantOf(ctx) });
  const bound = UnitOfWork.current.tenant.application(clientId)?.settings.scopes ?? null;
  return new Set(
    api.scopes
      .map((scope) => scope.name)
      .filter((name) => allowed.has(name) && (bound === null || bound.includes(name))),
  );
}

function isAllowed(ctx: KoaContextWithOIDC, api: Api, clientId: string): boolean {
  const { applications, accessPolicies } = UnitOfWork.current.tenant.configuration;
  const application = applications.find((candidate) => candidate.clientId === clientId);
  const asked = api.isDefault || application?.settings.apis.includes(api.identifier) === true;
  const grant = grantOf(ctx);
  return (
    asked &&
    accessPolicies.some(
      (policy) =>
        policy.api === api.identifier &&
        (policy.clients === 'all' || policy.clients.includes(clientId)) &&
        policy.grants.includes(grant),
    )
  );
}

/**
 * The API of a request that names none by `resource`: the one of `audience` (its alias), else the tenant's default one;
 * without one, a token good for userinfo only, which an application without a person can't use.
 * @throws InvalidTarget for client_credentials without an API (RFC 8707 section 2)
 */
export function defaultResource(
  ctx: KoaContextWithOIDC,
  client: Client,
  oneOf?: readonly string[],
): string | readonly string[] {
  const audience = ctx.oidc.params?.['audience'];
  if (typeof audience === 'string') return indicatorOfAudience(audience);
  if (oneOf !== undefined) return oneOf;
  const api = UnitOfWork.current.tenant.configuration.apis.find((candidate) => candidate.isDefault);
  if (api !== undefined && isAllowed(ctx, api, client.clientId)) return indicatorOf(api);
  if (grantOf(ctx) === 'client_credentials')
    throw new errors.InvalidTarget('name the API that the token is for: resource');
  return [];
}

/**
 * An API as the library sees it (RFC 8707): the scopes that policies give this client by this grant. A request that
 * names none of its scopes gets its default ones.
 * @throws InvalidTarget when the tenant has no such API or no policy lets the client have it
 */
export function resourceServer(ctx: KoaContextWithOIDC, indicator: string, client: Client): ResourceServer {
  const { apis } = UnitOfWork.current.tenant.configuration;
  const api = apis.find((candidate) => indicatorOf(candidate) === indicator);
  if (api === undefined || !isAllowed(ctx, api, client.clientId)) throw new errors.InvalidTarget();
  const scopes = scopesFor(ctx, api, client.clientId);
  if (grantOf(ctx) === 'client_credentials') refuseUngranted(ctx, api, scopes);
  if (grantOf(ctx) !== 'refresh_token') addDefaultScopes(ctx, api, scopes);
  return {
    audience: api.identifier,
    scope: [...scopes].join(' '),
    accessTokenTTL: api.accessTokenSeconds,
    ...(api.tokenFormat === 'opaque'
      ? { accessTokenFormat: 'opaque' }
      : { accessTokenFormat: 'jwt', jwt: { sign: { alg: client.idTokenSignedResponseAlg as 'RS256' } } }),
  };
}

/**
 * A machine that asks for scopes and may have none of them is told so: a token without any would fail later, at the API.
 * What remains of several is granted (RFC 6749 section 3.3).
 * @throws InvalidScope
 */
function refuseUngranted(ctx: KoaContextWithOIDC, api: Api, allowed: ReadonlySet<string>): void {
  const asked = [...ctx.oidc.requestParamScopes].filter((name) => !PEOPLE_SCOPES.has(name));
  if (asked.length === 0 || asked.some((name) => allowed.has(name))) return;
  throw new errors.InvalidScope(`no access policy gives these scopes of ${api.identifier}`, asked.join(' '));
}

function addDefaultScopes(ctx: KoaContextWithOIDC, api: Api, allowed: ReadonlySet<string>): void {
  const { params } = ctx.oidc;
  if (params === undefined) return;
  const asked = typeof params['scope'] === 'string' ? params['scope'].split(' ') : [];
  if (asked.some((name) => api.scopes.some((scope) => scope.name === name))) return;
  const added = api.scopes
    .filter((scope) => scope.isDefault && allowed.has(scope.name))
    .map((scope) => scope.name);
  if (added.length > 0) params['scope'] = [...asked, ...added].join(' ');
}
