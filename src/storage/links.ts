import type { Database } from './database.js';

export type LinkState = 'valid' | 'used' | 'late' | 'unknown';

/** One-time links, by the hash of their token. */
export class PostgresLinks {
  constructor(private readonly database: Database) {}

  /** Whether somebody can sign in to the console as the deployment's owner. */
  async operatorExists(): Promise<boolean> {
    const [tenant] = await this.database.query({
      text: `SELECT id FROM tenants WHERE slug = 'system'`,
      values: [],
    });
    if (tenant === undefined) return false;
    const [rows] = await this.database.inTenant(tenant['id'], [
      {
        text: `SELECT 1 FROM role_assignments a JOIN roles r ON r.tenant_id = a.tenant_id AND r.id = a.role_id
          WHERE a.tenant_id = $1 AND r.key = 'console:owner' LIMIT 1`,
        values: [tenant['id']],
      },
    ]);
    return (rows?.length ?? 0) > 0;
  }

  /** Makes a link of the deployment's own tenant. */
  async create(kind: 'first_run', id: string, hash: Buffer, lifetimeSeconds: number): Promise<void> {
    await this.database.query({
      text: `INSERT INTO links (tenant_id, id, kind, hash, expires_at)
        SELECT id, $1, $2, $3, now() + make_interval(secs => $4) FROM tenants WHERE slug = 'system'`,
      values: [id, kind, hash, lifetimeSeconds],
    });
  }

  /** Opening a link uses nothing up. */
  async state(kind: 'first_run', hash: Buffer): Promise<LinkState> {
    const [row] = await this.database.query({
      text: `SELECT used_at IS NOT NULL AS used, expires_at <= now() AS late FROM links l
        JOIN tenants t ON t.id = l.tenant_id AND t.slug = 'system' WHERE l.kind = $1 AND l.hash = $2`,
      values: [kind, hash],
    });
    if (row === undefined) return 'unknown';
    if (row['used'] === true) return 'used';
    return row['late'] === true ? 'late' : 'valid';
  }
}
