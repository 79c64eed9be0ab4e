import type { Operation } from '../flows/flow.js';
import type { Observed, Pace, RunProcesses } from '../measure.js';
import type { Party } from '../driver/party.js';
import type { Window } from '../statistics.js';
import type { Populated, Population } from './population.js';

/** What SCIM flows work on: Causeway with tenants of all sizes. */
export interface ScimStage {
  readonly server: Observed;
  readonly run: RunProcesses;
  readonly pace: Pace;
  readonly quick: boolean;
  readonly population: Population;
  /** Of growing size; the largest has groups of all sizes. */
  readonly sizes: readonly Populated[];
  readonly many: readonly Populated[];
  readonly imported: Populated;
  readonly leavers: Populated;
  /** Signs people in at the tenant of the leavers. */
  readonly leaversParty: Party;
}

/** What a flow must keep to; undefined: isn't judged. */
export interface ScimTargets {
  /** Trips to the database for one operation. */
  readonly flushesMax: number | undefined;
  /** By how much p50 and CPU may be larger than in the first place. */
  readonly ratioMax: number | undefined;
  readonly p99MaxMs: number | undefined;
}

/** Windows of one flow in one place, such as a tenant of some size. */
export interface Measured {
  readonly place: string;
  readonly windows: readonly Window[];
  /** Nothing to compare it with: what is done there is something else. */
  readonly alone?: boolean;
}

/** Something that an upstream's provisioning does. */
export interface ScimFlow {
  readonly name: string;
  readonly targets: ScimTargets;
  /** It works on tenants that are filled beforehand. */
  readonly needsUsers: boolean;
  /** It leaves the tenants as it finds them, so it can be done to get warm. */
  readonly isSteady: boolean;
  /** Places in the order of the table; others are compared with the first, round by round. */
  measure(
    stage: ScimStage,
  ): Promise<{ readonly places: readonly Measured[]; readonly notes?: readonly string[] }>;
}

/** Where a flow is measured against other places. */
export interface Place {
  readonly name: string;
  /** @returns an operation for each worker */
  readonly open: () => Promise<readonly Operation[]>;
  /** Puts things as they were, and checks that what was done is what was asked. `done`: operations since `open`. */
  readonly close: (done: number) => Promise<void>;
}
