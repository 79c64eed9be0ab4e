import type { AuditEventId, TenantId } from '../../core/ids.js';
import { sha256 } from './audit-record.js';

/**
 * The chain of a tenant's audit events: each link's hash covers the link before it, so that nothing can be
 * changed, taken out or put in without every later hash being wrong. Signed checkpoints hold what was true at
 * their time, so that the chain can't be cut or made anew either.
 */

/** One link: an event, its place, and the hash over it and all before. */
export interface ChainLink {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly eventId: AuditEventId;
  /** The event's own hash when it was chained. */
  readonly eventHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** The newest link of a tenant's chain. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** What a checkpoint says: at that time, the chain's link `seq` had the hash. */
export interface CheckpointClaims {
  readonly tenantId: string;
  readonly seq: number;
  /** base64url. */
  readonly hash: string;
}

/** Signs checkpoints, and opens signed ones. Implemented over the deployment's Ed25519 keys. */
export interface CheckpointSigner {
  sign(claims: CheckpointClaims, at: Date): Promise<string>;
}

export interface CheckpointReader {
  /** undefined: nobody but us could have said so, and we did not. */
  open(signed: string): Promise<CheckpointClaims | undefined>;
}

/** The hash before a tenant's first link: its own, so that no chain passes for another tenant's. */
export function genesisHash(tenantId: TenantId): Buffer {
  return sha256(`causeway audit chain ${tenantId}`);
}

/** The hash of a link: SHA-256 over the hash of the link before it and the event's. */
export function linkHash(previous: Uint8Array, eventHash: Uint8Array): Buffer {
  return sha256(Buffer.concat([previous, eventHash]));
}

/** The next links for events in their order. */
export function extendChain(
  head: ChainHead,
  events: readonly { readonly id: AuditEventId; readonly hash: Uint8Array }[],
): readonly ChainLink[] {
  const links: ChainLink[] = [];
  let { seq, hash } = head;
  for (const event of events) {
    seq += 1;
    hash = linkHash(hash, event.hash);
    links.push({ seq, eventId: event.id, eventHash: event.hash, hash });
  }
  return links;
}
