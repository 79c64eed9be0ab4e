import type { Brand } from '../../core/brand.js';
import type { Actor } from './audit-event.js';

/**
 * What brought or ended somebody's membership or role, as it is kept with the row: a push by its id in the flight
 * recorder, a sign-in by its request, an operator by name of the actor.
 */
export type Cause = Brand<string, 'Cause'>;

const KINDS = ['scim', 'sign_in', 'revalidation', 'operator'] as const;
export type CauseKind = (typeof KINDS)[number];

const REFERENCE_MAX = 200;

function cause(kind: CauseKind, reference: string): Cause {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- brands exist only here
  return `${kind}:${reference.slice(0, REFERENCE_MAX)}` as Cause;
}

/** A push. @param recordId its id in the flight recorder */
export const pushCause = (recordId: string): Cause => cause('scim', recordId);

/** A sign-in. @param requestId of the browser's return from the upstream */
export const signInCause = (requestId: string | null): Cause => cause('sign_in', requestId ?? '');

/** The upstream was asked again about somebody who is signed in (A19). */
export const REVALIDATION_CAUSE: Cause = cause('revalidation', '');

/** A change by whoever runs the tenant: `operator:cli:dana`. */
export const actorCause = (actor: Actor): Cause => cause('operator', actor.id);

/** A kept cause, taken apart. */
export interface ReadCause {
  readonly kind: CauseKind;
  /** Of a push its id in the flight recorder, of a sign-in its request, of an operator who; empty: not known. */
  readonly reference: string;
}

/** Takes a kept cause apart; null: nobody said, as before causes were kept. */
export function readCause(text: string | null): ReadCause | null {
  const kind = KINDS.find((known) => text?.startsWith(`${known}:`) === true);
  if (kind === undefined || text === null) return null;
  return { kind, reference: text.slice(kind.length + 1) };
}
