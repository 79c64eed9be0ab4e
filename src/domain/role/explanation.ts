import type { UserId } from '../../core/ids.js';
import type { ReadCause } from '../audit/cause.js';
import type { CustomerGrant } from '../configuration/tenant-configuration.js';
import type { GroupReference } from './role.js';

/** Since when and by what something is so. */
export interface Origin {
  readonly since: Date;
  /** It may be older: nothing was kept before. */
  readonly orEarlier: boolean;
  readonly cause: ReadCause | null;
}

/** A group that a person is in. */
export interface ExplainedGroup extends Origin {
  readonly id: string;
  readonly name: string;
  readonly source: 'scim' | 'token';
}

/** A mapping, by what it says. */
export interface ExplainedMapping extends Origin {
  readonly id: string;
  readonly group: GroupReference;
  readonly role: string;
  /** null: in every application. */
  readonly application: string | null;
}

/** One cause of a role, from the person to the role. Without the others it would still give it. */
export type Chain =
  | {
      readonly number: number;
      readonly kind: 'mapping';
      readonly group: ExplainedGroup;
      readonly mapping: ExplainedMapping;
    }
  | (Origin & {
      readonly number: number;
      readonly kind: 'assignment';
      readonly source: 'operator' | 'scim';
      /** null: in every application. */
      readonly application: string | null;
    })
  /** One of an MSP's people, in a customer's tenant (E2). */
  | {
      readonly number: number;
      readonly kind: 'grant';
      readonly group: ExplainedGroup;
      readonly grant: CustomerGrant;
    }
  /** Nothing else gives the person a role in the application. */
  | { readonly number: number; readonly kind: 'default' };

/** A role that the person has, with all that gives it. */
export interface RoleReason {
  readonly role: string;
  readonly sentence: string;
  readonly chains: readonly Chain[];
}

/** What a rule lacks to give the person its role. */
export type MissingLink =
  /** It is about another application. */
  | { readonly kind: 'other_application' }
  /** The person is in none of the groups that it means: their names. */
  | { readonly kind: 'not_a_member'; readonly groups: readonly string[] }
  /** The connection has no such group. */
  | { readonly kind: 'no_such_group' }
  /** They were in it. */
  | { readonly kind: 'left'; readonly group: string; readonly until: Date; readonly cause: ReadCause | null }
  /** A token put them into it, but SCIM has pushed a group of that name, and judges it alone. */
  | { readonly kind: 'judged_by_scim'; readonly group: string }
  /** The mapping means another group, which had that name when the two met: its name now, null where it is gone. */
  | { readonly kind: 'means_other_group'; readonly group: string; readonly meant: string | null }
  /** The connection's `groupSource` doesn't listen to who put them into it. */
  | { readonly kind: 'source_not_heard'; readonly group: string; readonly groupSource: 'token' | 'scim' };

/** A rule that would give a role, and why it doesn't give it to this person. */
export interface UnmetRule {
  readonly mapping: ExplainedMapping;
  readonly missing: MissingLink;
  readonly sentence: string;
}

/** A role that the person doesn't have. */
export interface WhyNot {
  readonly role: string;
  readonly sentence: string;
  readonly rules: readonly UnmetRule[];
}

/** Why the person may not use an application, or nothing at all. */
export type NoAccess =
  | 'tenant_suspended'
  /** Switched off. */
  | 'inactive'
  /** Their connection isn't open to people. */
  | 'connection_closed'
  /** Their connection has another issuer since. */
  | 'connection_changed'
  | 'not_assigned'
  | 'no_role';

/** Why a person has the roles that they have, and why not others (D6). */
export interface RoleExplanation {
  readonly sentence: string;
  readonly user: { readonly id: UserId; readonly userName: string; readonly name: string };
  /** null: whatever the application. `tenant`: whose it is, the person's own or the one above (E4). */
  readonly application: {
    readonly clientId: string;
    readonly name: string;
    readonly tenant: string;
  } | null;
  /** In whose console, below the person's own tenant (E2); null: in their own. */
  readonly customer: { readonly slug: string; readonly name: string } | null;
  /** null: now. */
  readonly at: Date | null;
  /** What was so before isn't known. */
  readonly historySince: Date;
  /** What the answer takes as it is now, though it asks for the past; why nothing is known. */
  readonly limits: readonly string[];
  readonly roles: readonly RoleReason[];
  readonly whyNot: readonly WhyNot[];
  readonly access: { readonly allowed: boolean; readonly reason: NoAccess | null; readonly sentence: string };
  /** What the application is told; a name that is null: it isn't told. null: no application was asked for. */
  readonly claims: {
    readonly roles: { readonly name: string | null; readonly value: readonly string[] };
    readonly groups: { readonly name: string | null; readonly value: readonly string[] };
  } | null;
}
