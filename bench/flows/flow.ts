import type { Party } from '../driver/party.js';

/** One operation of a flow, from its first request to its last checked answer. @throws UnexpectedAnswer */
export type Operation = () => Promise<void>;

/** Something that applications do with a broker, and what it may cost. */
export interface Flow {
  readonly name: string;
  /** Trips to the database that one operation may make (perf.md's budget). */
  readonly flushesMax: number;
  /** Least throughput as a part of the floor's; undefined: shown, not judged. */
  readonly ratioMin: number | undefined;
  /**
   * Prepares what the operations need (people signed in, say), outside of what is measured.
   * @returns an operation for each concurrent worker
   */
  open(party: Party, workers: number): Promise<readonly Operation[]>;
}

/** Runs `make` for 0 … count-1, a few at once, and keeps the order. */
export async function prepare<T>(count: number, make: (index: number) => Promise<T>): Promise<readonly T[]> {
  const made: T[] = [];
  for (let at = 0; at < count; at += 8) {
    const batch = Array.from({ length: Math.min(8, count - at) }, (_, offset) => make(at + offset));
    // oxlint-disable-next-line no-await-in-loop -- eight at once are enough for a preparation
    made.push(...(await Promise.all(batch)));
  }
  return made;
}
