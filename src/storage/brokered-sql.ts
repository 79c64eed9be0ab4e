import type { TenantId } from '../core/ids.js';
import type { Statement } from './database.js';
import { MAY_ENTER, STANDING_MARK } from './person-sql.js';

/**
 * Statements over two tenants: a person's own one, and the one above whose application they use (E4). Row security shows
 * one tenant's rows at a time, so a flush says whose it is now, as often as that changes; what one tenant tells the other
 * is kept as a setting that ends with the transaction. Locks are taken in one order: the person's tenant, the one above,
 * the person.
 */
const TENANT = `'app.tenant_id'`;
const STANDING = `'app.standing'`;

/** The tenant whose rows are shown now; nobody's where there is none above. */
export const SHOWN_TENANT = `nullif(current_setting(${TENANT}, true), '')::uuid`;

/** What `brokeredPerson` has found of the person: their standing; null when they may not come in. */
export const BROKERED_STANDING = `nullif(current_setting(${STANDING}, true), '')`;

const accessKey = (tenantId: string): string => `hashtextextended('access ' || ${tenantId}, 0)`;

/** Shows a tenant's rows from here on. */
export const showTenant = (tenantId: TenantId): Statement => ({
  name: 'show_tenant',
  text: `SELECT set_config(${TENANT}, $1, true)`,
  values: [tenantId],
});

/** Shows the rows of the tenant above, if there is one; tells its id. */
export const showParent = (tenantId: TenantId): Statement => ({
  name: 'show_parent',
  text: `SELECT set_config(${TENANT}, coalesce((SELECT parent_id::text FROM tenants WHERE id = $1::uuid), ''), true) AS parent`,
  values: [tenantId],
});

/**
 * Before many people's access ends at once: those of tenants below aren't among the users whose rows are locked then, and
 * someone may be made while others are locked. Whatever is given out above the person's tenant waits for it.
 */
export const lockAccess = (tenantId: TenantId): Statement => ({
  name: 'access_lock_tenant_wide',
  text: `SELECT pg_advisory_xact_lock(${accessKey('$1')})`,
  values: [tenantId],
});

/**
 * Locks a person of a tenant below this one, and finds out whether they may come in here: whether that tenant and this
 * one are active, that one is below this one, and they may come in there. The next statements are this tenant's again.
 */
export function brokeredPerson(
  tenantId: TenantId,
  person: { readonly homeTenantId: TenantId; readonly userId: string },
): readonly Statement[] {
  const { homeTenantId, userId } = person;
  return [
    {
      name: 'brokered_enter',
      text: `SELECT pg_advisory_xact_lock_shared(${accessKey('$1')}),
        pg_advisory_xact_lock_shared(${accessKey('$2')}), set_config(${TENANT}, $1, true)`,
      values: [homeTenantId, tenantId],
    },
    {
      name: 'commit_lock_user',
      text: 'SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 FOR SHARE',
      values: [homeTenantId, userId],
    },
    {
      name: 'brokered_standing',
      text: `SELECT set_config(${STANDING}, coalesce((
          SELECT ${STANDING_MARK} FROM users u WHERE u.tenant_id = $1 AND u.id = $2 AND ${MAY_ENTER}
            AND EXISTS (SELECT FROM tenants t JOIN tenants p ON p.id = t.parent_id
              WHERE t.id = $1 AND t.parent_id = $3 AND t.status = 'active' AND p.status = 'active')), ''), true)`,
      values: [homeTenantId, userId, tenantId],
    },
    showTenant(tenantId),
  ];
}

/** Locks the person of a session of this tenant who is of a tenant below it. */
export const lockPersonOfSession = (tenantId: TenantId, uid: string): readonly Statement[] => [
  {
    name: 'access_session_person',
    text: `SELECT set_config('app.person', s.brokered_user_id::text, true),
        set_config(${TENANT}, s.brokered_tenant_id::text, true)
      FROM sessions s WHERE s.tenant_id = $1 AND s.uid = $2 AND s.brokered_tenant_id IS NOT NULL`,
    values: [tenantId, uid],
  },
  {
    name: 'access_lock_brokered',
    text: `SELECT 1 FROM users WHERE tenant_id = ${SHOWN_TENANT}
        AND id = nullif(current_setting('app.person', true), '')::uuid FOR UPDATE`,
    values: [],
  },
  { name: 'access_forget_person', text: `SELECT set_config('app.person', '', true)`, values: [] },
  showTenant(tenantId),
];
