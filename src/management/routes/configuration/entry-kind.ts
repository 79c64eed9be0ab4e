import type { TObject, TSchema } from 'typebox';
import type { Json, JsonObject } from '../../../core/json.js';
import type { TenantScope } from '../../../core/scope.js';
import type { AppliedTenant } from '../../../domain/configuration/apply-tenant.js';
import type { ConfiguredTenant } from '../../../domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../../domain/configuration/desired.js';
import type { SecretStates } from '../../../domain/configuration/secret-states.js';
import type { TenantPlan } from '../../../domain/configuration/plan.js';
import type { ConnectionLifecycle } from '../../../domain/connection/lifecycle/lifecycle.js';
import type { Permission } from '../../../domain/operator/permissions.js';
import type { ApiCall } from '../../api/call.js';

/** Lists of a tenant's configuration whose entries are resources. */
export type EntryList =
  | 'domains'
  | 'connections'
  | 'roles'
  | 'roleMappings'
  | 'apis'
  | 'accessPolicies'
  | 'applications'
  | 'scimTokens'
  | 'grants';

/** An entry as the API shows it. */
export interface ShownEntry {
  /** What its address ends in. */
  readonly id: string;
  readonly body: JsonObject;
  /** Of the body, what doesn't change by being used: the ETag is made of it. */
  readonly version: Json;
}

/** A tenant, as entries are shown of it. */
export interface ShownTenant {
  readonly tenant: ConfiguredTenant;
  readonly secrets: SecretStates;
  /** By key. Empty where no connection is shown. */
  readonly lifecycles: ReadonlyMap<string, ConnectionLifecycle>;
  /** Without a slash at the end. */
  readonly publicUrl: string;
}

export type DesiredEntry = Readonly<Record<string, unknown>>;

/** One kind of entry of the configuration: how its resources look, and how a change of one becomes a wanted list. */
export interface EntryKind {
  readonly list: EntryList;
  /** `role-mappings`: the word of its address. */
  readonly address: string;
  /** `RoleMapping`: in names of operations and schemas. */
  readonly noun: string;
  /** In sentences: `role mapping`. */
  readonly words: string;
  readonly read: Permission;
  readonly manage: Permission;
  /** What the parameter of its address is called. */
  readonly parameter: string;
  /** Of a new one, of one that is replaced, of changes to one (RFC 7396), and of what is answered. */
  readonly schemas: {
    readonly create: TObject;
    readonly replace: TObject;
    readonly change: TObject;
    readonly resource: TSchema;
  };
  readonly readOnly: readonly string[];
  /** Of those, what changes by itself: what was read of it may be sent back, whatever it is by now. */
  readonly moving?: readonly string[];
  /** Its entries, in order of their ids. */
  show(tenant: ShownTenant): readonly ShownEntry[];
  /** Entries that leave what is in force as it is, in the order of `show`'s; with the id that each has. */
  keep(tenant: ConfiguredTenant): readonly { readonly id: string; readonly entry: DesiredEntry }[];
  /** The id that a new entry would have; undefined: it gets one. */
  idOf(body: DesiredEntry): string | undefined;
  /** What is wanted of a new entry. */
  create(body: DesiredEntry): DesiredEntry;
  /** What is wanted of an entry in force. @param replace whether absent members return to their defaults */
  change(current: ShownEntry, body: DesiredEntry, replace: boolean): DesiredEntry;
  /** An entry without a name of its own: by what it says, with its kind, it gets and keeps its id. */
  nameOf?(entry: DesiredEntry): string;
  /** Members of a new entry that are told this once. */
  told?(applied: AppliedSecrets, id: string): JsonObject;
  /** Who may do this beyond the permission, and what it takes; called under the lock. @throws Problem, DomainError */
  judge?(
    call: ApiCall,
    plan: TenantPlan,
    current: ConfiguredTenant,
    asked: AskedChange,
  ): void | Promise<void>;
  /** Whether requests may carry `confirm`, as what a change does to people has been seen, and `reason`. */
  readonly isConfirmed?: true;
  /**
   * Takes on a change that isn't made at once, and checks its version under the lock.
   * @returns false: the change is made as all others
   */
  instead?(call: ApiCall, change: DivertedChange): Promise<boolean>;
}

/** What a kind's judge needs beside the plan. */
export interface AskedChange {
  readonly scope: TenantScope;
  readonly confirm: string | undefined;
  readonly reason: string | undefined;
}

/** A change of one entry that may not be made at once. */
export interface DivertedChange {
  readonly id: string;
  readonly body: DesiredEntry;
  readonly replace: boolean;
  /** Asserts, under the lock, that the caller has seen what is there. @throws Problem `version_mismatch` */
  readonly expect: (current: ConfiguredTenant, scope: TenantScope) => Promise<ShownEntry>;
}

export type AppliedSecrets = Pick<AppliedTenant, 'applications' | 'scimTokens'>;

/** A wanted tenant in which only one list is spoken of. */
export function wantedList(slug: string, list: EntryList, entries: readonly DesiredEntry[]): DesiredTenant {
  // Entries are of the list's kind: made by `keep`, or validated by its schemas.
  return { path: '', slug, [list]: entries };
}
