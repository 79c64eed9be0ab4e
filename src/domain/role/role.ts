import type { GroupId, RoleId } from '../../core/ids.js';

/** A role of a tenant, or a built-in one of the console (`console:…`), which a tenant can't define. */
export interface Role {
  readonly id: RoleId;
  readonly key: string;
  readonly name: string;
}

/** Built-in roles of the console (D5). No application's token ever carries them. */
export const CONSOLE_ROLES = [
  { key: 'console:owner', name: 'Owner' },
  { key: 'console:admin', name: 'Administrator' },
  { key: 'console:help-desk', name: 'Help desk' },
  { key: 'console:read-only', name: 'Read only' },
  { key: 'console:technician', name: 'Technician' },
] as const;

/** A tenant's own role keys: `^[a-z0-9][a-z0-9._-]{0,63}$`; the colon keeps the console's apart. */
export const ROLE_KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Which group a mapping means: an exact name, a SCIM group's id, or the upstream's own id. */
export type GroupReference =
  { readonly name: string } | { readonly scim: GroupId } | { readonly upstream: string };

/** Group → role, for all applications or for one. */
export interface RoleMapping {
  readonly group: GroupReference;
  readonly role: string;
  /** clientId, or null for every application. */
  readonly application: string | null;
}

/** One text per group reference, for comparing and for people: `name:Engineering`. */
export function describeGroup(
  group: { readonly name: string } | { readonly scim: string } | { readonly upstream: string },
): string {
  if ('name' in group) return `name:${group.name}`;
  if ('scim' in group) return `scim:${group.scim}`;
  return `upstream:${group.upstream}`;
}

/** A role that a person has, and where: a clientId, or null for every application. */
export interface EffectiveRole {
  readonly key: string;
  readonly application: string | null;
}

/** A group that a person is in, as mappings see it. */
export interface GroupOfPerson {
  readonly id: GroupId;
  /** Compared byte for byte. */
  readonly name: string;
  readonly upstreamId: string | null;
  /**
   * Names by which mappings mean it: a mapping that has met a SCIM group means that one, whatever it is called later, and
   * no other that takes its name. Undefined: its own name.
   */
  readonly mappedAs?: readonly string[];
}

/** Whether a mapping's reference means the group. */
export function means(reference: GroupReference, group: GroupOfPerson): boolean {
  if ('name' in reference) return (group.mappedAs ?? [group.name]).includes(reference.name);
  if ('scim' in reference) return reference.scim === group.id;
  return reference.upstream === group.upstreamId;
}

/**
 * The roles that follow from a person's groups and direct assignments: computed whenever they are asked for, so that
 * they never accumulate (D3).
 */
export function effectiveRoles(
  groups: readonly GroupOfPerson[],
  mappings: readonly RoleMapping[],
  assignments: readonly EffectiveRole[],
): readonly EffectiveRole[] {
  const mapped = mappings
    .filter((mapping) => groups.some((group) => means(mapping.group, group)))
    .map((mapping) => ({ key: mapping.role, application: mapping.application }));
  return [...mapped, ...assignments];
}

/**
 * The `roles` of a person in an application: those without an application plus the application's own, sorted, without
 * duplicates; the default role when there is none. Console roles never leave the console.
 */
export function rolesIn(
  roles: readonly EffectiveRole[],
  clientId: string,
  defaultRole: string | null,
): readonly string[] {
  const keys = roles
    .filter((role) => role.application === null || role.application === clientId)
    .map((role) => role.key)
    .filter((key) => !key.startsWith('console:'));
  if (keys.length === 0) return defaultRole === null ? [] : [defaultRole];
  return [...new Set(keys)].toSorted();
}
