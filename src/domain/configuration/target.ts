import type { AccessPolicy, Api } from '../api/api.js';
import type { Application } from '../application/application.js';
import type { Registration } from '../application/registration.js';
import type { Connection } from '../connection/connection.js';
import type { RoleMapping } from '../role/role.js';
import type { Domain, TenantSettings, TenantStatus } from '../tenant/tenant.js';
import type { CustomerGrant } from './tenant-configuration.js';

/** All of a tenant as it is to be: what the file wants, completed by what is in force and by defaults. */
export interface TargetTenant {
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  /** Slug of the MSP above; null: directly below `system`. */
  readonly parent: string | null;
  readonly settings: TenantSettings;
  readonly domains: readonly Domain[];
  readonly connections: readonly TargetConnection[];
  /** The tenant's own; the console's built-in roles are always there. */
  readonly roles: readonly TargetRole[];
  readonly roleMappings: readonly RoleMapping[];
  readonly apis: readonly TargetApi[];
  readonly accessPolicies: readonly AccessPolicy[];
  readonly applications: readonly TargetApplication[];
  readonly scimTokens: readonly TargetScimToken[];
  readonly grants: readonly CustomerGrant[];
}

export interface TargetConnection extends Omit<Connection, 'id' | 'version'> {
  /** undefined: as it is; null: none. */
  readonly clientSecret?: string | null;
  readonly secondarySecret?: string | null;
}

export interface TargetRole {
  readonly key: string;
  readonly name: string;
}

export type TargetApi = Omit<Api, 'id'>;

export interface TargetApplication extends Omit<Application, 'id'> {
  /** undefined: as it is, made if one is needed. */
  readonly clientSecret?: string;
  /** undefined: as it is; null: none. */
  readonly secondarySecret?: string | null;
  /** undefined: as it is, made if one is needed; where none is needed, there is none. */
  readonly deviceWebhookSecret?: string;
  /** By what a registered one changes itself, and how far. undefined: as it is. */
  readonly registration?: Registration;
}

export interface TargetScimToken {
  readonly name: string;
  readonly connection: string;
  /** null: never. */
  readonly expiresAt: Date | null;
  /** undefined: as it is, made if there is none. */
  readonly token?: string;
}

/** Whether the application proves itself with a secret. */
export function needsSecret(application: TargetApplication): boolean {
  return application.settings.tokenEndpointAuthMethod.startsWith('client_secret_');
}
