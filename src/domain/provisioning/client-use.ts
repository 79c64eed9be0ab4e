import type { TenantId } from '../../core/ids.js';

/** A SCIM client of a tenant: a SCIM token, or an application with tokens of ours. */
export interface ClientName {
  readonly tenantId: TenantId;
  /** The actor's id. */
  readonly client: string;
}

/** What one node tells the others of one client's requests. */
export interface ClientUse extends ClientName {
  /** Requests that were let through, ever since the node began: it only grows. */
  readonly taken: number;
  /** Requests a second of late, refused ones too. */
  readonly asked: number;
  /** What the node thinks is left of the client's quota; negative: more was used than there was. */
  readonly left: number;
}

/** What another node has told lately. */
export interface PeerUse extends ClientUse {
  readonly node: string;
}

/** Where nodes tell each other how much each client uses. */
export interface ClientUseStore {
  /** Tells what this node's clients use. @returns what the other nodes have told of the same clients in the last seconds */
  exchange(node: string, uses: readonly ClientUse[]): Promise<readonly PeerUse[]>;
}
