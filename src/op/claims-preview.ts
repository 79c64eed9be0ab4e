import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { resolveRequestedResources } from 'oidc-provider/lib/helpers/grants.js';
import type { TenantId } from '../core/ids.js';
import type { Application } from '../domain/application/application.js';
import type { TenantContext } from '../http/tenant-context.js';
import { findAccount, findPerson } from './account.js';
import { accessTokenClaims } from './claims.js';
import type { OpDeps } from './deps.js';
import type { ProviderCache } from './provider-cache.js';
import { indicatorOfAudience } from './resources.js';
import { UnitOfWork } from './unit-of-work.js';

/** What is asked for: a person, and the request that the application would make. */
export interface PreviewRequest {
  readonly application: Application;
  readonly userId: string;
  readonly scope: string;
  /** Identifier of the API that the access token would be for; undefined: as without `resource`. */
  readonly api: string | undefined;
  /** Of a customer whose person it is (E4); undefined: the tenant's own. */
  readonly homeId: TenantId | undefined;
}

type Told = Readonly<Record<string, unknown>>;

/** What tokens would say. What only a sign-in makes is left out: `acr`, `amr`, `auth_time`, `sid`, `nonce`, times, ids. */
export interface ClaimsPreview {
  /** Why the person may not use the application; undefined: they may. */
  readonly refusal: 'no_access' | 'not_assigned' | 'no_role' | undefined;
  /** undefined: the request's scope has no `openid`. */
  readonly idToken: Told | undefined;
  readonly userinfo: Told | undefined;
  readonly accessToken: Told | { readonly refused: string } | undefined;
}

const NOTHING = { idToken: undefined, userinfo: undefined, accessToken: undefined };

/**
 * What an application's tokens would say of a person, if they signed in now (B12): by the very functions that real tokens
 * are made by, on a request that nobody sent. Nothing is written or signed.
 */
export function previewClaims(
  tenant: TenantContext,
  providers: ProviderCache,
  artifacts: OpDeps['artifacts'],
  request: PreviewRequest,
): Promise<ClaimsPreview> {
  const { provider } = providers.of(tenant);
  const unit = new UnitOfWork(tenant, artifacts);
  if (request.homeId !== undefined) unit.belongsTo(request.userId, request.homeId);
  return unit.run(async () => {
    // Nobody of a customer comes in at an issuer that is closed.
    if (request.homeId !== undefined && tenant.suspended) return { refusal: 'no_access', ...NOTHING };
    const person = await findPerson(request.userId, request.application);
    if (person === undefined) return { refusal: 'no_access', ...NOTHING };
    const ctx = await imaginedRequest(provider, request);
    const account = await findAccount(ctx, request.userId);
    if (account === undefined) return { refusal: 'no_access', ...NOTHING };
    const granted = ctx.oidc.requestParamOIDCScopes;
    const filtered = async (use: 'id_token' | 'userinfo'): Promise<Told | undefined> => {
      if (!granted.has('openid')) return undefined;
      const scope = [...granted].join(' ');
      const all = { ...(await account.claims(use, scope, {}, [])), sub: account.accountId };
      return new provider.Claims(all, { ctx }).scope(scope).result();
    };
    return {
      refusal: person.refusal,
      idToken: await filtered('id_token'),
      userinfo: await filtered('userinfo'),
      accessToken: await accessToken(provider, ctx, request),
    };
  });
}

/** The authorization request that the application would make, as the library's own functions see one. */
async function imaginedRequest(
  provider: Provider,
  { application, scope, api, userId }: PreviewRequest,
): Promise<KoaContextWithOIDC> {
  const message = new IncomingMessage(new Socket());
  message.url = '/oauth2/v1/authorize';
  const ctx = provider.createContext(message, new ServerResponse(message)) as KoaContextWithOIDC;
  const oidc = new provider.OIDCContext(ctx);
  const resource = api === undefined ? undefined : indicatorOfAudience(api);
  Object.assign(oidc, { route: 'authorization', params: { scope, resource } });
  Object.defineProperty(ctx, 'oidc', { value: oidc });
  const client = await provider.Client.find(application.clientId);
  if (client === undefined) throw new TypeError('an application of the tenant is no client');
  oidc.entity('Client', client);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: userId });
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  oidc.entity('Grant', grant);
  const code = { client, accountId: userId, scope, grantId: '', gty: 'authorization_code' };
  oidc.entity('AuthorizationCode', new provider.AuthorizationCode(code));
  return ctx;
}

async function accessToken(
  provider: Provider,
  ctx: KoaContextWithOIDC,
  { userId }: PreviewRequest,
): Promise<ClaimsPreview['accessToken']> {
  const { oidc } = ctx;
  const { client } = oidc;
  if (client === undefined) return undefined;
  try {
    const [api] = await resolveRequestedResources(
      provider,
      ctx as Parameters<typeof resolveRequestedResources>[1],
    );
    const token = new provider.AccessToken({ client, accountId: userId, grantId: '', gty: '' });
    if (api !== undefined) token.resourceServer = api;
    const asked = api === undefined ? oidc.requestParamOIDCScopes : oidc.requestParamScopes;
    token.scope = [...asked].filter((scope) => api?.scopes.has(scope) ?? true).join(' ');
    const extra = await accessTokenClaims(ctx, token);
    const { aud, scope } = token;
    return {
      ...extra,
      iss: provider.issuer,
      sub: userId,
      ...(aud === undefined ? {} : { aud }),
      client_id: client.clientId,
      scope,
    };
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return { refused: error.error };
    throw error;
  }
}
