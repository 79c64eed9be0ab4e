import type { JsonObject } from '../../core/json.js';

/** Who did something: a person, an operator, a machine; an application that registers or changes itself. */
export interface Actor {
  readonly type: 'user' | 'operator' | 'scim' | 'application' | 'system';
  /** A user's id, `cli:<os user>`, a token's id, a `client_id`; never a name or address. */
  readonly id: string;
}

/** Where a request came from. */
export interface RequestOrigin {
  readonly ip: string | null;
  /** At most 300 characters of plain text. */
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** What happened, before it is written. Secrets never; people only by id, with what identifies them apart in `personal`. */
export interface AuditEntry {
  /** `sign_in.succeeded`, `connection.updated`: noun, then verb in the past. */
  readonly action: string;
  readonly outcome: 'success' | 'refused' | 'failure';
  /** Reason code of a refusal or failure, as in the contract. */
  readonly reason: string | null;
  readonly actor: Actor;
  /** What it was done to: `connection:okta`, `user:<id>`. */
  readonly target: string | null;
  readonly application: string | null;
  readonly connection: string | null;
  readonly session: string | null;
  /** The reference that the person was shown. */
  readonly reference: string | null;
  readonly origin: RequestOrigin;
  /** Facts without personal data, before and after of a change included. */
  readonly details: JsonObject;
  /** Names, addresses: sealed apart from the chained event, so that erasure keeps the chain. */
  readonly personal: JsonObject | null;
}

export const NO_ORIGIN: RequestOrigin = { ip: null, userAgent: null, requestId: null };

/** An entry with what doesn't apply left empty. */
export function auditEntry(entry: Pick<AuditEntry, 'action' | 'actor'> & Partial<AuditEntry>): AuditEntry {
  return {
    outcome: 'success',
    reason: null,
    target: null,
    application: null,
    connection: null,
    session: null,
    reference: null,
    origin: NO_ORIGIN,
    details: {},
    personal: null,
    ...entry,
  };
}
