import type { Party } from '../driver/party.js';
import type { Measured, Observation, PlacedFlow } from '../places/place.js';
import type { Populated, Population } from './population.js';

/** What SCIM flows work on: Causeway with tenants of all sizes. */
export interface ScimStage extends Observation {
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

/** Something that an upstream's provisioning does. */
export interface ScimFlow extends PlacedFlow {
  /** It works on tenants that are filled beforehand. */
  readonly needsUsers: boolean;
  /** It leaves the tenants as it finds them, so it can be done to get warm. */
  readonly isSteady: boolean;
  /** Places in the order of the table; others are compared with the first, round by round. */
  measure(
    stage: ScimStage,
  ): Promise<{ readonly places: readonly Measured[]; readonly notes?: readonly string[] }>;
}
