import type { ConnectionId, GroupId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';

/**
 * A name by which mappings or grants go has been taken by another SCIM group than the one that they met: the new one inherits
 * nothing until an admin says so (contract, Groups; A-15).
 */
export interface NameQuestion {
  readonly name: string;
  readonly connectionId: ConnectionId;
  /** Key of the connection. */
  readonly connection: string;
  readonly connectionVersion: number;
  /** Which bears the name now. */
  readonly groupId: GroupId;
  readonly groupCreatedAt: Date;
  /** Which mappings by the name mean; its name is null where it is gone. */
  readonly meant: { readonly id: GroupId; readonly name: string | null };
  /** An admin has said no. */
  readonly declined: boolean;
}

/** Names that wait for an admin's word. */
export interface NameQuestionStore {
  /** Those that nobody has answered yet, by the new group's id. */
  waiting(scope: TenantScope, after: string | undefined, limit: number): Promise<readonly NameQuestion[]>;
  /** About a new group, answered with no or not at all. */
  find(scope: TenantScope, groupId: string): Promise<NameQuestion | undefined>;
  /** The same; pushes that claim a name, and others who answer, wait until the transaction ends. */
  lock(scope: TenantScope, groupId: string): Promise<NameQuestion | undefined>;
  /** Yes: mappings by the name mean the new group from now on, and the one before no longer. */
  bind(scope: TenantScope, question: NameQuestion): Promise<void>;
  /** No: it isn't asked again about this group. */
  decline(scope: TenantScope, question: NameQuestion): Promise<void>;
}
