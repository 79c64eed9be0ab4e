import type { TenantId } from '../core/ids.js';
import type { Database, Statement } from './database.js';

/** Names by which mappings and grants go, of tenant `$1`. A tenant has few grants: all of them are looked at. */
export const NAMES_IN_USE = `SELECT group_name FROM role_mappings WHERE tenant_id = $1 AND group_name IS NOT NULL
  UNION ALL SELECT group_reference ->> 'name' FROM tenant_links WHERE tenant_id = $1 AND group_reference ? 'name'`;

const LOCK = `hashtextextended('causeway role mapping pins ' || $1::text, 0)`;

/**
 * For pushes that claim a name: from here to the commit nobody pins names of the tenant by an apply. So of a group and a
 * mapping, or a grant, that come at the same time one always sees the other. Pushes don't wait for each other.
 */
export function beforeClaim(tenantId: TenantId): Statement {
  return {
    name: 'mapping_pins_share',
    text: `SELECT pg_advisory_xact_lock_shared(${LOCK})`,
    values: [tenantId],
  };
}

/** For an apply that pins names: waits for pushes that have claimed a name, and lets others wait until the commit. */
export function beforePinning(tenantId: TenantId): Statement {
  return { name: 'mapping_pins_hold', text: `SELECT pg_advisory_xact_lock(${LOCK})`, values: [tenantId] };
}

/** Claims on names by SCIM, of connections in the version that is in force: `p`, with `$1` the tenant, `$2` the names. */
const CLAIMS = `FROM connections c WHERE c.tenant_id = $1 AND p.tenant_id = $1 AND c.id = p.connection_id
  AND c.version = p.connection_version AND p.name = ANY ($2::text[])`;

/** Lets mappings and grants by the names mean the SCIM groups that bear them now; where there is none, the first to come. */
export function pinNames(tenantId: TenantId, names: readonly string[]): Statement {
  return {
    name: 'mapping_pins_set',
    text: `UPDATE pushed_group_names p SET pinned_group_id = (
        SELECT g.id FROM groups g WHERE g.tenant_id = $1 AND g.connection_id = p.connection_id AND g.name = p.name
          AND g.connection_version = p.connection_version AND g.origin = 'scim')
      ${CLAIMS}`,
    values: [tenantId, names],
  };
}

/** Forgets which SCIM groups mappings and grants by the names meant. */
export function releaseNames(tenantId: TenantId, names: readonly string[]): Statement {
  return {
    name: 'mapping_pins_release',
    text: `UPDATE pushed_group_names p SET pinned_group_id = NULL ${CLAIMS}`,
    values: [tenantId, names],
  };
}

/** A name that mappings or grants go by, whose SCIM group is gone while another one bears it. */
export interface LostPin {
  readonly name: string;
  /** Key of the connection. */
  readonly connection: string;
}

/** Names of a tenant's mappings and grants that wait for an admin's word; at most `limit`. For operators' checks. */
export async function lostPins(
  database: Database,
  tenantId: TenantId,
  limit: number,
): Promise<readonly LostPin[]> {
  const [rows] = await database.inTenant(tenantId, [
    {
      text: `SELECT p.name, c.key FROM pushed_group_names p
        JOIN connections c ON c.tenant_id = p.tenant_id AND c.id = p.connection_id AND c.version = p.connection_version
        WHERE p.tenant_id = $1 AND p.pinned_group_id IS NOT NULL
          AND p.name IN (${NAMES_IN_USE})
          AND NOT EXISTS (SELECT FROM groups g WHERE g.tenant_id = p.tenant_id AND g.id = p.pinned_group_id)
          AND EXISTS (SELECT FROM groups g WHERE g.tenant_id = p.tenant_id AND g.connection_id = p.connection_id
            AND g.name = p.name AND g.connection_version = p.connection_version AND g.origin = 'scim'
            AND g.id IS DISTINCT FROM p.declined_group_id)
        ORDER BY c.key, p.name LIMIT $2`,
      values: [tenantId, limit],
    },
  ]);
  return (rows ?? []).map((row) => ({ name: row['name'], connection: row['key'] }));
}
