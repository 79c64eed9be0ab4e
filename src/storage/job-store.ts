import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { JsonObject } from '../core/json.js';
import type { ListPage, PageRequest } from '../core/page.js';
import type { TenantScope } from '../core/scope.js';
import type { ClaimedJob, Job, JobStore } from '../domain/job/job.js';
import type { Database } from './database.js';

/** Jobs in PostgreSQL. They are claimed over all tenants as the database user; what is told of one is its tenant's. */
export class PostgresJobStore implements JobStore {
  constructor(private readonly database: Database) {}

  async create(
    scope: TenantScope,
    { id, kind, input, createdBy }: Pick<Job, 'id' | 'kind' | 'input' | 'createdBy'>,
  ): Promise<void> {
    await this.database.transaction(scope).query({
      text: `INSERT INTO jobs (tenant_id, id, kind, state, input, created_by) VALUES ($1, $2, $3, 'waiting', $4, $5)`,
      values: [scope.tenantId, id, kind, JSON.stringify(input), createdBy],
    });
  }

  async find(tenantId: TenantId, id: string): Promise<Job | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      { text: 'SELECT * FROM jobs WHERE tenant_id = $1 AND id = $2', values: [tenantId, id] },
    ]);
    return rows?.map(toJob)[0];
  }

  async list(tenantId: TenantId, { limit, after }: PageRequest): Promise<ListPage<Job>> {
    const [rows = []] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT * FROM jobs WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
        values: [tenantId, after?.[0] ?? null, limit + 1],
      },
    ]);
    const items = rows.slice(0, limit).map(toJob);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? [last.id] : undefined };
  }

  async claim(leaseSeconds: number): Promise<ClaimedJob | undefined> {
    const [row] = await this.database.query({
      name: 'job_claim',
      text: `UPDATE jobs SET state = 'running', fence = fence + 1, leased_until = now() + make_interval(secs => $1)
        WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM jobs WHERE finished_at IS NULL
          AND (leased_until IS NULL OR leased_until < now()) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING tenant_id, id, kind, input, fence`,
      values: [leaseSeconds],
    });
    if (row === undefined) return undefined;
    return {
      tenantId: row['tenant_id'],
      id: row['id'],
      kind: row['kind'],
      input: row['input'],
      fence: Number(row['fence']),
    };
  }

  async progress(
    { tenantId, id, fence }: ClaimedJob,
    at: { readonly done: number; readonly total: number | null },
    leaseSeconds: number,
  ): Promise<{ readonly stopAsked: boolean } | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'job_progress',
        text: `UPDATE jobs SET done = $4, total = $5, leased_until = now() + make_interval(secs => $6)
          WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND finished_at IS NULL RETURNING stop_asked`,
        values: [tenantId, id, fence, at.done, at.total, leaseSeconds],
      },
    ]);
    const row = rows?.[0];
    return row === undefined ? undefined : { stopAsked: row['stop_asked'] };
  }

  async finish(
    { tenantId, id, fence }: ClaimedJob,
    { state, result }: { readonly state: string; readonly result: JsonObject | null },
  ): Promise<boolean> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'job_finish',
        text: `UPDATE jobs SET state = $4, result = $5, finished_at = now(), leased_until = NULL
          WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND finished_at IS NULL RETURNING id`,
        values: [tenantId, id, fence, state, result === null ? null : JSON.stringify(result)],
      },
    ]);
    return rows?.length === 1;
  }

  async askStop(scope: TenantScope, id: string): Promise<boolean> {
    const rows = await this.database.transaction(scope).query({
      text: `UPDATE jobs SET stop_asked = true,
          state = CASE WHEN leased_until IS NULL THEN 'stopped' ELSE state END,
          finished_at = CASE WHEN leased_until IS NULL THEN now() END
        WHERE tenant_id = $1 AND id = $2 AND finished_at IS NULL RETURNING id`,
      values: [scope.tenantId, id],
    });
    return rows.length === 1;
  }
}

const toJob = (row: QueryResultRow): Job => ({
  id: row['id'],
  kind: row['kind'],
  state: row['state'],
  input: row['input'],
  done: row['done'],
  total: row['total'],
  result: row['result'],
  stopAsked: row['stop_asked'],
  createdBy: row['created_by'],
  createdAt: row['created_at'],
  finishedAt: row['finished_at'],
});
