import type { Context } from 'koa';
import {
  errors,
  Provider,
  type CanBePromise,
  type KoaContextWithOIDC,
  type TokenEndpointGrantContext,
  type UnknownObject,
} from 'oidc-provider';
import { DomainError } from '../core/errors.js';
import { requestIdOf } from '../http/request-id.js';
import type { TenantContext } from '../http/tenant-context.js';
import { goOnAfterSignOut } from './after-sign-out.js';
import { takeAnswered } from './answered-here.js';
import { recordSignIn, reuseRecord } from './audit.js';
import { matchingSecret } from './client-secrets.js';
import { keepClientKeys } from './client-keys.js';
import { providerConfiguration } from './configuration.js';
import type { OpDeps } from './deps.js';
import { attachDeviceFlow, denyRefusedDevice, isDevicePage } from './device-flow.js';
import { commitWithAnotherCode, limitDeviceCodes } from './device-codes.js';
import { showDeviceNotice, takeUserCode } from './device-pages.js';
import { keepDocuments } from './documents.js';
import { CLOCK_AHEAD_SECONDS, judgeProofs } from './dpop.js';
import { allowFormPost } from './form-post.js';
import { acceptOnlyIdTokensAsHint } from './id-token-hint.js';
import { pendingInteraction } from './interactions.js';
import { completeIdTokens } from './ipsie.js';
import { acceptJwts, recordHash } from './jwt-handles.js';
import { keepClients } from './kept-clients.js';
import { leaveByPage } from './leave-by-page.js';
import { acceptOktaTokens } from './okta-userinfo.js';
import { epoch } from './lifetimes.js';
import { redeem } from './redeem.js';
import { answerOfWinner } from './refresh-leeway.js';
import { responseMembers } from './signed-responses.js';
import { attachTokenExchange } from './token-exchange.js';
import { nameUnauthorizedClient } from './unauthorized-client.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/** Names by which a token request may name its API besides `resource` (contract, Tokens). */
const AUDIENCE = 'audience';

/** The library's provider with its grants wrapped: audience as an alias, leeway and audit for what is used twice. */
class TenantProvider extends Provider {
  readonly #deps: OpDeps;

  constructor(tenant: TenantContext, deps: OpDeps) {
    super(tenant.issuer, providerConfiguration(tenant, deps));
    this.#deps = deps;
  }

  override registerGrantType<Params extends object = UnknownObject>(
    name: string,
    handler: (ctx: TokenEndpointGrantContext<Params>) => CanBePromise<void>,
    params?: string | readonly string[] | ReadonlySet<string>,
    duplicates?: string | readonly string[] | ReadonlySet<string>,
  ): void {
    const names = typeof params === 'string' ? [params] : [...(params ?? [])];
    super.registerGrantType(
      name,
      (ctx: TokenEndpointGrantContext<Params>) => redeem(name, ctx, this.#deps, () => handler(ctx)),
      [...names, AUDIENCE],
      duplicates,
    );
  }
}

/** Builds a tenant's provider. It serves one version of the tenant's configuration. */
export function createProvider(tenant: TenantContext, deps: OpDeps): Provider {
  const provider: Provider = new TenantProvider(tenant, deps);
  bindToIssuer(provider, tenant);
  acceptJwts(provider);
  acceptOktaTokens(provider);
  acceptOnlyIdTokensAsHint(provider);
  compareSecretsByHash(provider, deps);
  detectReplays(provider);
  keepClientKeys(provider, deps);
  keepClients(provider);
  judgeProofs(provider, tenant);
  completeIdTokens(provider, tenant);
  attachDeviceFlow(provider, tenant, deps);
  limitDeviceCodes(provider, tenant, deps);
  attachTokenExchange(provider, tenant, deps);
  listen(provider, tenant, deps);
  keepDocuments(provider);
  provider.use((ctx, next) => serve(ctx, next, { provider, tenant, deps }));
  return provider;
}

/** Addresses, scheme and expected audiences come from the issuer, never from a header (invariant 8). */
function bindToIssuer(provider: Provider, tenant: TenantContext): void {
  const secure = tenant.issuer.startsWith('https:');
  Object.defineProperties(provider.request, {
    secure: { get: () => secure },
    protocol: { get: () => (secure ? 'https' : 'http') },
  });
  Object.defineProperties(provider.OIDCContext.prototype, {
    urlFor: { value: (name: string, options?: Record<string, unknown>) => provider.urlFor(name, options) },
    clientJwtAuthExpectedAudience: {
      value(this: { readonly route: string; readonly client?: { readonly clientId: string } }) {
        const profile = tenant.application(this.client?.clientId ?? '')?.settings.profile;
        // The endpoint is Okta's rule; FAPI 2.0 and IPSIE take the issuer alone.
        return new Set(
          profile === 'default' ? [tenant.issuer, provider.urlFor(this.route)] : [tenant.issuer],
        );
      },
    },
  });
}

/**
 * The `jti` of an assertion or of a DPoP proof is used once, also when it comes to two nodes at the same time (invariant
 * 3, A-62; RFC 9449 section 11.1). A proof may be dated ahead, and is good for that much longer.
 */
function detectReplays(provider: Provider): void {
  Object.defineProperty(provider.ReplayDetection, 'unique', {
    value(iss: string, jti: string, exp: number): Promise<boolean> {
      const { store, tenant } = UnitOfWork.current;
      const kind = 'ReplayDetection';
      const hash = artifactHash(kind, JSON.stringify([iss, jti]));
      const lifetimeSeconds = Math.max(1, exp - epoch()) + CLOCK_AHEAD_SECONDS;
      return store.claim(tenant.id, { hash, kind, lifetimeSeconds });
    },
  });
}

/** Secrets are kept as hashes; two may be valid at once. Every session's id (`sid`) is told to its applications. */
function compareSecretsByHash(provider: Provider, { clock, secretUses }: OpDeps): void {
  Object.defineProperties(provider.Client.prototype, {
    compareClientSecret: {
      value(this: { readonly clientId: string }, actual: string) {
        const { tenant } = UnitOfWork.current;
        const application = tenant.application(this.clientId);
        const secrets = application === undefined ? [] : tenant.applicationSecrets(application);
        const used = matchingSecret(secrets, actual, clock.now());
        if (used !== undefined) secretUses.note(tenant.id, used.id);
        return used !== undefined;
      },
    },
    includeSid: { value: () => true },
  });
}

/** A JWT access token leaves no artifact: this record is what introspection and revocation know of it. */
function recordIssued(token: IssuedToken): void {
  UnitOfWork.current.recordToken(
    {
      hash: recordHash(token.jti),
      grantHash: token.grantId === undefined ? null : artifactHash('Grant', token.grantId),
      lifetimeSeconds: token.expiration,
    },
    token.accountId ?? null,
  );
}

interface IssuedToken {
  readonly jti: string;
  readonly grantId?: string;
  readonly accountId?: string;
  /** Lifetime in seconds. */
  readonly expiration: number;
}

function listen(provider: Provider, tenant: TenantContext, deps: OpDeps): void {
  provider.on('access_token.issued', recordIssued);
  provider.on('client_credentials.issued', recordIssued);
  provider.on('authorization.success', (ctx) => recordSignIn(ctx, deps));
  provider.on('interaction.started', (ctx) => {
    ctx.state['begin'] = () => begin(ctx, tenant, deps);
  });
  provider.on('server_error', (ctx, error) => {
    ctx.state['serverError'] = error;
    deps.log.error('op.server_error', {
      requestId: requestIdOf(ctx.req),
      tenant: tenant.slug,
      route: ctx.oidc.route,
      error,
    });
  });
}

/** Hands a new interaction to whoever takes it on; a person with only one way to go is sent there at once. */
async function begin(ctx: KoaContextWithOIDC, tenant: TenantContext, deps: OpDeps): Promise<void> {
  const { Interaction: interaction } = ctx.oidc.entities;
  if (interaction === undefined) return;
  await denyRefusedDevice(ctx, deps);
  const url = await deps.interactions.begin(ctx, tenant, pendingInteraction(interaction));
  if (url !== undefined) ctx.redirect(url.href);
}

/** One request: its unit of work is committed when the answer is known, and before it leaves. */
async function serve(
  ctx: Context,
  next: () => Promise<unknown>,
  {
    provider,
    tenant,
    deps,
  }: { readonly provider: Provider; readonly tenant: TenantContext; readonly deps: OpDeps },
): Promise<void> {
  takeUserCode(ctx);
  const unit = new UnitOfWork(tenant, deps.artifacts);
  takeAnswered(ctx, provider, unit);
  await unit.run(async () => {
    await next();
    const oidc = ctx as unknown as KoaContextWithOIDC;
    if (unit.endedSession !== undefined) await deps.endSession(tenant, unit.endedSession);
    await goOnAfterSignOut(oidc, tenant, deps);
    const pending = ctx.state['begin'] as (() => Promise<void>) | undefined;
    await pending?.();
    const first = await unit.commit();
    const outcome = first === 'collided' ? await commitWithAnotherCode(oidc, unit, deps) : first;
    if (outcome === 'taken' || outcome === 'ended') await settleLoss(oidc, unit, outcome, deps);
    nameUnauthorizedClient(oidc);
    unavailable(ctx);
    allowFormPost(oidc, tenant);
    leaveByPage(oidc, tenant, deps);
    // An answer without a body has no type either: clients take the type for a promise (RFC 7009 section 2.2).
    if (ctx.body === '') ctx.remove('Content-Type');
    // Open to every origin alike, so that caches needn't keep answers apart.
    if (oidc.oidc.route === 'discovery' || oidc.oidc.route === 'jwks') ctx.remove('Vary');
  });
}

/** A database that doesn't answer is no fault of the request: 503, and come again (F-03). */
function unavailable(ctx: Context): void {
  const error: unknown = ctx.state['serverError'];
  if (!(error instanceof DomainError) || error.code !== 'upstream_unavailable') return;
  ctx.status = 503;
  ctx.set('Retry-After', '2');
  if (ctx.type !== 'text/html')
    ctx.body = { error: 'temporarily_unavailable', error_description: error.message };
}

/** Nothing was written: the answer that was prepared must not leave. */
async function settleLoss(
  ctx: KoaContextWithOIDC,
  unit: UnitOfWork,
  outcome: 'taken' | 'ended',
  deps: OpDeps,
): Promise<void> {
  const { route, params, redirectUriCheckPerformed } = ctx.oidc;
  if (route === 'token') {
    const answer = outcome === 'taken' ? await answerOfWinner(ctx) : undefined;
    if (answer !== undefined) {
      ctx.body = answer;
      return;
    }
    if (outcome === 'taken') await unit.punish(reuseRecord(ctx, String(params?.['grant_type']), deps));
    const refusal = new errors.InvalidGrant('already used or no longer valid');
    ctx.status = refusal.statusCode;
    ctx.body = { error: refusal.error, error_description: 'grant request is invalid' };
    return;
  }
  if (isDevicePage(ctx)) return showDeviceNotice(ctx, 'gone', unit.tenant, deps);
  const redirectUri = params?.['redirect_uri'];
  if (redirectUriCheckPerformed === true && typeof redirectUri === 'string') {
    const target = new URL(redirectUri);
    const description = outcome === 'taken' ? 'the request was used before' : 'access has ended';
    const state = params?.['state'];
    const members = await responseMembers(ctx, unit.tenant, {
      error: 'access_denied',
      error_description: description,
      ...(typeof state === 'string' ? { state } : {}),
      iss: unit.tenant.issuer,
    });
    for (const [name, value] of Object.entries(members)) target.searchParams.set(name, value);
    ctx.status = 303;
    ctx.redirect(target.href);
    return;
  }
  throw new DomainError('conflict', 'access has ended');
}
