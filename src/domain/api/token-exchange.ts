import type { JsonObject } from '../../core/json.js';
import type { AccessPolicy } from './api.js';

/** How many may have acted for somebody, one after the other, before a token is exchanged no more. */
export const ACTORS_MAX = 5;

/** What a token says of who may exchange it. */
export interface IssuedTo {
  /** The application that it was issued to. */
  readonly clientId: string;
  /** The API that it is for; undefined: userinfo. */
  readonly audience: string | undefined;
}

/**
 * Whether an application may bring a token as the subject of an exchange: one that it was given itself, or one for an API
 * on whose behalf it acts. It acts for an API when a policy of that API names it, by its clientId, for the grant
 * `token_exchange`: `all` names nobody. Whoever else holds a token for that API has come by it in a way that nobody
 * planned.
 */
export function mayBring(policies: readonly AccessPolicy[], clientId: string, token: IssuedTo): boolean {
  if (token.clientId === clientId) return true;
  return policies.some(
    (policy) =>
      policy.api === token.audience &&
      policy.grants.includes('token_exchange') &&
      policy.clients !== 'all' &&
      policy.clients.includes(clientId),
  );
}

/**
 * The `act` claim of an exchanged token (RFC 8693 section 4.1): who acts now, around those who acted before. Without a new
 * actor the earlier ones stay: an exchange never makes a delegated token look like the person's own.
 */
export function actClaim(before: JsonObject | undefined, actor: string | undefined): JsonObject | undefined {
  if (actor === undefined) return before;
  return { sub: actor, ...(before === undefined ? {} : { act: before }) };
}

/** How many actors an `act` claim names. */
export function countActors(act: unknown): number {
  let count = 0;
  for (let rest = act; typeof rest === 'object' && rest !== null; rest = (rest as { act?: unknown }).act)
    count += 1;
  return count;
}
