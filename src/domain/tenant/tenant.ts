import type { TenantId } from '../../core/ids.js';
import type { ScimExtension } from '../provisioning/schema-extension.js';

/** One customer organization with one issuer; or an MSP, a tenant with tenants below it; or the deployment's own. */
export interface Tenant {
  readonly id: TenantId;
  /** Immutable and never used again: the issuer's last path segment. */
  readonly slug: string;
  readonly name: string;
  readonly kind: TenantKind;
  /** The tenant above: `system` or an MSP. null only for `system` itself. */
  readonly parentId: TenantId | null;
  readonly status: TenantStatus;
  readonly settings: TenantSettings;
  /** Grows with every change of the tenant's configuration. */
  readonly configVersion: number;
}

export type TenantKind = 'system' | 'organization';
export type TenantStatus = 'active' | 'suspended';
export type LocalSignIn = 'enabled' | 'break-glass' | 'disabled';
export type RoleMappingMode = 'many-to-many' | 'one-to-one';
export type WhenNoRole = 'allow' | 'deny';

export interface TenantSettings {
  /** A connection's key, or `chooser`, or null: then discovery decides. */
  readonly signInDefault: string | null;
  readonly localSignIn: LocalSignIn;
  readonly roleMappingMode: RoleMappingMode;
  /** Key of the role of those whom no mapping or assignment gives one. */
  readonly defaultRole: string | null;
  readonly whenNoRole: WhenNoRole;
  /** Attributes of the tenant's own in its SCIM schemas (C2). */
  readonly scimExtensions: readonly ScimExtension[];
}

export const DEFAULT_TENANT_SETTINGS: TenantSettings = {
  signInDefault: null,
  localSignIn: 'break-glass',
  roleMappingMode: 'many-to-many',
  defaultRole: null,
  whenNoRole: 'allow',
  scimExtensions: [],
};

/** Whether the tenant keeps out somebody whom groups and assignments give these roles. */
export function isDenied({ whenNoRole, defaultRole }: TenantSettings, roles: readonly unknown[]): boolean {
  return whenNoRole === 'deny' && defaultRole === null && roles.length === 0;
}

/** A mail domain of a tenant. A verified one belongs to one tenant of the deployment and steers sign-in (A8, A-12). */
export interface Domain {
  readonly name: string;
  readonly verified: boolean;
  /** The connection that its people use; null: the tenant's default or only one. */
  readonly connection: string | null;
}

/** The slug of the deployment's own tenant: parent of all, not listed, cannot be suspended. */
export const SYSTEM_SLUG = 'system';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$/;
/** Words that an address of Causeway or a proxy before it might mean otherwise. */
const RESERVED_SLUGS: ReadonlySet<string> = new Set([
  'admin',
  'api',
  'console',
  'healthz',
  'metrics',
  'readyz',
  'scim',
  'setup',
  SYSTEM_SLUG,
]);

/** Why a text can't be a new tenant's slug, or undefined when it can. Okta refuses an underscore in a SCIM base URL. */
export function slugFault(slug: string): string | undefined {
  if (!SLUG.test(slug))
    return 'must be 2 to 40 lower-case letters, digits and hyphens, and begin and end with a letter or digit';
  if (RESERVED_SLUGS.has(slug)) return `'${slug}' is reserved`;
  return undefined;
}
