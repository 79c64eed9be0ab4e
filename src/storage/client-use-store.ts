import type { ClientUse, ClientUseStore, PeerUse } from '../domain/provisioning/client-use.js';
import type { Database } from './database.js';

/** A node that has told nothing for so long doesn't serve the client any more, or is gone. */
const FRESH_SECONDS = 3;

/**
 * Use of SCIM clients in PostgreSQL, a row for each node that serves one; the table isn't logged, so that nobody waits for
 * a disk. Over all tenants at once, as the database user: one statement a second.
 */
export class PostgresClientUseStore implements ClientUseStore {
  constructor(
    private readonly database: Database,
    private readonly freshSeconds = FRESH_SECONDS,
  ) {}

  async exchange(node: string, uses: readonly ClientUse[]): Promise<readonly PeerUse[]> {
    const rows = await this.database.query({
      name: 'scim_client_uses_exchange',
      text: `WITH mine AS (
          SELECT * FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::float8[], $6::float8[])
            AS m (tenant_id, client, taken, asked, quota_left)
        ), told AS (
          INSERT INTO scim_client_uses (tenant_id, client, node, taken, asked, quota_left, told_at)
          SELECT m.tenant_id, m.client, $1::uuid, m.taken, m.asked, m.quota_left, now() FROM mine m
            JOIN tenants t ON t.id = m.tenant_id
          ON CONFLICT (tenant_id, client, node) DO UPDATE SET taken = excluded.taken, asked = excluded.asked,
            quota_left = excluded.quota_left, told_at = excluded.told_at)
        SELECT u.tenant_id, u.client, u.node, u.taken::float8 AS taken, u.asked, u.quota_left FROM mine m
        JOIN scim_client_uses u ON u.tenant_id = m.tenant_id AND u.client = m.client
        WHERE u.node <> $1::uuid AND u.told_at > now() - make_interval(secs => $7::float8)`,
      values: [
        node,
        uses.map(({ tenantId }) => tenantId),
        uses.map(({ client }) => client),
        uses.map(({ taken }) => taken),
        uses.map(({ asked }) => asked),
        uses.map(({ left }) => left),
        this.freshSeconds,
      ],
    });
    return rows.map((row) => ({
      tenantId: row['tenant_id'],
      client: row['client'],
      node: row['node'],
      taken: row['taken'],
      asked: row['asked'],
      left: row['quota_left'],
    }));
  }
}
