import type { UpstreamGroup } from '../domain/sign-in/upstream-identity.js';

/** What a groups claim says. `unusable`: it says something that isn't a list of groups, so it counts as absent. */
export type GroupsClaim =
  | { readonly kind: 'groups'; readonly groups: readonly UpstreamGroup[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly note: 'groups_too_many' | 'groups_malformed' };

/** More than that are none. */
export const GROUPS_MAX = 1_000;
const NAME_LENGTH_MAX = 512;
// oxlint-disable-next-line no-control-regex -- a name with control characters is not a name
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Reads a groups claim: a list of names, a list of `{ id, name }`, or one name. Names are kept byte for byte:
 * mappings compare them so. All or nothing: a part of a list would take roles away from people who have them.
 */
export function readGroups(value: unknown): GroupsClaim {
  if (value === undefined || value === null) return { kind: 'absent' };
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length > GROUPS_MAX) return { kind: 'unusable', note: 'groups_too_many' };
  const groups = new Map<string, UpstreamGroup>();
  for (const entry of entries) {
    const group = readGroup(entry);
    if (group === undefined) return { kind: 'unusable', note: 'groups_malformed' };
    groups.set(JSON.stringify([group.id ?? null, group.name]), group);
  }
  return { kind: 'groups', groups: [...groups.values()] };
}

function readGroup(entry: unknown): UpstreamGroup | undefined {
  if (isName(entry)) return { id: undefined, name: entry };
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return undefined;
  const { id, name } = entry as { readonly id?: unknown; readonly name?: unknown };
  if (!isName(name) || (id !== undefined && id !== null && !isName(id))) return undefined;
  return { id: id ?? undefined, name };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= NAME_LENGTH_MAX && !CONTROL.test(value);
}
