import type { AccessPolicy, Api } from '../api/api.js';
import type {
  ApplicationSettings,
  ApplicationType,
  ClaimNames,
  RefreshPolicy,
} from '../application/application.js';
import type { ConnectionSettings, ConnectionStatus, ConnectionType } from '../connection/connection.js';
import type { IssuerInput } from '../connection/issuer.js';
import type { SchemaExtension, ScimExtension } from '../provisioning/schema-extension.js';
import type { GroupReference } from '../role/role.js';
import type { LocalSignIn, RoleMappingMode, TenantStatus, WhenNoRole } from '../tenant/tenant.js';
import type { CustomerGrant } from './tenant-configuration.js';

/**
 * What an operator's file wants of one tenant. A member that is absent is left as it is (or gets its default
 * in what is new); a list that is present is complete.
 */
export interface DesiredTenant {
  /** Where it stands in the file: `tenants[0]`. */
  readonly path: string;
  readonly slug: string;
  readonly name?: string;
  /** `suspended`: nobody signs in, what anybody has ends. */
  readonly status?: TenantStatus;
  /** Slug of the MSP above; null: directly below `system`. */
  readonly parent?: string | null;
  readonly domains?: readonly DesiredDomain[];
  readonly signIn?: { readonly default?: string | null; readonly local?: LocalSignIn };
  readonly connections?: readonly DesiredConnection[];
  readonly roles?: readonly { readonly key: string; readonly name?: string }[];
  readonly roleMappings?: readonly DesiredRoleMapping[];
  readonly roleMappingMode?: RoleMappingMode;
  readonly defaultRole?: string | null;
  readonly whenNoRole?: WhenNoRole;
  readonly apis?: readonly DesiredApi[];
  readonly accessPolicies?: readonly AccessPolicy[];
  readonly applications?: readonly DesiredApplication[];
  /** clientIds of registered applications that go with those that the list leaves out; a file leaves them alone. */
  readonly withoutRegistered?: readonly string[];
  readonly scimTokens?: readonly DesiredScimToken[];
  readonly scimExtensions?: readonly DesiredScimExtension[];
  readonly grants?: readonly CustomerGrant[];
}

export interface DesiredDomain {
  readonly name: string;
  readonly verified?: boolean;
  readonly connection?: string | null;
}

export interface DesiredConnection extends Partial<Omit<ConnectionSettings, 'join'>> {
  readonly key: string;
  readonly type?: ConnectionType;
  readonly name?: string;
  readonly issuer?: IssuerInput;
  readonly status?: ConnectionStatus;
  readonly join?: Partial<ConnectionSettings['join']>;
  /** null: take it away. */
  readonly clientSecret?: string | null;
  readonly secondarySecret?: string | null;
}

export interface DesiredRoleMapping {
  readonly group: GroupReference;
  readonly role: string;
  readonly application?: string | null;
}

export interface DesiredApi extends Partial<Pick<Api, 'tokenFormat' | 'accessTokenSeconds' | 'profile'>> {
  readonly identifier: string;
  readonly scopes?: readonly { readonly name: string; readonly default?: boolean }[];
  readonly default?: boolean;
}

type OptionalSettings = Partial<Omit<ApplicationSettings, 'refresh' | 'claims' | 'assignment'>>;

export interface DesiredApplication extends OptionalSettings {
  readonly clientId: string;
  readonly name?: string;
  readonly type?: ApplicationType;
  readonly refresh?: Partial<RefreshPolicy>;
  readonly claims?: Partial<ClaimNames>;
  readonly assignment?:
    'everyone' | { readonly groups?: readonly string[]; readonly roles?: readonly string[] };
  /** null is as good as absent: a secret that is needed is made. */
  readonly clientSecret?: string | null;
  /** Another one that works as well. null: take it away. */
  readonly secondarySecret?: string | null;
  /** What its webhook is signed by: `whsec_…`. null is as good as absent: one that is needed is made. */
  readonly deviceWebhookSecret?: string | null;
}

export interface DesiredScimToken {
  readonly name: string;
  /** The only connection, if absent. */
  readonly connection?: string;
  readonly token?: string;
  /** null: never. */
  readonly expiresAt?: Date | null;
}

export interface DesiredScimExtension extends SchemaExtension {
  /** User, if absent. */
  readonly resource?: ScimExtension['resource'];
}
