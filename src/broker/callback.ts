import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import type { TenantScope } from '../core/scope.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import { signInCause } from '../domain/audit/cause.js';
import { admitsSignIn, type Connection } from '../domain/connection/connection.js';
import { admitPerson, type Admission } from '../domain/sign-in/admit-person.js';
import { brokeredReference } from '../domain/session/upstream-logout.js';
import type { LoginTransaction } from '../domain/sign-in/login-transaction.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { AnsweredHere } from '../op/answered-here.js';
import { artifactHash } from '../op/artifact-names.js';
import type { InteractionAnswer } from '../op/interactions.js';
import { answeredInteraction, pendingInteraction, resumeAddress } from '../op/interactions.js';
import { sealUpstreamIdToken } from '../op/upstream-id-token.js';
import type { ErrorReason } from '../pages/error/strings.js';
import { UpstreamError } from '../rp/causes.js';
import { Deadline, SIGN_IN_MS } from '../rp/deadline.js';
import type { CompletedSignIn } from '../rp/relying-party.js';
import { serveTestReturn } from './connection-test.js';
import { askMissingGroups, factsOfTold, untoldGroups, withTold, type ToldFacts } from './api-groups.js';
import type { BrokerDeps } from './deps.js';
import { localWay } from './local-sign-in.js';
import {
  clearLoginCookie,
  loginSecrets,
  readLoginCookie,
  stateHashOf,
  type LoginSecrets,
} from './login-secrets.js';
import { reasonOfUpstream, refuse, type Refusal } from './refusal.js';
import { partyOf } from './start-sign-in.js';
import { sealGrant } from './upstream-grant.js';
import { goWithoutGroups } from './without-groups.js';

/** A newcomer who comes in twice at once is created once: the loser looks again. */
const ATTEMPTS_MAX = 3;

/** A longer ID Token is no use at a sign-out: it travels in an address there, as `id_token_hint`. */
const HINT_LENGTH_MAX = 8_000;

/** What came back from an upstream, once it is known to belong to a trip that this browser began. */
interface Return {
  readonly connection: Connection;
  readonly transaction: LoginTransaction;
  readonly ageSeconds: number;
  readonly interaction: Artifact;
  readonly interactionUid: string;
  /** Whose interaction it is: the connection's tenant, or the one above it (E4). */
  readonly waiting: TenantContext;
  readonly secrets: LoginSecrets;
}

/** A request at a connection's redirect URI. */
interface CallbackRequest {
  readonly connectionKey: string;
  /** Goes on with what the tenant's own provider waits for, in this request. */
  readonly goOn: (answer: AnsweredHere) => Promise<void>;
}

/**
 * The way back from an upstream. Nothing is asked of anybody before the answer is known to belong to a trip that this
 * browser began through this very connection; the trip is taken once; then the relying party
 * checks, the domain decides, and the waiting interaction gets its answer in the transaction of that decision.
 */
export async function serveCallback(
  ctx: Context,
  tenant: TenantContext,
  { connectionKey, goOn }: CallbackRequest,
  deps: BrokerDeps,
): Promise<void> {
  const connection = tenant.connection(connectionKey);
  if (connection === undefined) return refuse(ctx, tenant, { reason: 'unknown_page' }, deps);
  if (await serveTestReturn(ctx, tenant, connection, deps)) return undefined;
  const back = await takeReturn(ctx, tenant, connection, deps);
  if ('reason' in back) return refuse(ctx, tenant, back, deps);
  const pending = pendingInteraction(back.interaction.payload, back.interactionUid);
  const { clientId } = pending;
  const { waiting } = back;
  const tryAgain = `${waiting.issuer}/sign-in/${back.interactionUid}`;
  const useAnother = `${tryAgain}?another=1`;
  const known = {
    clientId,
    waiting,
    connection,
    actions: { tryAgain, useAnother, ...localWay(tenant, waiting, tryAgain) },
    interaction: back.interaction,
    backHref: resumeAddress(waiting, pending),
  };
  const deadline = new Deadline(SIGN_IN_MS);
  let completed: CompletedSignIn;
  try {
    completed = await verify(ctx, tenant, back, deps);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (await goWithoutGroups(ctx, tenant, { ...back, pending, error }, deps)) return undefined;
    // An upstream that brought an old sign-in where max_age asked for a new one is asked by the stronger word.
    const actions =
      error.reason === 'auth_too_old' ? { ...known.actions, tryAgain: useAnother } : known.actions;
    const reason = reasonOfUpstream(error);
    return refuse(ctx, tenant, { ...known, actions, reason, upstream: error }, deps);
  }
  const { withoutGroups } = back.transaction.request;
  const missing = { tenant, connection, person: completed.identity, deadline, withoutGroups };
  const told = await askMissingGroups(missing, deps);
  const untold = untoldGroups(told, back.transaction.request);
  if (untold !== undefined)
    return refuse(ctx, tenant, { ...known, reason: reasonOfUpstream(untold.upstream), ...untold }, deps);
  const identity = withTold(completed.identity, told);
  const groups = told === undefined ? undefined : factsOfTold(told);
  const { admission, kept } = await admit(ctx, tenant, back, { ...completed, identity, groups }, deps);
  const signedInAs = identity.profile.email ?? identity.profile.userName;
  if (!admission.admitted)
    return refuse(
      ctx,
      tenant,
      { ...known, reason: admission.reason, userId: admission.userId, signedInAs, groups },
      deps,
    );
  deps.onOutcome('succeeded');
  // Cookies of another issuer, or of a device's, don't come to this address: the browser goes there by itself.
  if (kept !== undefined && waiting.id === tenant.id && !pending.device)
    return goOn({ uid: pending.uid, kept });
  ctx.status = 303;
  ctx.redirect(resumeAddress(waiting, pending));
}

/** What a person reads who can't come back; a trip that was finished is known by its state alone, its cookie is gone. */
const NOT_TAKEN = {
  used: 'already_used',
  expired: 'expired',
  unknown: 'other_browser',
  other_browser: 'other_browser',
} as const satisfies Record<string, ErrorReason>;

async function takeReturn(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  deps: BrokerDeps,
): Promise<Return | Refusal> {
  const callback = new URL(tenant.redirectUri(connection));
  const states = ctx.URL.searchParams.getAll('state');
  const [state] = states;
  if (states.length !== 1 || state === undefined || state === '')
    return { reason: 'bad_request', connection };
  if (!admitsSignIn(connection)) return { reason: 'connection_disabled', connection };
  const cookie = readLoginCookie(ctx, callback, state);
  const secrets = cookie === undefined ? undefined : loginSecrets(state, cookie.secret);
  const taken = await deps.logins.take(tenant.id, stateHashOf(state), secrets?.browserHash ?? null);
  if (!taken.taken) return { reason: NOT_TAKEN[taken.reason], connection };
  if (cookie === undefined || secrets === undefined) return { reason: 'other_browser', connection };
  clearLoginCookie(ctx, callback, state);
  const { transaction, interaction, ageSeconds } = taken;
  const same =
    transaction.connectionId === connection.id &&
    transaction.connectionVersion === connection.version &&
    transaction.issuer === connection.issuer &&
    transaction.redirectUri === callback.href;
  const { interactionTenantId } = transaction;
  const waiting = interactionTenantId === undefined ? tenant : await tenant.parent(interactionTenantId);
  if (!same || interaction === undefined || waiting?.suspended !== false)
    return { reason: 'expired', connection };
  const { interactionUid } = cookie;
  // The browser wrote the cookie: it speaks for the interaction of this trip, and for no other.
  if (!interaction.hash.equals(artifactHash('Interaction', interactionUid)))
    return { reason: 'other_browser', connection };
  return { connection, transaction, ageSeconds, interaction, interactionUid, waiting, secrets };
}

async function verify(
  ctx: Context,
  tenant: TenantContext,
  { connection, transaction, ageSeconds, secrets }: Return,
  deps: BrokerDeps,
): Promise<CompletedSignIn> {
  const { acrValues, freshly, withoutGroups } = transaction.request;
  const sinceSeconds = ageSeconds + (withoutGroups?.startedSecondsBefore ?? 0);
  const maxAgeSeconds = freshly
    ? Math.min(transaction.request.maxAgeSeconds ?? sinceSeconds, sinceSeconds)
    : transaction.request.maxAgeSeconds;
  const completed = await deps.relyingParty.completeSignIn(
    partyOf(tenant, connection),
    ctx.URL.searchParams,
    { ...secrets, acrValues, ...(maxAgeSeconds === null ? {} : { maxAgeSeconds }) },
  );
  const { notes } = completed;
  if (notes.length > 0)
    deps.log.info('sign_in.notes', { tenant: tenant.slug, connection: connection.key, notes });
  return completed;
}

/** The decision, and the interaction that it has answered. */
interface Admitted {
  readonly admission: Admission;
  readonly kept: Artifact | undefined;
}

/** Who came back, and what is known of them. */
interface Comer extends Pick<CompletedSignIn, 'identity' | 'refreshToken'> {
  /** Where their groups come from, when not from the token. */
  readonly groups: ToldFacts | undefined;
}

async function admit(
  ctx: Context,
  tenant: TenantContext,
  back: Return,
  comer: Comer,
  deps: BrokerDeps,
): Promise<Admitted> {
  const origin = deps.originOf(ctx);
  for (let attempt = 1; ; attempt += 1) {
    let kept: Artifact | undefined;
    const told = (artifact: Artifact): void => {
      kept = artifact;
    };
    try {
      const admission = await deps.transactions.withTenant(
        tenant.id,
        (scope) => decide(scope, tenant, { back, comer, origin, told }, deps),
        signInCause(origin.requestId),
      );
      return { admission, kept };
    } catch (error) {
      const raced = error instanceof DomainError && error.code === 'already_exists';
      if (!raced || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}

interface Decision {
  readonly back: Return;
  readonly comer: Comer;
  readonly origin: RequestOrigin;
  readonly told: (kept: Artifact) => void;
}

/** Whether they may come in, and the answer of the interaction that waits for them. */
async function decide(
  scope: TenantScope,
  tenant: TenantContext,
  { back, comer, origin, told }: Decision,
  deps: BrokerDeps,
): Promise<Admission> {
  const { identity, refreshToken } = comer;
  const { connection, waiting } = back;
  const auditTools = { ...deps, vault: tenant.vault };
  const admission = await admitPerson({ ...deps, auditTools }, scope, {
    connection,
    identity,
    tenant: tenant.configuration.tenant.settings,
    roleMappings: tenant.configuration.roleMappings,
    origin,
  });
  if (!admission.admitted) return admission;
  const { userId } = admission;
  deps.artifacts.answer(scope, {
    ...answered(back, tenant, comer, userId, origin),
    userId,
    waitingAt: waiting.id === tenant.id ? undefined : waiting.id,
    told,
  });
  if (refreshToken !== undefined) {
    const grant = { subject: identity.subject, refreshToken };
    const { id: connectionId, version: connectionVersion } = connection;
    const sealedRefreshToken = sealGrant(tenant, userId, grant);
    deps.upstreamGrants.keep(scope, { userId, connectionId, connectionVersion, sealedRefreshToken });
  }
  return admission;
}

/** The interaction with its answer: who signed in, how, and what the session must remember of the upstream. */
function answered(
  { interaction, connection, waiting }: Return,
  tenant: TenantContext,
  { identity, groups }: Comer,
  userId: string,
  origin: { readonly ip: string | null; readonly userAgent: string | null },
): Pick<Artifact, 'hash' | 'payload'> {
  // A customer's connection, and what is sealed by its keys, mean nothing at the issuer above.
  const isOwn = waiting.id === tenant.id;
  const reference = identity.sessionReference ?? null;
  const keepsIdToken =
    isOwn && connection.settings.forwardLogout && identity.idToken.length <= HINT_LENGTH_MAX;
  const result: InteractionAnswer = {
    login: {
      accountId: userId,
      remember: true,
      ...(identity.acr === undefined ? {} : { acr: identity.acr }),
      ...(identity.amr === undefined ? {} : { amr: [...identity.amr] }),
      ...(identity.authTime === undefined ? {} : { ts: identity.authTime }),
    },
    upstream: {
      connectionId: isOwn ? connection.id : null,
      ...(isOwn ? {} : { customer: { slug: tenant.slug, connection: connection.key } }),
      sessionReference: isOwn || reference === null ? reference : brokeredReference(connection.id, reference),
      sealedIdToken: keepsIdToken ? sealUpstreamIdToken(tenant, interaction.hash, identity.idToken) : null,
      ip: origin.ip,
      userAgent: origin.userAgent,
      sessionExpiry: identity.sessionExpiry ?? null,
      ...(groups === undefined ? {} : { groups: { ...groups } }),
    },
  };
  return answeredInteraction(interaction, result);
}
