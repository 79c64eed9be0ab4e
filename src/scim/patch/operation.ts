import type { Json } from '../../core/json.js';
import type { ResourceFilter } from '../../domain/provisioning/resource-query.js';

/** One operation of a PATCH (RFC 7644 section 3.5.2), read from a body but not yet held against a schema. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  /** Undefined: the resource itself. */
  readonly path: string | undefined;
  /** Always there for add and replace. */
  readonly value: Json | undefined;
}

/**
 * What happens to the members of a group, in the order of the request. `ids` are as sent, UUIDs in lower
 * case.
 */
export type MemberChange =
  | { readonly kind: 'add' | 'remove' | 'replace'; readonly ids: readonly string[] }
  | { readonly kind: 'clear' }
  /** Paths of the filter begin at the member: `['value']`, `['display']`. */
  | { readonly kind: 'removeWhere'; readonly filter: ResourceFilter };

/** A PATCH of a group: members are rows, changed by rows; the rest goes through `applyPatch`. */
export interface GroupPatch {
  /** Operations that don't concern members, in order. */
  readonly attributes: readonly PatchOperation[];
  readonly members: readonly MemberChange[];
}
