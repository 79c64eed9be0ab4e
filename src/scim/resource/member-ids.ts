import { isUuid } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import { isObject } from './check-json.js';

/**
 * The id of a user as a client wrote it: a UUID in lower case, anything else as it is, for the store to name
 * as unknown.
 */
export function memberId(text: string): string {
  const folded = text.toLowerCase();
  return isUuid(folded) ? folded : text;
}

/** The ids in `members`, in their order, each once. */
export function memberIds(members: Json | undefined): readonly string[] {
  if (!Array.isArray(members)) return [];
  const ids = members.map((member: Json) => (isObject(member) ? member['value'] : undefined));
  return [...new Set(ids.filter((id) => typeof id === 'string').map(memberId))];
}
