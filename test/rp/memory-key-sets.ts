import type { Clock } from '../../src/core/clock.js';
import type { ConnectionId, TenantId } from '../../src/core/ids.js';
import type { UpstreamKeySet, UpstreamKeySets } from '../../src/domain/connection/upstream-key-set.js';

/** A store in memory. Two relying parties that share one are two nodes. */
export class MemoryKeySets implements UpstreamKeySets {
  readonly rows = new Map<string, UpstreamKeySet>();
  readonly #claims = new Map<string, number>();
  /** What every call throws, when set. */
  broken: Error | undefined;
  loads = 0;

  constructor(private readonly clock: Clock) {}

  async load(tenantId: TenantId, connectionId: ConnectionId): Promise<UpstreamKeySet | undefined> {
    this.loads += 1;
    this.#check();
    // As a database would: what comes back shares nothing with what was given.
    return structuredClone(this.rows.get(`${tenantId} ${connectionId}`));
  }

  async save(tenantId: TenantId, connectionId: ConnectionId, keySet: UpstreamKeySet): Promise<void> {
    this.#check();
    this.rows.set(`${tenantId} ${connectionId}`, structuredClone(keySet));
  }

  async claimRefetch(tenantId: TenantId, connectionId: ConnectionId, seconds: number): Promise<boolean> {
    this.#check();
    const key = `${tenantId} ${connectionId}`;
    const nowMs = this.clock.now().getTime();
    if (nowMs < (this.#claims.get(key) ?? 0)) return false;
    this.#claims.set(key, nowMs + seconds * 1_000);
    return true;
  }

  async releaseRefetch(tenantId: TenantId, connectionId: ConnectionId): Promise<void> {
    this.#check();
    this.#claims.delete(`${tenantId} ${connectionId}`);
  }

  #check(): void {
    if (this.broken !== undefined) throw this.broken;
  }
}
