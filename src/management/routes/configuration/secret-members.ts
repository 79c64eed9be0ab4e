import type { JsonObject } from '../../../core/json.js';
import { NO_SECRET, type SecretState } from '../../../domain/configuration/secret-states.js';
import type { DesiredEntry } from './entry-kind.js';

/** A secret of a request as configuration takes it; undefined: it stays as it is. */
function wanted(value: unknown): string | null | undefined {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'string')
    return value.value;
  // What was read of it, sent back.
  return undefined;
}

/** An entry of a request with its secrets as configuration takes them. */
export function withSecrets(body: DesiredEntry, members: readonly string[]): DesiredEntry {
  const secrets = members.flatMap((member) => {
    const value = wanted(body[member]);
    return value === undefined ? [] : [[member, value] as const];
  });
  const rest = Object.entries(body).filter(([member]) => !members.includes(member));
  return Object.fromEntries([...rest, ...secrets]);
}

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

/** What is shown of an entry's secrets. */
export function shownSecrets(
  states: ReadonlyMap<string, SecretState>,
  key: string,
  members: readonly string[],
): JsonObject {
  return Object.fromEntries(
    members.map((member) => {
      const state = states.get(`${key} ${member}`) ?? NO_SECRET;
      const { set } = state;
      if (!set) return [member, { set }];
      return [
        member,
        {
          set,
          updatedAt: time(state.updatedAt),
          lastUsedAt: time(state.lastUsedAt),
          expiresAt: time(state.expiresAt),
        },
      ];
    }),
  );
}

/** Of secrets, what an ETag counts: that they are there and since when; not that they were used. */
export function secretVersions(
  states: ReadonlyMap<string, SecretState>,
  key: string,
  members: readonly string[],
): JsonObject {
  return Object.fromEntries(
    members.map((member) => {
      const { set, updatedAt, expiresAt } = states.get(`${key} ${member}`) ?? NO_SECRET;
      return [member, [set, updatedAt?.toISOString() ?? null, expiresAt?.toISOString() ?? null]];
    }),
  );
}
