import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { TenantId } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { ApplicationSecretStore } from '../domain/application/application-secret-store.js';
import type { StoredApplicationSecret } from '../domain/application/application.js';
import { matchesHash } from '../keys/hash.js';

/**
 * The application's secret that was sent, if it is one and has not ended. All hashes are compared, whatever comes out, so
 * that the time it takes doesn't tell how many there are or which one was met.
 */
export function matchingSecret(
  secrets: readonly StoredApplicationSecret[],
  sent: string,
  now: Date,
): StoredApplicationSecret | undefined {
  return secrets
    .filter((secret) => matchesHash(sent, secret.hash))
    .find(({ expiresAt }) => expiresAt === null || expiresAt > now);
}

/** How often a secret's use is written, at most. */
const NOTED_MS = 3_600_000;
/** Secrets of whose last note a node remembers; beyond that it asks the database once more, which knows better. */
const REMEMBERED_MAX = 50_000;

/**
 * When client secrets were last used, gathered beside requests and written some seconds later, once an hour for each
 * (B15). What could not be written is written later.
 */
export class SecretUses {
  #waiting = new Map<TenantId, Set<string>>();
  readonly #notedAtMs = new Map<string, number>();

  constructor(
    private readonly store: Pick<ApplicationSecretStore, 'noteUsed'>,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Costs a look-up in memory. */
  note(tenantId: TenantId, secretId: string): void {
    const notedAtMs = this.#notedAtMs.get(secretId);
    if (notedAtMs !== undefined && this.clock.now().getTime() - notedAtMs < NOTED_MS) return;
    this.#wait(tenantId, [secretId]);
  }

  /** Writes what waits. One tenant that fails waits for the next time, and keeps no other. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [tenantId, ids] of waiting) {
      try {
        await this.store.noteUsed(tenantId, [...ids]);
        this.#remember(ids);
      } catch (error) {
        this.#wait(tenantId, ids);
        this.log.warn('client_secrets.uses_not_written', { tenantId, error: messageOf(error) });
      }
    }
  }

  #wait(tenantId: TenantId, ids: Iterable<string>): void {
    const all = this.#waiting.get(tenantId) ?? new Set();
    for (const id of ids) all.add(id);
    this.#waiting.set(tenantId, all);
  }

  #remember(ids: Iterable<string>): void {
    if (this.#notedAtMs.size > REMEMBERED_MAX) this.#notedAtMs.clear();
    const nowMs = this.clock.now().getTime();
    for (const id of ids) this.#notedAtMs.set(id, nowMs);
  }
}
