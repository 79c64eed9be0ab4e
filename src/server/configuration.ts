import { systemClock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { ApplyDeps } from '../domain/configuration/apply-deps.js';
import { createKeyMaker } from '../keys/key-maker.js';
import type { KeyRing } from '../keys/sealing.js';
import { PostgresAccessReviewStore } from '../storage/access-review-store.js';
import { PostgresAccessStore } from '../storage/access-store.js';
import { PostgresAccountStore } from '../storage/account-store.js';
import { PostgresAuditStore } from '../storage/audit-store.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import type { Database } from '../storage/database.js';
import { PostgresStandingProfileStore } from '../storage/standing-profile-store.js';

/** What it takes to change tenants' configuration, for commands and for the management API. */
export function configurationDeps(database: Database, keyRing: KeyRing, ids: Ids): ApplyDeps {
  return {
    store: new PostgresConfigurationStore(database),
    access: new PostgresAccessStore(database),
    reviews: new PostgresAccessReviewStore(database),
    audit: new PostgresAuditStore(database),
    standings: new PostgresStandingProfileStore(database),
    owners: new PostgresAccountStore(database),
    keys: createKeyMaker(keyRing, ids),
    ids,
    clock: systemClock,
  };
}
