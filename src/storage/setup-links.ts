import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { ListPage, PageRequest } from '../core/page.js';
import type { TenantScope } from '../core/scope.js';
import {
  NEW_PROGRESS,
  UNKNOWN_MAKER,
  type FoundSetupLink,
  type NewSetupLink,
  type OpenedFrom,
  type SetupLink,
  type SetupLinkStore,
  type SetupProgress,
} from '../domain/setup-link/setup-link.js';
import type { Database } from './database.js';
import { asTenant, readPage, sourceOf, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/** What a row means now, by the database's clock. */
const SHOWN = `r.id, r.tenant_id, r.settings, r.progress, r.created_by, r.created_at, r.expires_at, r.opened_at,
  r.revoked_at, CASE WHEN r.revoked_at IS NOT NULL THEN 'revoked' WHEN r.expires_at <= now() THEN 'expired'
    WHEN r.used_at IS NOT NULL THEN 'open' ELSE 'waiting' END AS state`;
const LIVE = 'revoked_at IS NULL AND expires_at > now()';

/** Set-up links in PostgreSQL. Where a link was opened from stands beside its progress, which never names it. */
export class PostgresSetupLinks implements SetupLinkStore {
  constructor(private readonly database: Database) {}

  async make(
    scope: TenantScope,
    { id, hash, scope: settings, createdBy, lifetimeSeconds }: NewSetupLink,
  ): Promise<SetupLink> {
    const [row] = await this.database.transaction(scope).query({
      name: 'setup_link_make',
      text: `WITH r AS (INSERT INTO links (tenant_id, id, kind, hash, settings, progress, created_by, expires_at)
          VALUES ($1, $2, 'setup', $3, $4, $5, $6, now() + make_interval(secs => $7)) RETURNING *)
        SELECT ${SHOWN}, t.slug FROM r JOIN tenants t ON t.id = r.tenant_id`,
      values: [
        scope.tenantId,
        id,
        hash,
        JSON.stringify(settings),
        JSON.stringify(NEW_PROGRESS),
        createdBy,
        lifetimeSeconds,
      ],
    });
    if (row === undefined) throw new TypeError('an insert gives its row');
    return toLink(row);
  }

  async find(tenantId: TenantId, id: string): Promise<SetupLink | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'setup_link',
        text: `SELECT ${SHOWN}, t.slug FROM links r JOIN tenants t ON t.id = r.tenant_id
          WHERE r.tenant_id = $1 AND r.id = $2 AND r.kind = 'setup'`,
        values: [tenantId, id],
      },
    ]);
    return rows?.map(toLink)[0];
  }

  list(tenantId: TenantId, page: PageRequest): Promise<ListPage<SetupLink>> {
    const links = {
      values: new SqlValues([tenantId]),
      source: sourceOf('links r', ['r.tenant_id = $1', "r.kind = 'setup'"]),
      filters: [],
      order: [{ sql: 'r.id', type: 'uuid' }],
      descending: true,
      shown: `${SHOWN}, t.slug`,
      joins: 'JOIN tenants t ON t.id = r.tenant_id',
      read: toLink,
    } satisfies KeysetList<SetupLink>;
    return readPage(asTenant(this.database, tenantId), links, page);
  }

  async findByToken(hash: Buffer): Promise<FoundSetupLink | undefined> {
    const [row] = await this.database.query({
      name: 'setup_link_by_token',
      text: `SELECT ${SHOWN}, r.browser_hash, t.slug FROM links r
        JOIN tenants t ON t.id = r.tenant_id AND t.status = 'active' WHERE r.hash = $1 AND r.kind = 'setup'`,
      values: [hash],
    });
    return row === undefined ? undefined : { link: toLink(row), browserHash: row['browser_hash'] };
  }

  async findByBrowser(browserHash: Buffer): Promise<SetupLink | undefined> {
    const [row] = await this.database.query({
      name: 'setup_link_by_browser',
      text: `SELECT ${SHOWN}, t.slug FROM links r JOIN tenants t ON t.id = r.tenant_id AND t.status = 'active'
        WHERE r.browser_hash = $1 AND r.kind = 'setup'`,
      values: [browserHash],
    });
    return row === undefined ? undefined : toLink(row);
  }

  async take(
    scope: TenantScope,
    {
      id,
      browserHash,
      from,
    }: { readonly id: string; readonly browserHash: Buffer; readonly from: OpenedFrom },
  ): Promise<boolean> {
    const taken = await this.database.transaction(scope).query({
      name: 'setup_link_take',
      text: `UPDATE links SET used_at = now(), opened_at = now(), browser_hash = $3,
          progress = progress || jsonb_build_object('openedFrom', $4::jsonb)
        WHERE tenant_id = $1 AND id = $2 AND kind = 'setup' AND used_at IS NULL AND ${LIVE} RETURNING id`,
      values: [scope.tenantId, id, browserHash, JSON.stringify(from)],
    });
    return taken.length > 0;
  }

  async revoke(scope: TenantScope, id: string): Promise<boolean> {
    const revoked = await this.database.transaction(scope).query({
      name: 'setup_link_revoke',
      text: `UPDATE links SET revoked_at = now()
        WHERE tenant_id = $1 AND id = $2 AND kind = 'setup' AND revoked_at IS NULL RETURNING id`,
      values: [scope.tenantId, id],
    });
    return revoked.length > 0;
  }

  async note(
    scope: TenantScope,
    id: string,
    progress: Partial<SetupProgress>,
    before?: SetupProgress,
  ): Promise<SetupLink | undefined> {
    const [row] = await this.database.transaction(scope).query({
      name: 'setup_link_note',
      text: `WITH r AS (UPDATE links SET progress = progress || $3::jsonb
          WHERE tenant_id = $1 AND id = $2 AND kind = 'setup' AND ${LIVE}
            AND ($4::jsonb IS NULL OR (progress->'step' = $4->'step' AND progress->'done' = $4->'done'
              AND progress->'skipped' = $4->'skipped')) RETURNING *)
        SELECT ${SHOWN}, t.slug FROM r JOIN tenants t ON t.id = r.tenant_id`,
      values: [
        scope.tenantId,
        id,
        JSON.stringify(progress),
        before === undefined ? null : JSON.stringify(before),
      ],
    });
    return row === undefined ? undefined : toLink(row);
  }
}

function toLink(row: QueryResultRow): SetupLink {
  const { openedFrom = null, ...progress } = row['progress'];
  return {
    maker: UNKNOWN_MAKER,
    ...row['settings'],
    id: row['id'],
    tenantId: row['tenant_id'],
    tenantSlug: row['slug'],
    state: row['state'],
    progress,
    createdBy: row['created_by'],
    createdAt: row['created_at'],
    expiresAt: row['expires_at'],
    openedAt: row['opened_at'],
    openedFrom,
    revokedAt: row['revoked_at'],
  };
}
