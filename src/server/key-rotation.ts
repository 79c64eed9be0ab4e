import { messageOf } from '../core/errors.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { currentSeconds, KEY_SCHEDULE, type KeySchedule } from '../domain/keys/key-schedule.js';
import { advanceKeys, type KeyOutcome, type RotateKeysDeps } from '../domain/keys/rotate-keys.js';
import type { KeyRing } from '../keys/sealing.js';
import type { Database } from '../storage/database.js';
import { PostgresSigningKeyStore } from '../storage/signing-key-store.js';
import { configurationDeps } from './configuration.js';

/** Longer than a handful of tenants takes; a node that is killed meanwhile leaves them to the others after that. */
const LEASE_SECONDS = 120;
/** A deployment whose tenants were all made at once rotates over an hour, not all in one go. */
const KEYS_MAX = 24;

const ACTOR = { type: 'system', id: 'key-rotation' } as const;

/** What it takes to rotate signing keys, for the job and for commands. */
export function keyRotationDeps(database: Database, keyRing: KeyRing, ids: Ids): RotateKeysDeps {
  return {
    ...configurationDeps(database, keyRing, ids),
    signingKeys: new PostgresSigningKeyStore(database),
  };
}

/**
 * The rotation of all tenants' signing keys, on every node: takes what is due a step further (B16). One tenant that
 * fails is logged, tried again after its lease, and keeps no other.
 */
export class KeyRotation {
  constructor(
    private readonly deps: RotateKeysDeps,
    private readonly log: Logger,
    private readonly schedule: KeySchedule = KEY_SCHEDULE,
  ) {}

  /** @returns what was done */
  async run(): Promise<readonly KeyOutcome[]> {
    const tenants = await this.deps.signingKeys.claimDue({
      currentSeconds: currentSeconds(this.schedule),
      leaseSeconds: LEASE_SECONDS,
      keysMax: KEYS_MAX,
    });
    const outcomes: KeyOutcome[] = [];
    for (const tenant of tenants) {
      try {
        const done = await advanceKeys(this.deps, tenant, { schedule: this.schedule, actor: ACTOR });
        for (const { id, alg, did } of done)
          this.log.info('signing_key.step', { tenant: tenant.slug, key: id, alg, did });
        outcomes.push(...done);
      } catch (error) {
        this.log.error('signing_key.step_failed', { tenant: tenant.slug, error: messageOf(error) });
      }
    }
    return outcomes;
  }
}
