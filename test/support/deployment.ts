import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/core/clock.js';
import { createIds, type Ids } from '../../src/core/ids.js';
import {
  applyConfiguration,
  type ApplyOptions,
  type ApplyOutcome,
} from '../../src/domain/configuration/apply-configuration.js';
import type { ApplyDeps } from '../../src/domain/configuration/apply-deps.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import type { ConfigurationRules } from '../../src/domain/configuration/rules.js';
import { ensureSystemTenant } from '../../src/domain/configuration/system-tenant.js';
import { KeyRing } from '../../src/keys/sealing.js';
import { PostgresAccessReviewStore } from '../../src/storage/access-review-store.js';
import { PostgresAccountStore } from '../../src/storage/account-store.js';
import { PostgresStandingProfileStore } from '../../src/storage/standing-profile-store.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { PostgresConfigurationStore } from '../../src/storage/configuration-store.js';
import { freshDatabase, type TestDatabase } from './database.js';
import { testKeyMaker } from './signing-keys.js';

export const testIds: Ids = createIds(randomBytes, () => Date.now());

/** Rules of a deployment on loopback. */
export const testRules: ConfigurationRules = { allowHttpLoopback: true };

/** A migrated database with the tenant `system`, and what it takes to configure it. */
export interface TestDeployment extends TestDatabase {
  readonly ring: KeyRing;
  readonly deps: ApplyDeps;
  /** Applies as `causeway apply` would; deletions are allowed unless said otherwise. */
  apply(
    tenants: readonly Omit<DesiredTenant, 'path'>[],
    options?: Partial<ApplyOptions>,
    parts?: Partial<ApplyDeps>,
  ): Promise<ApplyOutcome>;
}

/** A fresh deployment per test file. Call in `beforeAll`, destroy in `afterAll`. */
export async function freshDeployment(): Promise<TestDeployment> {
  const db = await freshDatabase();
  const ring = new KeyRing([{ id: 'test', secret: randomBytes(32) }]);
  const deps: ApplyDeps = {
    store: new PostgresConfigurationStore(db.database),
    access: new PostgresAccessStore(db.database),
    reviews: new PostgresAccessReviewStore(db.database),
    standings: new PostgresStandingProfileStore(db.database),
    owners: new PostgresAccountStore(db.database),
    audit: new PostgresAuditStore(db.database),
    keys: testKeyMaker(ring, testIds),
    ids: testIds,
    clock: systemClock,
  };
  await ensureSystemTenant(deps);
  return {
    ...db,
    ring,
    deps,
    apply: (tenants, options, parts) =>
      applyConfiguration(
        { ...deps, ...parts },
        tenants.map((tenant, index) => ({ path: `tenants[${index}]`, ...tenant })),
        {
          rules: testRules,
          allowDelete: true,
          dryRun: false,
          actor: { type: 'operator', id: 'cli:tester' },
          ...options,
        },
      ),
  };
}
