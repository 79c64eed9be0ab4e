import { Resolver } from 'node:dns/promises';
import { codeOf, OutboundError } from './error.js';

const QUERY_MS = 2_000;
const QUERY_TRIES = 2;
/** A name with more than this says nothing to us. */
const TEXTS_MAX = 100;

/** What DNS answers when a name has no text. */
const NONE = ['ENODATA', 'ENOTFOUND'];

/**
 * Asks DNS for the texts of a name (RFC 1035 section 3.3.14), each put together of its parts.
 * @param servers name servers (`address:port`); the system's when absent
 * @returns a function that gives none for a name without texts, and throws OutboundError `dns` when nobody answers
 */
export function createTextRecords(servers?: readonly string[]): (name: string) => Promise<readonly string[]> {
  return async (name) => {
    const resolver = new Resolver({ timeout: QUERY_MS, tries: QUERY_TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    try {
      const records = await resolver.resolveTxt(name);
      return records.slice(0, TEXTS_MAX).map((parts) => parts.join(''));
    } catch (error) {
      if (NONE.includes(codeOf(error) ?? '')) return [];
      throw new OutboundError('dns', `DNS doesn't answer for ${name}`, { cause: error });
    }
  };
}
