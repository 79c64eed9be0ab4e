import type { Operation } from '../flows/flow.js';
import type { Observed, Pace, RunProcesses } from '../measure.js';
import type { Window } from '../statistics.js';

/** Who is looked at while work is done, and for how long. */
export interface Observation {
  readonly server: Observed;
  readonly run: RunProcesses;
  readonly pace: Pace;
}

/** Where a flow is measured against other places, such as a tenant of some size. */
export interface Place {
  readonly name: string;
  /** What it must keep to, where that isn't what the flow must. */
  readonly targets?: Targets;
  /** @returns an operation for each worker */
  readonly open: () => Promise<readonly Operation[]>;
  /** Puts things as they were, and checks that what was done is what was asked. `done`: operations since `open`. */
  readonly close: (done: number) => Promise<void>;
}

/** Windows of one flow in one place. */
export interface Measured {
  readonly place: string;
  readonly windows: readonly Window[];
  /** Nothing to compare it with: what is done there is something else. */
  readonly alone?: boolean;
  /** What it must keep to, where that isn't what the flow must. */
  readonly targets?: Targets;
}

/** What a flow must keep to; undefined: isn't judged. */
export interface Targets {
  /** Trips to the database for one operation. */
  readonly flushesMax: number | undefined;
  /** By how much p50 and CPU may be larger than in the first place. */
  readonly ratioMax: number | undefined;
  readonly p99MaxMs: number | undefined;
}

/** A flow as the table names it. */
export interface PlacedFlow {
  readonly name: string;
  readonly targets: Targets;
}
