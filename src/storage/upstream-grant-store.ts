import type { QueryResultRow } from 'pg';
import type { TenantId, UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  UpstreamGrantClaim,
  UpstreamGrantKey,
  UpstreamGrantState,
  UpstreamGrantStore,
} from '../domain/sign-in/upstream-grant-store.js';
import type { Database, Statement } from './database.js';

/** The grant of `$2`, if it is of the connection's present version. */
const OF_PERSON = 'tenant_id = $1 AND user_id = $2 AND connection_id = $3 AND connection_version = $4';

const IS_DUE = `checked_at <= now() - make_interval(secs => $5)`;

/** The refresh tokens of upstreams in PostgreSQL. */
export class PostgresUpstreamGrantStore implements UpstreamGrantStore {
  constructor(private readonly database: Database) {}

  keep(scope: TenantScope, grant: UpstreamGrantKey & { readonly sealedRefreshToken: string }): void {
    this.database.transaction(scope).defer([
      {
        name: 'upstream_grant_keep',
        text: `INSERT INTO upstream_grants
            (tenant_id, user_id, connection_id, connection_version, refresh_token_sealed)
          VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (tenant_id, user_id) DO UPDATE SET connection_id = excluded.connection_id,
            connection_version = excluded.connection_version, refresh_token_sealed = excluded.refresh_token_sealed,
            checked_at = now(), claimed_until = NULL`,
        values: [...keyValues(scope.tenantId, grant), grant.sealedRefreshToken],
      },
    ]);
  }

  async claim(
    tenantId: TenantId,
    key: UpstreamGrantKey,
    { olderThanSeconds, claimSeconds }: { readonly olderThanSeconds: number; readonly claimSeconds: number },
  ): Promise<UpstreamGrantClaim> {
    const [claimed, states] = await this.database.inTenant(tenantId, [
      {
        name: 'upstream_grant_claim',
        text: `UPDATE upstream_grants SET claimed_until = now() + make_interval(secs => $6)
          WHERE ${OF_PERSON} AND ${IS_DUE} AND (claimed_until IS NULL OR claimed_until <= now())
          RETURNING claimed_until::text AS claim, refresh_token_sealed AS sealed,
            extract(epoch FROM now() - checked_at)::float8 AS age`,
        values: [...keyValues(tenantId, key), olderThanSeconds, claimSeconds],
      },
      stateOf(tenantId, key, olderThanSeconds),
    ]);
    const [row] = claimed ?? [];
    if (row !== undefined)
      return {
        kind: 'claimed',
        claim: row['claim'],
        sealedRefreshToken: row['sealed'],
        ageSeconds: row['age'],
      };
    const state = toState(states?.[0]);
    // Stale and yet not ours: a claim ran out, or was given back, between the two statements. It may be had next time.
    return state.kind === 'stale' ? { kind: 'busy', ageSeconds: state.ageSeconds } : state;
  }

  async look(
    tenantId: TenantId,
    key: UpstreamGrantKey,
    olderThanSeconds: number,
  ): Promise<UpstreamGrantState> {
    const [rows] = await this.database.inTenant(tenantId, [stateOf(tenantId, key, olderThanSeconds)]);
    return toState(rows?.[0]);
  }

  async release(
    tenantId: TenantId,
    userId: UserId,
    claim: string,
    rotated: string | undefined,
  ): Promise<void> {
    await this.database.inTenant(tenantId, [
      {
        name: 'upstream_grant_release',
        text: `UPDATE upstream_grants
          SET claimed_until = NULL, refresh_token_sealed = coalesce($4, refresh_token_sealed)
          WHERE tenant_id = $1 AND user_id = $2 AND claimed_until = $3::timestamptz`,
        values: [tenantId, userId, claim, rotated ?? null],
      },
    ]);
  }

  confirm(scope: TenantScope, userId: UserId, claim: string, rotated: string | undefined): void {
    this.database.transaction(scope).defer([
      {
        name: 'upstream_grant_confirm',
        text: `UPDATE upstream_grants
          SET claimed_until = NULL, checked_at = now(), refresh_token_sealed = coalesce($4, refresh_token_sealed)
          WHERE tenant_id = $1 AND user_id = $2 AND claimed_until = $3::timestamptz`,
        values: [scope.tenantId, userId, claim, rotated ?? null],
      },
    ]);
  }

  async stands(scope: TenantScope, key: UpstreamGrantKey, claim: string | null): Promise<boolean> {
    // The lock first, and a statement of its own: what is read after it is no older than it.
    const [, grants] = await this.database.transaction(scope).send([
      {
        name: 'upstream_grant_lock_person',
        text: 'SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
        values: [scope.tenantId, key.userId],
      },
      {
        name: 'upstream_grant_stands',
        text: `SELECT claimed_until IS NOT DISTINCT FROM $5::timestamptz AS stands
          FROM upstream_grants WHERE ${OF_PERSON}`,
        values: [...keyValues(scope.tenantId, key), claim],
      },
    ]);
    const [grant] = grants ?? [];
    return claim === null ? grant === undefined : grant?.['stands'] === true;
  }
}

const keyValues = (
  tenantId: TenantId,
  { userId, connectionId, connectionVersion }: UpstreamGrantKey,
): readonly unknown[] => [tenantId, userId, connectionId, connectionVersion];

const stateOf = (tenantId: TenantId, key: UpstreamGrantKey, olderThanSeconds: number): Statement => ({
  name: 'upstream_grant_state',
  text: `SELECT ${IS_DUE} AS due, claimed_until IS NOT NULL AND claimed_until > now() AS claimed,
      extract(epoch FROM now() - checked_at)::float8 AS age
    FROM upstream_grants WHERE ${OF_PERSON}`,
  values: [...keyValues(tenantId, key), olderThanSeconds],
});

function toState(row: QueryResultRow | undefined): UpstreamGrantState {
  if (row === undefined) return { kind: 'none' };
  const ageSeconds: number = row['age'];
  if (row['due'] !== true) return { kind: 'fresh', ageSeconds };
  return { kind: row['claimed'] === true ? 'busy' : 'stale', ageSeconds };
}
