import type { TenantScope } from '../core/scope.js';
import {
  ENROLMENT_SECONDS,
  type AccountLink,
  type AccountLinkStore,
} from '../domain/account/account-link.js';
import { OWNERS } from './account-store.js';
import type { Database } from './database.js';

/** One-time links, by the hash of their token. */
export class PostgresLinks implements AccountLinkStore {
  constructor(private readonly database: Database) {}

  /** Whether somebody can sign in to the console as the deployment's owner. */
  async operatorExists(): Promise<boolean> {
    const [tenant] = await this.database.query({
      text: `SELECT id FROM tenants WHERE slug = 'system'`,
      values: [],
    });
    if (tenant === undefined) return false;
    const [rows] = await this.database.inTenant(tenant['id'], [
      { name: 'owners', text: OWNERS, values: [tenant['id']] },
    ]);
    return (rows?.length ?? 0) > 0;
  }

  /** Makes a first-run link, which is of the deployment's own tenant. */
  async createFirstRun(id: string, hash: Buffer, lifetimeSeconds: number): Promise<void> {
    await this.database.query({
      text: `INSERT INTO links (tenant_id, id, kind, hash, expires_at)
        SELECT id, $1, 'first_run', $2, now() + make_interval(secs => $3) FROM tenants WHERE slug = 'system'`,
      values: [id, hash, lifetimeSeconds],
    });
  }

  async find(hash: Buffer): Promise<AccountLink | undefined> {
    const [link] = await this.database.query({
      name: 'link_find',
      text: `SELECT l.tenant_id, t.slug, l.kind, l.user_id, l.used_at IS NOT NULL AS used,
          l.expires_at <= now() OR l.revoked_at IS NOT NULL AS late
        FROM links l JOIN tenants t ON t.id = l.tenant_id AND t.status = 'active'
        WHERE l.hash = $1 AND l.kind IN ('first_run', 'enrolment')`,
      values: [hash],
    });
    if (link === undefined) return undefined;
    const [people] = await this.database.inTenant(link['tenant_id'], [
      {
        name: 'link_person',
        text: 'SELECT user_name, active FROM users WHERE tenant_id = $1 AND id = $2',
        values: [link['tenant_id'], link['user_id']],
      },
    ]);
    const person = people?.[0];
    const isNobodys = link['kind'] === 'enrolment' && person?.['active'] !== true;
    return {
      tenantId: link['tenant_id'],
      tenantSlug: link['slug'],
      kind: link['kind'],
      userId: link['user_id'],
      userName: person?.['user_name'] ?? null,
      state: link['used'] === true ? 'used' : link['late'] === true || isNobodys ? 'late' : 'valid',
    };
  }

  async make(
    scope: TenantScope,
    { id, hash, userId, createdBy }: Parameters<AccountLinkStore['make']>[1],
  ): Promise<{ readonly expiresAt: Date }> {
    const [, rows] = await this.database.transaction(scope).send([
      {
        name: 'link_revoke_earlier',
        text: `UPDATE links SET revoked_at = now() WHERE tenant_id = $1 AND user_id = $2 AND kind = 'enrolment'
          AND used_at IS NULL AND revoked_at IS NULL`,
        values: [scope.tenantId, userId],
      },
      {
        name: 'link_make',
        text: `INSERT INTO links (tenant_id, id, kind, hash, user_id, created_by, expires_at)
          VALUES ($1, $2, 'enrolment', $3, $4, $5, now() + make_interval(secs => $6)) RETURNING expires_at`,
        values: [scope.tenantId, id, hash, userId, createdBy, ENROLMENT_SECONDS],
      },
    ]);
    return { expiresAt: rows?.[0]?.['expires_at'] };
  }

  async take(scope: TenantScope, kind: AccountLink['kind'], hash: Buffer): Promise<boolean> {
    const taken = await this.database.transaction(scope).query({
      name: 'link_take',
      text: `UPDATE links SET used_at = now() WHERE tenant_id = $1 AND kind = $2 AND hash = $3
        AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now() RETURNING 1`,
      values: [scope.tenantId, kind, hash],
    });
    return taken.length > 0;
  }
}
