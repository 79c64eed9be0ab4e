import type { Clock } from '../core/clock.js';
import type { Ids, TenantId } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { UpstreamKeySets } from '../domain/connection/upstream-key-set.js';
import type { Outbound } from '../outbound/outbound.js';

/** What the relying party is made of. */
export interface RelyingPartyDeps {
  readonly outbound: Outbound;
  readonly keySets: UpstreamKeySets;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Which lanes its calls take, where that aren't those of people's sign-ins. */
  readonly lane?: string;
  /** Told which secret the upstream accepted: `connection <id> <member> <mark>`. A test's are none of its. */
  readonly secretUses?: { note(tenantId: TenantId, name: string): void };
}
