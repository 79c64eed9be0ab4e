import type { JsonObject } from '../../core/json.js';

/** Kinds of entries, in the order in which they are made: what refers to others comes after them. */
export const CHANGE_KINDS = [
  'tenant',
  'connection',
  'role',
  'api',
  'application',
  'roleMapping',
  'accessPolicy',
  'scimToken',
  'grant',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];
export type ChangeAction = 'create' | 'update' | 'delete';

/** One step from what is in force to what is wanted. */
export interface Change {
  readonly action: ChangeAction;
  readonly kind: ChangeKind;
  /** Slug of the tenant. */
  readonly tenant: string;
  readonly key: string;
  /** Members that an update changes, sorted; secrets by their names. */
  readonly changes: readonly string[];
  /** Members before: all of them in a deletion, in an update those that change. */
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/**
 * Whether the change takes away what somebody has: a way to sign in, an application, a role, tokens for an
 * API, Okta's access by SCIM, technicians' access to customers. Everything that a file can delete does, and so does the
 * suspension of a tenant.
 */
export function endsAccess(change: Change): boolean {
  return change.action === 'delete' || suspends(change);
}

function suspends({ action, kind, changes, after }: Change): boolean {
  return (
    kind === 'tenant' &&
    action === 'update' &&
    changes.includes('status') &&
    after?.['status'] === 'suspended'
  );
}
