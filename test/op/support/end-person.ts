import { systemClock } from '../../../src/core/clock.js';
import type { TenantId, UserId } from '../../../src/core/ids.js';
import { endAccess } from '../../../src/domain/session/end-access.js';
import { PostgresAccessStore } from '../../../src/storage/access-store.js';
import { PostgresAuditStore } from '../../../src/storage/audit-store.js';
import type { Database } from '../../../src/storage/database.js';
import { openVault } from '../../support/audit.js';
import { testIds } from '../../support/deployment.js';
import type { Ledger } from '../../support/ledger.js';

/** Ends the access of a person of Acme as every cause does: through the funnel, in one transaction with it. */
export async function endPerson(database: Database, ledger: Ledger, userId: string): Promise<void> {
  const [tenant] = await ledger.rows<{ id: TenantId }>(`SELECT id FROM tenants WHERE slug = 'acme'`);
  if (tenant === undefined) throw new Error('no tenant acme');
  const { id: tenantId } = tenant;
  await database.withTenant(tenantId, async (scope) => {
    const text = 'UPDATE users SET active = false WHERE tenant_id = $1 AND id = $2';
    await database.transaction(scope).send([{ text, values: [tenantId, userId] }]);
    await endAccess(
      {
        access: new PostgresAccessStore(database),
        audit: new PostgresAuditStore(database),
        auditTools: { ids: testIds, clock: systemClock, vault: openVault },
      },
      scope,
      {
        target: { user: userId as UserId },
        reason: 'scim_deprovisioned',
        actor: { type: 'system', id: 'test' },
      },
    );
  });
}
