import { canonicalJson, type JsonObject } from '../../core/json.js';
import { Problem } from './problems.js';

/** Members that a body has and a request can't set, apart from those that it can. */
export interface SplitBody {
  readonly body: JsonObject;
  readonly readOnly: JsonObject;
}

/** @param names of members that answers have and requests needn't */
export function splitReadOnly(body: JsonObject, names: readonly string[]): SplitBody {
  const members = Object.entries(body);
  return {
    body: Object.fromEntries(members.filter(([name]) => !names.includes(name))),
    readOnly: Object.fromEntries(members.filter(([name]) => names.includes(name))),
  };
}

/**
 * Refuses a change of what can't be changed: what was read can be sent back as it is, and nothing else.
 * @param given members of the request
 * @param shown the resource as it is read
 * @param moving members that change by themselves, so that what was read may be an older state
 * @throws Problem `invalid_body`
 */
export function requireAsRead(given: JsonObject, shown: JsonObject, moving: readonly string[] = []): void {
  const others = Object.entries(given).filter(
    ([name, value]) => !moving.includes(name) && canonicalJson(value) !== canonicalJson(shown[name] ?? null),
  );
  if (others.length === 0) return;
  throw new Problem('invalid_body', `${others.map(([name]) => name).join(', ')} can't be changed.`, {
    errors: others.map(([name]) => ({
      pointer: `/${name}`,
      message: 'can’t be changed: leave it out, or send it as it was read',
    })),
  });
}
