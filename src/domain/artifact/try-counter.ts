import type { TenantId } from '../../core/ids.js';

/** Tries of a guessable value, counted for all nodes together in windows of a fixed length. */
export interface TryCounter {
  /**
   * Adds one to each counter before the try is made, so that many at once can't slip by.
   * @param names SHA-256 of what the tries are counted for
   * @returns how many there are in each one's window, this one included, in the order of the names
   */
  count(tenantId: TenantId, names: readonly Buffer[], windowSeconds: number): Promise<readonly number[]>;
  /** Takes one back from each counter: the try was no guess. */
  forgive(tenantId: TenantId, names: readonly Buffer[]): Promise<void>;
}
