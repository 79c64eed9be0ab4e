import { systemClock } from '../../src/core/clock.js';
import type { TenantId, UserId } from '../../src/core/ids.js';
import { endAccess, type AccessTarget, type EndReason } from '../../src/domain/session/end-access.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { startAcme, type Acme, type AcmeOptions } from '../support/acme.js';
import { openVault } from '../support/audit.js';
import { startBalancer, type Balancer } from '../support/balancer.js';
import { testIds } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';

/** Acme on two nodes behind a balancer without stickiness, and somebody who ends access from a third place. */
export interface TwoNodes {
  readonly acme: Acme;
  readonly other: TestNode;
  readonly balancer: Balancer;
  readonly ledger: Ledger;
  /** As SCIM's `active:false`: the user is switched off and the funnel ends what they have, in one transaction. */
  switchOff(userId: string): Promise<void>;
  /** The funnel for another cause. */
  end(target: AccessTarget, reason: EndReason): Promise<void>;
  stop(): Promise<void>;
}

export async function startTwoNodes(options: AcmeOptions = {}): Promise<TwoNodes> {
  const balancer = await startBalancer();
  const acme = await startAcme({ ...options, settings: { ...options.settings, publicUrl: balancer.url } });
  const other = await acme.causeway.sibling();
  balancer.targets = [acme.causeway.url, other.url];
  const ledger = await Ledger.open(acme.causeway.databaseUrl);
  const dataSource = await createDataSource(acme.causeway.databaseUrl).initialize();
  const database = new Database(dataSource);
  const deps = {
    access: new PostgresAccessStore(database),
    audit: new PostgresAuditStore(database),
    auditTools: { ids: testIds, clock: systemClock, vault: openVault },
  };
  const [tenant] = await ledger.rows<{ id: TenantId }>(`SELECT id FROM tenants WHERE slug = 'acme'`);
  if (tenant === undefined) throw new Error('no tenant acme');
  const actor = { type: 'scim', id: 'test' } as const;
  return {
    acme,
    other,
    balancer,
    ledger,
    switchOff: (userId) =>
      database.withTenant(tenant.id, async (scope) => {
        await endAccess(deps, scope, {
          target: { user: userId as UserId },
          reason: 'scim_deprovisioned',
          actor,
        });
        database.transaction(scope).defer([
          {
            text: 'UPDATE users SET active = false WHERE tenant_id = $1 AND id = $2',
            values: [tenant.id, userId],
          },
        ]);
      }),
    end: (target, reason) =>
      database.withTenant(tenant.id, async (scope) => {
        await endAccess(deps, scope, { target, reason, actor });
      }),
    async stop() {
      await dataSource.destroy();
      await ledger.close();
      await acme.stop();
      await balancer.stop();
    },
  };
}
