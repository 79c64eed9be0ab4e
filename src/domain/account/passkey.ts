import type { TenantId, UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';

/** A passkey as the server keeps it: nothing in it opens anything. */
export interface Passkey {
  readonly id: string;
  readonly userId: UserId;
  /** base64url. */
  readonly credentialId: string;
  /** COSE key (RFC 9052). */
  readonly publicKey: Uint8Array;
  /** Signatures that its authenticator has counted; 0 where it doesn't count. */
  readonly counter: number;
  readonly transports: readonly string[];
}

/** A passkey as its owner tells it from their others. */
export interface ListedPasskey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** null: never, but to be made. */
  readonly lastUsedAt: Date | null;
}

/** A passkey that has just been made. */
export type NewPasskey = Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports'>;

/**
 * What an authenticator knows a person by: tenant and user, because all tenants of one host share its passkeys.
 * Opaque bytes to everybody else (WebAuthn section 14.6.1).
 */
export function userHandleOf(tenantId: TenantId, userId: UserId): Uint8Array {
  return Buffer.from(`${tenantId}${userId}`.replaceAll('-', ''), 'hex');
}

/**
 * The ceremonies of WebAuthn Level 2 for this deployment's host: the origin is its own, the user must be verified, the
 * credential is discoverable, so that no list tells who exists. Implemented by `keys`.
 */
export interface PasskeyCeremonies {
  /** Whether browsers know passkeys of this host: a domain, not an address of numbers. */
  readonly possible: boolean;
  /** Options of `navigator.credentials.create`. @param request.challenge base64url */
  creation(request: {
    readonly challenge: string;
    readonly userHandle: Uint8Array;
    readonly userName: string;
    /** Credential ids that the authenticator needn't make again. */
    readonly known: readonly string[];
  }): Promise<JsonObject>;
  /** Options of `navigator.credentials.get`. @param challenge base64url */
  request(challenge: string): Promise<JsonObject>;
  /** The passkey that a browser says it has made, once all that must be true of it was checked. */
  created(answer: unknown, challenge: string): Promise<NewPasskey | undefined>;
  /** Which passkey a browser's answer is by: its credential id, base64url. */
  credentialOf(answer: unknown): string | undefined;
  /** What the passkey's counter is after this use; undefined when the answer isn't by it, or not to this challenge. */
  used(
    answer: unknown,
    expected: { readonly challenge: string; readonly passkey: Passkey; readonly userHandle: Uint8Array },
  ): Promise<number | undefined>;
}
