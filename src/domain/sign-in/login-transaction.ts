import type { ConnectionId, TenantId } from '../../core/ids.js';

/**
 * One trip to an upstream and back. It binds everything that must be the same on the way back: the browser, the
 * connection and its version, issuer, redirect URI, the interaction. Nonce and code verifier aren't
 * in it: they are derived from the secret that only the browser holds, so a copy of the database can't redeem a code.
 */
export interface LoginTransaction {
  /** SHA-256 of `state`. */
  readonly stateHash: Buffer;
  /** SHA-256 of the secret in the browser's cookie. */
  readonly browserHash: Buffer;
  readonly interactionHash: Buffer;
  /** The tenant above whose interaction waits, where the sign-in is for an application of it; absent: the connection's own. */
  readonly interactionTenantId?: TenantId | undefined;
  readonly connectionId: ConnectionId;
  readonly connectionVersion: number;
  readonly issuer: string;
  readonly redirectUri: string;
  readonly request: LoginRequest;
}

/** What was asked of the upstream, to be verified in its answer. */
export interface LoginRequest {
  readonly acrValues: readonly string[];
  /** Oldest acceptable authentication, in seconds; null: any. */
  readonly maxAgeSeconds: number | null;
  /** Whether the person must sign in during this very trip (`prompt=login`). */
  readonly freshly: boolean;
  /**
   * The second trip of a sign-in, which the upstream refused because of its groups claim: it doesn't ask for that, and
   * there is no third one. `startedSecondsBefore`: how long the first one took, which counts for what is asked here.
   */
  readonly withoutGroups?: { readonly startedSecondsBefore: number };
}

/** A transaction lives as long as a person may take. */
export const LOGIN_TRANSACTION_SECONDS = 600;
