import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type { TenantScope } from '../core/scope.js';
import type {
  DeadLetterTarget,
  DeliveryFacts,
  DeliveryListQuery,
  DeliveryListStore,
  DeliveryQuery,
  Revived,
} from '../domain/delivery/delivery-list.js';
import type { Database } from './database.js';
import { receiverKeysOf, receiverOfKey } from '../domain/delivery/delivery.js';
import { asTenant, fewOf, readPage, sourceOf, type Condition, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';
import { NOBODYS_LEASE } from './outbox-store.js';

/** Lists of deliveries in PostgreSQL, and what operators do with dead ones. */
export class PostgresDeliveryListStore implements DeliveryListStore {
  constructor(private readonly database: Database) {}

  async list(
    tenantId: TenantId,
    { id, application, state, limit }: DeliveryQuery,
  ): Promise<readonly DeliveryFacts[]> {
    const values: unknown[] = [tenantId, limit];
    const conditions = ['tenant_id = $1', 'receiver IS NOT NULL'];
    if (id !== undefined) conditions.push(`id = $${values.push(uuidOf(id))}::uuid`);
    if (application !== undefined)
      conditions.push(`receiver = ANY ($${values.push(receiverKeysOf(application))}::text[])`);
    if (state === 'waiting') conditions.push('settled_at IS NULL');
    else if (state === 'dead') conditions.push(IS_DEAD);
    else if (state !== undefined) conditions.push(`outcome = $${values.push(state)}`);
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT ${SHOWN}
          FROM outbox WHERE ${conditions.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT $2`,
        values,
      },
    ]);
    return (rows ?? []).map(toFacts);
  }

  page(tenantId: TenantId, query: DeliveryListQuery): Promise<ListPage<DeliveryFacts>> {
    return readPage(asTenant(this.database, tenantId), deliveries(tenantId, query), query);
  }

  async revive(scope: TenantScope, target: DeadLetterTarget, max: number): Promise<readonly Revived[]> {
    const { condition, values } = conditionOf(target);
    const rows = await this.database.transaction(scope).query({
      text: `UPDATE outbox SET settled_at = NULL, outcome = NULL, lease = NULL, attempts = 0, due_at = now(),
          retried_at = now()
        WHERE tenant_id = $1 AND id IN (SELECT id FROM outbox WHERE tenant_id = $1 AND ${IS_DEAD} AND ${condition}
          ORDER BY created_at, id LIMIT $2 FOR UPDATE)
        RETURNING id, receiver`,
      values: [scope.tenantId, max, ...values],
    });
    return rows.map((row) => ({ id: row['id'], application: receiverOfKey(row['receiver']).clientId }));
  }

  hurry(scope: TenantScope, applications: readonly string[]): void {
    this.database.transaction(scope).defer([
      {
        // What somebody works on now has a lease of theirs, and is left to them.
        name: 'deliveries_hurry',
        text: `UPDATE outbox SET lease = NULL, due_at = now()
          WHERE tenant_id = $1 AND receiver = ANY ($2::text[]) AND settled_at IS NULL AND due_at > now()
            AND (lease IS NULL OR lease = $3::uuid)`,
        values: [scope.tenantId, applications.flatMap(receiverKeysOf), NOBODYS_LEASE],
      },
    ]);
  }
}

const SHOWN = `id, created_at, receiver, subject, coalesce(payload ->> 'reason', topic) AS reason,
  coalesce(outcome, 'waiting') AS state, attempts, last_error, due_at, settled_at`;

const toFacts = (row: QueryResultRow): DeliveryFacts => ({
  id: row['id'],
  createdAt: row['created_at'],
  ...factsOfReceiver(row['receiver']),
  subject: row['subject'],
  reason: row['reason'],
  state: row['state'],
  attempts: row['attempts'],
  lastError: row['last_error'],
  dueAt: row['settled_at'] === null ? row['due_at'] : null,
  settledAt: row['settled_at'],
});

/** Dead ones are few, and have an index of their own. */
function deliveries(
  tenantId: TenantId,
  { application, state, subject }: DeliveryListQuery,
): KeysetList<DeliveryFacts> {
  const filters: Condition[] = [() => 'r.receiver IS NOT NULL'];
  if (application !== undefined)
    filters.push((own) => `r.receiver = ANY (${own.add(receiverKeysOf(application), 'text[]')})`);
  if (state === 'waiting') filters.push(() => 'r.settled_at IS NULL');
  else if (state !== undefined && state !== 'dead')
    filters.push((own) => `r.outcome = ${own.add(state, 'text')}`);
  if (subject !== undefined) filters.push((own) => `r.subject = ${own.add(subject, 'text')}`);
  return {
    values: new SqlValues([tenantId]),
    source:
      state === 'dead'
        ? fewOf('outbox r', ['r.tenant_id = $1', IS_DEAD])
        : sourceOf('outbox r', ['r.tenant_id = $1']),
    filters,
    order: [
      { sql: 'r.created_at', type: 'timestamptz' },
      { sql: 'r.id', type: 'uuid' },
    ],
    descending: true,
    shown: SHOWN,
    joins: '',
    read: toFacts,
  };
}

function factsOfReceiver(key: string): Pick<DeliveryFacts, 'kind' | 'application'> {
  const { kind, clientId } = receiverOfKey(key);
  return { kind, application: clientId };
}

/** As the index has it. */
const IS_DEAD = `outcome = 'dead'`;

/** null: no id at all, so nobody's. */
const uuidOf = (text: string): string | null => (isUuid(text.toLowerCase()) ? text.toLowerCase() : null);

function conditionOf(target: DeadLetterTarget): {
  readonly condition: string;
  readonly values: readonly unknown[];
} {
  if (target === 'all') return { condition: 'receiver IS NOT NULL', values: [] };
  if ('id' in target) return { condition: 'id = $3::uuid', values: [uuidOf(target.id)] };
  return { condition: 'receiver = ANY ($3::text[])', values: [receiverKeysOf(target.application)] };
}
