import {
  errors,
  type AccessToken,
  type ClientCredentials,
  type Provider,
  type ResourceServerInstance,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import {
  buildTokenResponse,
  checkDpopReplay,
  resolveRequestedResources,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js';
import { ACTORS_MAX, actClaim, countActors, mayBring } from '../domain/api/token-exchange.js';
import type { Application } from '../domain/application/application.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import type { TenantContext } from '../http/tenant-context.js';
import { findPerson, present } from './account.js';
import type { OpDeps } from './deps.js';
import { sayInExchange, TOKEN_EXCHANGE_GRANT } from './exchanged-claims.js';
import { apiScope } from './grants.js';
import { epoch, OPAQUE_TOKEN_SECONDS } from './lifetimes.js';
import { indicatorOfAudience } from './resources.js';
import { ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, liveToken, type LiveToken } from './subject-token.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/** Parameters of the request (RFC 8693 section 2.1), as they come. */
interface ExchangeParameters {
  readonly subject_token?: string;
  readonly subject_token_type?: string;
  readonly actor_token?: string;
  readonly actor_token_type?: string;
  readonly requested_token_type?: string;
  readonly audience?: string | readonly string[];
  readonly scope?: string;
}
type ExchangeContext = TokenEndpointGrantContext<ExchangeParameters>;

const PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
] as const;

/** Offers the exchange of tokens once an application of the tenant may ask for it. */
export function attachTokenExchange(provider: Provider, tenant: TenantContext, deps: OpDeps): void {
  const { applications } = tenant.configuration;
  if (!applications.some(({ settings }) => settings.grantTypes.includes('token_exchange'))) return;
  provider.registerGrantType<ExchangeParameters>(
    TOKEN_EXCHANGE_GRANT,
    (ctx) => exchange(provider, ctx, deps),
    PARAMETERS,
    // RFC 8693 allows several; a token here is for one API, which `invalid_target` says.
    ['resource', 'audience'],
  );
}

/** Why a token is not taken. The application learns that much; the audit trail keeps it by the code. */
class Unacceptable extends errors.InvalidRequest {
  constructor(
    readonly reason: 'dead' | 'not_yours' | 'bound' | 'person' | 'actor' | 'too_many_actors',
    description: string,
  ) {
    super(description);
  }
}

/**
 * Exchanges a token (RFC 8693): for another API, or for less. The application proves itself; a policy of the API allows
 * it the grant; the token is live, and its own to bring (`mayBring`). The new one says the same subject, lives no longer,
 * and hangs on the old one's grant: it ends with the access that it came of (invariant 5). No refresh token.
 */
async function exchange(provider: Provider, ctx: ExchangeContext, deps: OpDeps): Promise<void> {
  const { client, params } = ctx.oidc;
  const application = UnitOfWork.current.tenant.application(client.clientId);
  if (application === undefined || application.settings.tokenEndpointAuthMethod === 'none')
    throw new errors.UnauthorizedClient('an application that proves itself may exchange tokens');
  const form = readForm(params);
  const asked = params.scope;
  const proof = await validateDpop(provider, ctx);
  const api = await targetOf(provider, ctx);
  try {
    const subject = await subjectOf(ctx, application, form, proof?.thumbprint);
    const actor = form.actor === undefined ? undefined : await actorOf(ctx, form.actor, proof?.thumbprint);
    const act = actClaim(subject.act, actor?.sub);
    if (countActors(act) > ACTORS_MAX)
      throw new Unacceptable('too_many_actors', `at most ${ACTORS_MAX} may have acted for a subject`);
    const scopes = await scopesOf(ctx, application, { api, subject, asked }, deps);
    await checkDpopReplay(provider, ctx, proof, client.clientId);
    const end = Math.min(subject.expiresAt, actor?.expiresAt ?? Infinity) - epoch();
    const expiresIn = Math.min(api.accessTokenTTL ?? OPAQUE_TOKEN_SECONDS, end);
    if (expiresIn < 1) throw new Unacceptable('dead', 'the subject token is not good');
    const isPersons = subject.grantHash !== null;
    sayInExchange(ctx, present({ act, ...subject.signIn, ...(isPersons ? {} : { sub: subject.sub }) }));
    const token = newToken(ctx, { subject, api, scope: scopes.join(' ') || undefined, expiresIn }, deps);
    token.resourceServer = api;
    if (proof !== undefined) token.setThumbprint('jkt', proof.thumbprint);
    ctx.oidc.entity(token.kind, token);
    const accessToken = await token.save();
    ctx.body = buildTokenResponse(provider, {
      accessToken,
      issuedTokenType: ACCESS_TOKEN_TYPE,
      tokenType: token.tokenType,
      expiresIn,
      scope: token.scope,
    });
    record(ctx, deps, { subject, act, api, scopes });
  } catch (error) {
    if (error instanceof Unacceptable) recordRefusal(ctx, deps, error.reason, api);
    throw error;
  }
}

type TokenType = typeof ACCESS_TOKEN_TYPE | typeof ID_TOKEN_TYPE;
interface Brought {
  readonly value: string;
  readonly type: TokenType;
}

/** @throws InvalidRequest when something is missing, or of a kind that isn't exchanged */
function readForm(form: ExchangeParameters): { readonly subject: Brought; readonly actor?: Brought } {
  const wanted = form.requested_token_type;
  if (wanted !== undefined && wanted !== ACCESS_TOKEN_TYPE)
    throw new errors.InvalidRequest(`requested_token_type must be ${ACCESS_TOKEN_TYPE}`);
  const subject = brought('subject', form.subject_token, form.subject_token_type);
  if (subject === undefined) throw new errors.InvalidRequest('subject_token is missing');
  const actor = brought('actor', form.actor_token, form.actor_token_type);
  return { subject, ...(actor === undefined ? {} : { actor }) };
}

function brought(
  who: 'subject' | 'actor',
  value: string | undefined,
  type: string | undefined,
): Brought | undefined {
  if ((value === undefined) !== (type === undefined))
    throw new errors.InvalidRequest(`${who}_token and ${who}_token_type come together`);
  if (value === undefined || type === undefined) return undefined;
  if (type !== ACCESS_TOKEN_TYPE && type !== ID_TOKEN_TYPE)
    throw new errors.InvalidRequest(`${who}_token_type must be an access token's or an ID token's`);
  return { value, type };
}

/** @throws InvalidTarget unless the request names one API, or the tenant has a default one, and a policy allows it */
async function targetOf(provider: Provider, ctx: ExchangeContext): Promise<ResourceServerInstance> {
  const { audience, resource } = ctx.oidc.params;
  const named = [resource ?? [], audience ?? []].flat();
  const targets = new Set(named.map((name) => (name === audience ? indicatorOfAudience(name) : name)));
  if (Array.isArray(resource) || Array.isArray(audience) || targets.size > 1)
    throw new errors.InvalidTarget('a token is for one API: name one');
  const [api, ...others] = await resolveRequestedResources(provider, ctx);
  if (api === undefined || others.length > 0)
    throw new errors.InvalidTarget('name the API that the token is for: resource or audience');
  return api;
}

/** @throws Unacceptable */
async function subjectOf(
  ctx: ExchangeContext,
  application: Application,
  { subject: { value, type } }: { readonly subject: Brought },
  thumbprint: string | undefined,
): Promise<LiveToken> {
  const { tenant } = UnitOfWork.current;
  const token = await liveToken(ctx, value, type);
  // One whose application is gone is nobody's any more.
  if (token === undefined || tenant.application(token.clientId) === undefined)
    throw new Unacceptable('dead', 'the subject token is not good');
  // The same words for one that is good for somebody else: nothing is learned of others' tokens (A-65).
  if (!mayBring(tenant.configuration.accessPolicies, application.clientId, token))
    throw new Unacceptable('not_yours', 'the subject token is not good');
  if (token.boundTo !== undefined && token.boundTo !== thumbprint)
    throw new Unacceptable('bound', 'the subject token is bound to a key: send a DPoP proof by that key');
  if (token.grantHash === null) return token;
  // The grant tells of which tenant the person is: this one, or one below it (E4).
  const unit = UnitOfWork.current;
  for (const grant of await unit.store.load(tenant.id, [token.grantHash])) unit.remember(grant);
  const person = await findPerson(token.sub, application);
  if (person === undefined) throw new Unacceptable('dead', 'the subject token is not good');
  if (person.refusal !== undefined)
    throw new Unacceptable('person', `the person may not use this application: ${person.refusal}`);
  return token;
}

/**
 * Who acts is the application that asks, by its own client_credentials token. A person can't be an actor: a token hangs on
 * one grant, and would outlive the access of whichever of the two it doesn't hang on.
 * @throws Unacceptable
 */
async function actorOf(
  ctx: ExchangeContext,
  { value, type }: Brought,
  thumbprint: string | undefined,
): Promise<LiveToken> {
  const token = type === ACCESS_TOKEN_TYPE ? await liveToken(ctx, value, type) : undefined;
  const { clientId } = ctx.oidc.client;
  const isOwn = token?.grantHash === null && token.clientId === clientId && token.sub === clientId;
  if (token === undefined || !isOwn || token.act !== undefined)
    throw new Unacceptable('actor', 'the actor token must be your own client_credentials token');
  if (token.boundTo !== undefined && token.boundTo !== thumbprint)
    throw new Unacceptable('bound', 'the actor token is bound to a key: send a DPoP proof by that key');
  return token;
}

/**
 * The scopes that the new token gets: what was asked for, or else the API's default ones, as far as policies allow; for the
 * same API no more than the old one had; for a third-party application no more than the person has allowed it.
 * @throws InvalidScope when nothing is left of what was asked for, or the person has allowed nothing
 */
async function scopesOf(
  { oidc }: ExchangeContext,
  application: Application,
  wanted: {
    readonly api: ResourceServerInstance;
    readonly subject: LiveToken;
    readonly asked: string | undefined;
  },
  { consents }: OpDeps,
): Promise<readonly string[]> {
  const { api, subject, asked } = wanted;
  const isSameApi = subject.audience === api.audience;
  const allowed =
    application.settings.consent && subject.grantHash !== null
      ? await consents.allowed(UnitOfWork.current.tenant.id, {
          userId: subject.sub,
          applicationId: application.id,
        })
      : undefined;
  const scopes = [...oidc.requestParamScopes].filter(
    (scope) =>
      api.scopes.has(scope) &&
      (asked?.split(' ').includes(scope) ?? true) &&
      (!isSameApi || subject.scopes.includes(scope)) &&
      (allowed?.includes(apiScope(api.identifier(), scope)) ?? true),
  );
  if (scopes.length === 0 && (asked !== undefined || allowed !== undefined))
    throw new errors.InvalidScope('none of the scopes may be had', asked ?? '');
  return scopes;
}

/** The new token; a person's gets a grant of its own, which comes from the subject's and is the requester's. */
function newToken(
  ctx: ExchangeContext,
  {
    subject: { sub, grantHash },
    api,
    scope,
    expiresIn,
  }: {
    readonly subject: LiveToken;
    readonly api: ResourceServerInstance;
    readonly scope: string | undefined;
    readonly expiresIn: number;
  },
  deps: OpDeps,
): AccessToken | ClientCredentials {
  const { client, provider } = ctx.oidc;
  if (grantHash === null) return new provider.ClientCredentials({ client, scope, expiresIn });
  const grantId = deps.ids.uuid();
  UnitOfWork.current.write({
    hash: artifactHash('Grant', grantId),
    kind: 'Grant',
    grantHash,
    userId: sub,
    clientId: client.clientId,
    sessionUid: null,
    payload: {
      kind: 'Grant',
      iat: epoch(),
      clientId: client.clientId,
      accountId: sub,
      resources: { [api.identifier()]: scope ?? '' },
    },
    lifetimeSeconds: expiresIn,
  });
  return new provider.AccessToken({
    client,
    accountId: sub,
    grantId,
    gty: 'token_exchange',
    scope,
    expiresIn,
  });
}

interface Exchanged {
  readonly subject: LiveToken;
  readonly act: ReturnType<typeof actClaim>;
  readonly api: ResourceServerInstance;
  readonly scopes: readonly string[];
}

function record(ctx: ExchangeContext, deps: OpDeps, { subject, act, api, scopes }: Exchanged): void {
  append(ctx, deps, {
    target: `${subject.grantHash === null ? 'application' : 'user'}:${subject.sub}`,
    details: {
      api: String(api.audience),
      scopes: [...scopes],
      issuedTo: subject.clientId,
      from: subject.audience ?? null,
      act: act ?? null,
    },
  });
}

function recordRefusal(
  ctx: ExchangeContext,
  deps: OpDeps,
  reason: Unacceptable['reason'],
  api: ResourceServerInstance,
): void {
  append(ctx, deps, {
    outcome: 'refused',
    reason: `exchange_${reason}`,
    details: { api: String(api.audience) },
  });
}

function append(ctx: ExchangeContext, deps: OpDeps, event: Partial<Parameters<typeof auditEntry>[0]>): void {
  const unit = UnitOfWork.current;
  const { clientId } = ctx.oidc.client;
  const origin = deps.originOf(ctx);
  const entry = auditEntry({
    action: event.outcome === undefined ? 'token.exchanged' : 'token_exchange.refused',
    actor: { type: 'application', id: clientId },
    application: clientId,
    origin: { ...origin, ip: null, userAgent: null },
    personal: { ip: origin.ip, userAgent: origin.userAgent },
    ...event,
  });
  unit.audit(recordOf(unit.tenant.id, entry, { ...deps, vault: unit.tenant.vault }));
}
