import { setTimeout as sleep } from 'node:timers/promises';
import { epochSeconds } from '../core/clock.js';
import { REVALIDATION_CAUSE } from '../domain/audit/cause.js';
import { isInOutage } from '../domain/connection/connection.js';
import { confirmPerson, revokePerson, type RevocationCause } from '../domain/sign-in/confirm-person.js';
import type { UpstreamGrantClaim, UpstreamGrantKey } from '../domain/sign-in/upstream-grant-store.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { Revalidate, Revalidated, RevalidationCandidate } from '../op/revalidation.js';
import type { UpstreamError } from '../rp/causes.js';
import { Deadline, SIGN_IN_MS } from '../rp/deadline.js';
import type { Revalidation } from '../rp/revalidation.js';
import { askMissingGroups, factsOfTold, withTold, type ToldByApi } from './api-groups.js';
import type { BrokerDeps } from './deps.js';
import { partyOf } from './start-sign-in.js';
import { openGrant, sealGrant } from './upstream-grant.js';

/** Longer than an upstream may take (5 s) and the transaction after it; who dies holding a claim holds it no longer. */
const CLAIM_SECONDS = 15;
/** How long others wait for the one who asks, and how often they look. */
const WAIT_MS = 5_000;
const LOOK_MS = 100;
/** A confirmation as young as that may be younger than what the refresh has read of the person: it reads again. */
const RECENT_SECONDS = WAIT_MS / 1_000;
/** When to come back: the pause of the breaker. A limited upstream may say something else. */
const RETRY_SECONDS = 10;
const RETRY_SECONDS_MAX = 120;

const ALLOWED: Revalidated = { kind: 'allowed', changed: false };
const CHANGED: Revalidated = { kind: 'allowed', changed: true };
const ENDED: Revalidated = { kind: 'ended' };

export type RevalidateDeps = Pick<
  BrokerDeps,
  | 'transactions'
  | 'people'
  | 'access'
  | 'audit'
  | 'upstreamGrants'
  | 'relyingParty'
  | 'oktaGroups'
  | 'groupsApis'
  | 'ids'
  | 'clock'
  | 'log'
>;

/** One refresh, and whose word it waits for. */
interface Case extends RevalidationCandidate {
  readonly tenant: TenantContext;
  readonly key: UpstreamGrantKey;
  /** How old the last word may be. */
  readonly olderThanSeconds: number;
}

/**
 * Revalidation where nobody pushes (A19): a refresh asks the upstream whether the person still may, when its last word is
 * older than the connection allows. One asks for all who refresh at the same time, on whatever node; the others wait for
 * the outcome. An upstream that is away ends nobody's access: its last word counts until the grace is over, which no
 * failure prolongs, and then refreshes wait for the next one.
 */
export function createRevalidate(deps: RevalidateDeps): Revalidate {
  return async (tenant, candidate) => {
    const { connection, userId } = candidate;
    const olderThanSeconds = connection.settings.revalidateSeconds;
    if (olderThanSeconds === null) return ALLOWED;
    const key = { userId, connectionId: connection.id, connectionVersion: connection.version };
    const one: Case = { ...candidate, tenant, key, olderThanSeconds };
    const claim = await deps.upstreamGrants.claim(tenant.id, key, {
      olderThanSeconds,
      claimSeconds: CLAIM_SECONDS,
    });
    switch (claim.kind) {
      case 'fresh':
        return claim.ageSeconds > RECENT_SECONDS ? ALLOWED : CHANGED;
      case 'none':
        return judgeUnconfirmed(one, deps);
      case 'busy':
        return waitForOther(one, deps);
      case 'claimed':
      default:
        return ask(one, claim, deps);
    }
  };
}

/** A sign-in that left nothing to ask by: it counts as the last word, and is too old once the grace is over. */
async function judgeUnconfirmed(one: Case, deps: RevalidateDeps): Promise<Revalidated> {
  const { connection, since } = one;
  const ageSeconds = epochSeconds(deps.clock) - since;
  if (ageSeconds <= connection.settings.revalidateGraceSeconds) return ALLOWED;
  if (isInOutage(connection, deps.clock.now())) return ALLOWED;
  return revoke(one, 'never_confirmed', null, deps);
}

/** Somebody else asks about the same person: what they learn holds for this refresh too. */
async function waitForOther(one: Case, deps: RevalidateDeps): Promise<Revalidated> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    // oxlint-disable-next-line no-await-in-loop -- waits for another request, maybe of another node
    const state = await deps.upstreamGrants.look(one.tenant.id, one.key, one.olderThanSeconds);
    if (state.kind === 'fresh') return CHANGED;
    if (state.kind === 'none') return ENDED;
    if (state.kind === 'stale' || waitedMs >= WAIT_MS) return byGrace(one, state.ageSeconds, undefined, deps);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await sleep(LOOK_MS);
  }
}

async function ask(
  one: Case,
  claimed: Extract<UpstreamGrantClaim, { kind: 'claimed' }>,
  deps: RevalidateDeps,
): Promise<Revalidated> {
  const { tenant, connection, userId } = one;
  const { claim, ageSeconds } = claimed;
  const deadline = new Deadline(SIGN_IN_MS);
  const grant = openGrant(tenant, userId, claimed.sealedRefreshToken);
  const told = await deps.relyingParty.revalidate(partyOf(tenant, connection), grant);
  const rotated =
    told.refreshToken === undefined
      ? undefined
      : sealGrant(tenant, userId, { ...grant, refreshToken: told.refreshToken });
  if (told.kind !== 'confirmed') report(one, told.kind, told.error, deps);
  switch (told.kind) {
    case 'confirmed': {
      const groups = await askMissingGroups({ tenant, connection, person: told.person, deadline }, deps);
      return confirm(one, { told, groups, claim, rotated }, deps);
    }
    case 'refused':
      return revoke(one, 'upstream_refused', claim, deps);
    case 'someone_else':
      return revoke(one, 'someone_else', claim, deps);
    case 'unknown':
    default:
      await deps.upstreamGrants.release(tenant.id, userId, claim, rotated);
      return byGrace(one, ageSeconds, told.error, deps);
  }
}

interface Yes {
  readonly told: Extract<Revalidation, { kind: 'confirmed' }>;
  /** What the Groups API said, where the token didn't (A11). */
  readonly groups: ToldByApi | undefined;
  readonly claim: string;
  readonly rotated: string | undefined;
}

async function confirm(
  one: Case,
  { told, groups, claim, rotated }: Yes,
  deps: RevalidateDeps,
): Promise<Revalidated> {
  const { tenant, connection, userId } = one;
  if (told.notes.length > 0)
    deps.log.info('revalidation.notes', {
      tenant: tenant.slug,
      connection: connection.key,
      notes: told.notes,
    });
  const outcome = await deps.transactions.withTenant(
    tenant.id,
    (scope) =>
      confirmPerson({ ...deps, auditTools: { ...deps, vault: tenant.vault } }, scope, {
        connection,
        userId,
        person: withTold(told.person, groups),
        ...(groups === undefined ? {} : { groups: { ...factsOfTold(groups) } }),
        tenant: tenant.configuration.tenant.settings,
        roleMappings: tenant.configuration.roleMappings,
        claim,
        rotated,
      }),
    REVALIDATION_CAUSE,
  );
  return { unchanged: ALLOWED, changed: CHANGED, ended: ENDED }[outcome];
}

async function revoke(
  one: Case,
  cause: RevocationCause,
  claim: string | null,
  deps: RevalidateDeps,
): Promise<Revalidated> {
  const { tenant, connection, userId } = one;
  const revoked = await deps.transactions.withTenant(tenant.id, (scope) =>
    revokePerson({ ...deps, auditTools: { ...deps, vault: tenant.vault } }, scope, {
      connection,
      userId,
      cause,
      claim,
    }),
  );
  // Overtaken: by a new sign-in, or by somebody who asked when this claim had run out. Theirs is the younger word.
  return revoked ? ENDED : waitForOther(one, deps);
}

/** The last word counts until the grace is over, and while an outage is declared. */
function byGrace(
  { connection }: Case,
  ageSeconds: number,
  error: UpstreamError | undefined,
  { clock }: Pick<RevalidateDeps, 'clock'>,
): Revalidated {
  if (ageSeconds <= connection.settings.revalidateGraceSeconds) return ALLOWED;
  if (isInOutage(connection, clock.now())) return ALLOWED;
  const asked = Number(error?.facts.seconds ?? RETRY_SECONDS);
  return {
    kind: 'unavailable',
    retryAfterSeconds: Math.min(Math.max(asked, 1), RETRY_SECONDS_MAX),
  };
}

/** Tells the log what the upstream said instead of yes; another subject or issuer is an attack until shown otherwise. */
function report(
  { tenant, connection, userId }: Case,
  kind: Exclude<Revalidation['kind'], 'confirmed'>,
  { reason, step, message }: UpstreamError,
  { log }: RevalidateDeps,
): void {
  const fields = {
    tenant: tenant.slug,
    connection: connection.key,
    user: userId,
    reason,
    step,
    message,
  };
  if (kind === 'someone_else') log.error('revalidation.someone_else', fields);
  else if (kind === 'unknown') log.warn('revalidation.unknown', fields);
  else log.info('revalidation.refused', fields);
}
