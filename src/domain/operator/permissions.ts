import type { ConsoleRole } from './console-role.js';

/**
 * What a caller of the management API must be allowed: `<resource>.<read|manage>`, the resource being the word of its
 * address, so that the scope of an access token is `causeway.<permission>`.
 */
export interface PermissionRule {
  /** Console roles that have it in their tenant and in those below it. */
  readonly roles: readonly ConsoleRole[];
  /** A person must have proved who they are within the last five minutes. */
  readonly stepUp?: true;
}

const OWNER = ['console:owner'] as const;
const ADMINS = ['console:owner', 'console:admin'] as const;
const AUDITORS = [...ADMINS, 'console:read-only'] as const;
const READERS = [...AUDITORS, 'console:technician'] as const;
const EVERYONE = [...READERS, 'console:help-desk'] as const;
const SUPPORT = [...ADMINS, 'console:technician', 'console:help-desk'] as const;

/**
 * The one table of who may do what by console role: the API judges by it, documents it, and its tests are generated from
 * it. A technician may look at everything and help people, and changes nothing of the configuration.
 */
export const PERMISSIONS = {
  'tenants.read': { roles: EVERYONE },
  'tenants.manage': { roles: ADMINS },
  /** Whoever suspends or deletes a tenant ends everybody's access. */
  'tenants.suspend': { roles: OWNER, stepUp: true },
  'connections.read': { roles: READERS },
  'connections.manage': { roles: ADMINS },
  /** Whom one issuer vouched for, another one vouches for from now on. */
  'connections.rejoin': { roles: ADMINS, stepUp: true },
  'connections.test': { roles: [...ADMINS, 'console:technician'] },
  'domains.read': { roles: READERS },
  'domains.manage': { roles: ADMINS },
  'roles.read': { roles: EVERYONE },
  'roles.manage': { roles: ADMINS },
  'role-mappings.read': { roles: EVERYONE },
  'role-mappings.manage': { roles: ADMINS, stepUp: true },
  'role-assignments.read': { roles: EVERYONE },
  'role-assignments.manage': { roles: ADMINS, stepUp: true },
  'applications.read': { roles: EVERYONE },
  'applications.manage': { roles: ADMINS },
  'apis.read': { roles: READERS },
  'apis.manage': { roles: ADMINS },
  'access-policies.read': { roles: READERS },
  'access-policies.manage': { roles: ADMINS },
  'users.read': { roles: EVERYONE },
  'users.manage': { roles: ADMINS },
  'groups.read': { roles: EVERYONE },
  'sessions.read': { roles: EVERYONE },
  'sessions.manage': { roles: SUPPORT },
  'consents.read': { roles: EVERYONE },
  'consents.manage': { roles: SUPPORT },
  'scim-tokens.read': { roles: READERS },
  'scim-tokens.manage': { roles: ADMINS },
  'scim-requests.read': { roles: READERS },
  'setup-links.read': { roles: READERS },
  'setup-links.manage': { roles: ADMINS },
  'audit-events.read': { roles: EVERYONE },
  'audit-events.export': { roles: AUDITORS },
  'notices.read': { roles: READERS },
  'notices.manage': { roles: ADMINS },
  'deliveries.read': { roles: READERS },
  'deliveries.manage': { roles: ADMINS },
  'keys.read': { roles: READERS },
  'keys.manage': { roles: ADMINS },
  /** Tokens that were made with the old key fail at once. */
  'keys.emergency': { roles: OWNER, stepUp: true },
  'grants.read': { roles: AUDITORS },
  'grants.manage': { roles: OWNER, stepUp: true },
  'api-tokens.read': { roles: AUDITORS },
  'api-tokens.manage': { roles: OWNER, stepUp: true },
  'operators.read': { roles: AUDITORS },
  'operators.manage': { roles: ADMINS, stepUp: true },
  'jobs.read': { roles: READERS },
  'jobs.manage': { roles: ADMINS },
  'health.read': { roles: READERS },
  /** The whole configuration, out or in. */
  'configuration.read': { roles: OWNER, stepUp: true },
  'configuration.manage': { roles: OWNER, stepUp: true },
} as const satisfies Readonly<Record<string, PermissionRule>>;

export type Permission = keyof typeof PERMISSIONS;

/** The rule of a permission. */
export const ruleOf = (permission: Permission): PermissionRule => PERMISSIONS[permission];

/** The scope by which an access token has a permission (contract, Management API). */
export function scopeOf(permission: Permission): string {
  const [resource = '', verb = ''] = permission.split('.');
  return `causeway.${resource}.${verb === 'read' || verb === 'export' ? 'read' : 'manage'}`;
}
