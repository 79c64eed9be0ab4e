import { badRequest } from '../errors.js';

/** Characters of a text that an index finds: an entry of an index has a limit, which all of them in UTF-8 stay below. */
const LOOKED_UP_MAX = 512;

/** Throws ScimError 400 invalidValue for a text that is too long to be found by. */
export function checkLookedUp(name: string, text: string | null): void {
  if (text !== null && text.length > LOOKED_UP_MAX)
    throw badRequest('invalidValue', `${name} may have ${LOOKED_UP_MAX} characters, but has ${text.length}.`);
}
