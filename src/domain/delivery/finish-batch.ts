import type { TenantScope } from '../../core/scope.js';
import { auditEntry } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { TenantTransactions } from '../tenant/transactions.js';
import {
  backoffSeconds,
  isRefusal,
  REFUSALS_MAX,
  type Attempt,
  type Batch,
  type Delivery,
} from './delivery.js';
import type { HeldDelivery, OutboxStore, Settlement } from './outbox-store.js';

export interface FinishBatchDeps {
  readonly outbox: OutboxStore;
  readonly transactions: TenantTransactions;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** What was given up, and why. */
export interface DeadLetters {
  readonly ids: readonly string[];
  readonly error: string;
}

/** Ids that the audit event names; it tells the number of all. */
const NAMED_MAX = 20;

type Held = Delivery & HeldDelivery;

/**
 * Writes down how a batch went, in one transaction with the audit event of what it gives up: what was delivered or never
 * will be is settled; what was refused is tried again alone; a receiver that failed is left alone as a whole; what
 * wasn't tried is given back. What the lease holds no more belongs to somebody else, and is left to them.
 */
export async function finishBatch(
  deps: FinishBatchDeps,
  batch: Batch,
  attempts: ReadonlyMap<string, Attempt>,
): Promise<DeadLetters | undefined> {
  const { tenantId } = batch.receiver;
  return deps.transactions.withTenant(tenantId, async (scope) => {
    const held = await heldOf(deps.outbox, scope, batch);
    const settlements = held.flatMap((delivery) => settlementOf(delivery, attempts.get(delivery.id)));
    const settled = new Set(settlements.map(({ id }) => id));
    const waiting = held.filter(({ id }) => !settled.has(id));
    deps.outbox.settle(scope, settlements);
    deps.outbox.postpone(
      scope,
      waiting.flatMap((delivery) => postponementOf(delivery, attempts.get(delivery.id), deps.random)),
    );
    deps.outbox.release(
      scope,
      waiting.flatMap(({ id }) => (attempts.has(id) ? [] : [id])),
    );
    const overdue = await restIfFailed(deps, scope, batch, held, attempts);
    const dead = deadOf(settlements, overdue);
    if (dead !== undefined) deps.audit.append(scope, [deadRecord(batch, dead, deps.auditTools)]);
    return dead;
  });
}

async function heldOf(outbox: OutboxStore, scope: TenantScope, batch: Batch): Promise<readonly Held[]> {
  const held = new Map((await outbox.hold(scope, batch)).map((one) => [one.id, one]));
  return batch.deliveries.flatMap((delivery) => {
    const one = held.get(delivery.id);
    return one === undefined ? [] : [{ ...delivery, ...one }];
  });
}

function settlementOf(delivery: Held, attempt: Attempt | undefined): readonly Settlement[] {
  const { id, overdue } = delivery;
  if (attempt === undefined) return [];
  if (!('error' in attempt)) return [{ id, outcome: attempt.outcome, error: null }];
  // Refused twice in a row at least: after an outage the first refusal says little.
  const hopeless =
    attempt.outcome === 'refused' && delivery.attempts >= REFUSALS_MAX && isRefusal(delivery.lastError ?? '');
  return overdue || hopeless ? [{ id, outcome: 'dead', error: attempt.error }] : [];
}

function postponementOf({ id, attempts }: Held, attempt: Attempt | undefined, random: () => number) {
  if (attempt === undefined || !('error' in attempt)) return [];
  // What failed with its receiver waits with its receiver.
  const seconds = attempt.outcome === 'failed' ? 0 : backoffSeconds(attempts, random());
  return [{ id, error: attempt.error, seconds }];
}

async function restIfFailed(
  deps: FinishBatchDeps,
  scope: TenantScope,
  { receiver }: Batch,
  held: readonly Held[],
  tried: ReadonlyMap<string, Attempt>,
): Promise<DeadLetters> {
  const failed = held.flatMap(({ id, attempts }) => {
    const attempt = tried.get(id);
    return attempt?.outcome === 'failed' ? [{ error: attempt.error, attempts }] : [];
  });
  const [first] = failed;
  if (first === undefined) return { ids: [], error: '' };
  const attempts = Math.max(...failed.map((one) => one.attempts));
  const seconds = backoffSeconds(attempts, deps.random());
  const rest = { receiver, error: first.error, seconds, attempts };
  return { ids: await deps.outbox.rest(scope, rest), error: first.error };
}

function deadOf(settlements: readonly Settlement[], overdue: DeadLetters): DeadLetters | undefined {
  const dead = settlements.flatMap(({ id, outcome, error }) => (outcome === 'dead' ? [{ id, error }] : []));
  const ids = [...dead.map(({ id }) => id), ...overdue.ids];
  return ids.length === 0 ? undefined : { ids, error: dead[0]?.error ?? overdue.error };
}

function deadRecord({ receiver }: Batch, { ids, error }: DeadLetters, tools: AuditTools) {
  const entry = auditEntry({
    action: 'delivery.dead',
    outcome: 'failure',
    reason: error,
    actor: { type: 'system', id: 'deliveries' },
    target: `application:${receiver.clientId}`,
    application: receiver.clientId,
    details: { kind: receiver.kind, count: ids.length, deliveries: ids.slice(0, NAMED_MAX) },
  });
  return recordOf(receiver.tenantId, entry, tools);
}
