/** How much lists are read from. People and events are one tenant's. */
export interface ListSizes {
  readonly tenants: number;
  readonly users: number;
  readonly events: number;
}

/** What the product promises lists for (issue of administration: p99 under 200 ms). */
export const WHOLE: ListSizes = { tenants: 10_000, users: 1_000_000, events: 10_000_000 };
export const QUICK: ListSizes = { tenants: 1_000, users: 50_000, events: 300_000 };

/** What else there is, for so many people. */
export function companyOf({ users }: ListSizes) {
  return {
    groups: Math.max(50, Math.floor(users / 1_000)),
    /** Members of one group. */
    largeGroup: Math.floor(users / 20),
    sessions: Math.floor(users / 5),
    assignments: Math.floor(users / 10),
    consents: Math.floor(users / 10),
    deliveries: Math.floor(users / 10),
    scimRequests: Math.floor(users / 2),
  };
}
