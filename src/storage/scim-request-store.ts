import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type {
  ScimRequestQuery,
  ScimRequestRecord,
  ScimRequestStore,
} from '../domain/provisioning/scim-request.js';
import type { Database } from './database.js';

export const SCIM_REQUEST_COLUMNS = `id, at, connection_id, token_id, token_fault, request_id, method, target, status,
  duration_ms, user_agent, detail, request, response, effects`;

/** Days that the flight recorder goes back. */
const KEPT_DAYS = 14;
const DAYS_AHEAD = 2;

/** The flight recorder's rows in PostgreSQL, a partition for each day. */
export class PostgresScimRequestStore implements ScimRequestStore {
  constructor(private readonly database: Database) {}

  async append(tenantId: TenantId, records: readonly ScimRequestRecord[]): Promise<void> {
    const tokens = records.flatMap(({ tokenId, tokenFault }) => (tokenFault === null ? (tokenId ?? []) : []));
    await this.database.inTenant(tenantId, [
      // Its loss harms nobody, so nobody waits for the disk.
      {
        name: 'scim_requests_async',
        text: `SELECT set_config('synchronous_commit', 'off', true)`,
        values: [],
      },
      {
        name: 'scim_requests_append',
        text: `INSERT INTO scim_requests (tenant_id, ${SCIM_REQUEST_COLUMNS})
          SELECT $1, ${SCIM_REQUEST_COLUMNS} FROM jsonb_to_recordset($2::jsonb) AS r (id uuid, at timestamptz, connection_id uuid,
            token_id uuid, token_fault text, request_id text, method text, target text, status int, duration_ms int, user_agent text,
            detail text, request jsonb, response jsonb, effects jsonb)`,
        values: [tenantId, JSON.stringify(records.map(toRow))],
      },
      {
        name: 'scim_tokens_used',
        text: `UPDATE scim_tokens SET last_used_at = now() WHERE tenant_id = $1 AND id::text = ANY ($2::text[])
          AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
        values: [tenantId, [...new Set(tokens)]],
      },
    ]);
  }

  async list(
    tenantId: TenantId,
    { after, limit, connectionId }: ScimRequestQuery,
  ): Promise<readonly ScimRequestRecord[]> {
    const ofConnection = '($3::uuid IS NULL OR connection_id = $3)';
    const values = [tenantId, limit, connectionId ?? null];
    const [rows] = await this.database.inTenant(tenantId, [
      after === undefined
        ? {
            name: 'scim_requests_latest',
            text: `SELECT * FROM (SELECT ${SCIM_REQUEST_COLUMNS} FROM scim_requests WHERE tenant_id = $1 AND ${ofConnection}
              ORDER BY id DESC LIMIT $2) r ORDER BY id`,
            values,
          }
        : {
            name: 'scim_requests_after',
            text: `SELECT ${SCIM_REQUEST_COLUMNS} FROM scim_requests WHERE tenant_id = $1 AND id > $4 AND ${ofConnection}
              ORDER BY id LIMIT $2`,
            values: [...values, after],
          },
    ]);
    return (rows ?? []).map(toScimRequest);
  }

  async find(tenantId: TenantId, id: string): Promise<ScimRequestRecord | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'scim_request',
        text: `SELECT ${SCIM_REQUEST_COLUMNS} FROM scim_requests WHERE tenant_id = $1 AND id = $2`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toScimRequest(rows[0]);
  }
}

/** A token's id is a UUID; an application's that came by an access token is not, and has no column. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const toRow = (record: ScimRequestRecord) => ({
  id: record.id,
  at: record.at.toISOString(),
  connection_id: record.connectionId,
  token_id: record.tokenId !== null && UUID.test(record.tokenId) ? record.tokenId : null,
  token_fault: record.tokenFault,
  request_id: record.requestId,
  method: record.method,
  target: record.target,
  status: record.status,
  duration_ms: record.durationMs,
  user_agent: record.userAgent,
  detail: record.detail,
  request: record.request,
  response: record.response,
  effects: record.effects,
});

export const toScimRequest = (row: QueryResultRow): ScimRequestRecord => ({
  id: row['id'],
  at: row['at'],
  connectionId: row['connection_id'],
  tokenId: row['token_id'],
  tokenFault: row['token_fault'],
  requestId: row['request_id'],
  method: row['method'],
  target: row['target'],
  status: row['status'],
  durationMs: row['duration_ms'],
  userAgent: row['user_agent'],
  detail: row['detail'],
  request: row['request'],
  response: row['response'],
  effects: row['effects'],
});

/**
 * Makes the partitions of the days to come, and drops those that are older than a fortnight: no row is ever deleted one by
 * one. On one node at a time.
 */
export async function turnScimRequestDays(database: Database): Promise<void> {
  await database.transact(async (query) => {
    const [lock] = await query({
      text: `SELECT pg_try_advisory_xact_lock(hashtext('causeway scim requests')) AS won`,
      values: [],
    });
    if (lock?.['won'] !== true) return;
    const days = await query({
      text: `SELECT to_char(d, 'YYYYMMDD') AS name, to_char(d, 'YYYY-MM-DD') AS begins,
          to_char(d + interval '1 day', 'YYYY-MM-DD') AS ends
        FROM generate_series((now() AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date + $1::int, interval '1 day') d
        WHERE to_regclass('public.scim_requests_' || to_char(d, 'YYYYMMDD')) IS NULL
          AND NOT EXISTS (SELECT FROM scim_requests_rest r
            WHERE r.at >= d AT TIME ZONE 'UTC' AND r.at < (d + interval '1 day') AT TIME ZONE 'UTC')`,
      values: [DAYS_AHEAD],
    });
    for (const { name, begins, ends } of days) {
      await query({
        text: `CREATE TABLE scim_requests_${name} PARTITION OF scim_requests
          FOR VALUES FROM ('${begins} 00:00:00+00') TO ('${ends} 00:00:00+00')`,
        values: [],
      });
      await query({ text: `ALTER TABLE scim_requests_${name} ENABLE ROW LEVEL SECURITY`, values: [] });
    }
    const old = await query({
      text: `SELECT relname AS name FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE i.inhparent = 'public.scim_requests'::regclass AND c.relname ~ '^scim_requests_[0-9]{8}$'
          AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - $1::int`,
      values: [KEPT_DAYS],
    });
    for (const { name } of old) await query({ text: `DROP TABLE ${name}`, values: [] });
    await query({
      text: `DELETE FROM scim_requests_rest WHERE at < now() - make_interval(days => $1)`,
      values: [KEPT_DAYS],
    });
  });
}
