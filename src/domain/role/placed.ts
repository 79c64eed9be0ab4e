import type { CustomerGrant } from '../configuration/tenant-configuration.js';

/** A role in one application, or everywhere but in some. */
export interface PlacedRole {
  readonly role: string;
  /** clientId; null: in every application. */
  readonly application: string | null;
  /** clientIds of those in which nothing changes. */
  readonly except?: readonly string[];
  /** Of a role that is granted in customers' tenants: slugs, or all of them. It is none of the person's tenant. */
  readonly customers?: CustomerGrant['customers'];
  /** Slug of the tenant above, in whose applications for its customers' people it is so (E4). */
  readonly tenant?: string;
}

/** An application, or all those that are for everybody, but for some. */
export interface PlacedAccess {
  /** clientId; null: in every one whose assignment is `everyone`. */
  readonly application: string | null;
  /** clientIds of those in which nothing changes. */
  readonly except?: readonly string[];
  /** Slug of the tenant above, whose application it is. */
  readonly tenant?: string;
}
