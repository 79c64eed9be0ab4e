import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { MappingState } from './mapping-wish.js';
import type { PreviewSummary } from './preview-tally.js';

/** Which SCIM group mappings by a name meant, on one connection. */
export interface NamePin {
  readonly connectionId: string;
  readonly connectionVersion: number;
  readonly name: string;
  readonly groupId: string;
}

export type MappingChangeState = 'staged' | 'applied' | 'undone' | 'discarded';

/** A change of mappings as it is kept: to be applied by another admin, or to be undone. */
export interface MappingChange {
  readonly id: string;
  readonly state: MappingChangeState;
  /** The preview's, when it was staged or applied. */
  readonly version: string;
  readonly before: MappingState;
  readonly after: MappingState;
  /** Of names that no mapping goes by any more: what brings such a mapping back brings its group back. */
  readonly pins: readonly NamePin[];
  readonly summary: PreviewSummary;
  /** Who: `operator:cli:dana`, `user:<id>`. */
  readonly madeBy: string;
  readonly appliedBy: string | null;
  readonly undoneBy: string | null;
  readonly createdAt: Date;
  readonly appliedAt: Date | null;
  readonly undoneAt: Date | null;
}

/** Changes of mappings that were staged or made as such. */
export interface MappingChangeStore {
  /** The latest first. @param before only those made before this one */
  list(tenantId: TenantId, before: string | undefined, limit: number): Promise<readonly MappingChange[]>;
  find(tenantId: TenantId, id: string): Promise<MappingChange | undefined>;
  /** Locks it until the transaction ends. */
  lock(scope: TenantScope, id: string): Promise<MappingChange | undefined>;
  /** Makes it, or what it has become of it. */
  put(scope: TenantScope, change: MappingChange): Promise<void>;
  /** Which groups mappings by these names mean. */
  pinsOf(scope: TenantScope, names: readonly string[]): Promise<readonly NamePin[]>;
  /** Lets them mean those again, on connections that have the same issuer still. */
  restorePins(scope: TenantScope, pins: readonly NamePin[]): Promise<void>;
}
