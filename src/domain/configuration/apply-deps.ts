import type { Clock } from '../../core/clock.js';
import type { Ids } from '../../core/ids.js';
import type { AccountStore } from '../account/account-store.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { KeyMaker } from '../keys/key-maker.js';
import type { AccessReviewStore } from '../provisioning/review-access.js';
import type { StandingProfileStore } from '../role/standing-profile.js';
import type { AccessStore } from '../session/end-access.js';
import type { ConfigurationStore } from './configuration-store.js';

/** What changing configuration works with. */
export interface ApplyDeps {
  readonly store: ConfigurationStore;
  readonly keys: KeyMaker;
  readonly access: AccessStore;
  readonly reviews: AccessReviewStore;
  readonly audit: AuditStore;
  /** How people stand, and who must not lose sight of each other as owners: the last one stays (keep-owners). */
  readonly standings: StandingProfileStore;
  readonly owners: Pick<AccountStore, 'lockOwners'>;
  readonly ids: Ids;
  readonly clock: Clock;
}
