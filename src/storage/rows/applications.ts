import type { AccessPolicy, Api } from '../../domain/api/api.js';
import type { Application, StoredApplicationSecret } from '../../domain/application/application.js';
import type { RegistrationBounds } from '../../domain/application/registration.js';
import {
  bytes,
  exactText,
  flag,
  integer,
  json,
  madeNow,
  optional,
  table,
  text,
  time,
  undescribed,
  uuid,
  within,
} from './table.js';

export interface ApplicationRow {
  tenantId: string;
  id: string;
  clientId: string;
  name: string;
  type: Application['type'];
  settings: Application['settings'];
  createdAt: Date;
  source: Application['source'];
  registrationTokenHash: Buffer | null;
  registrationBounds: RegistrationBounds | null;
  webhookSecretSealed: string | null;
}

export const ApplicationTable = table<ApplicationRow>(
  'applications',
  {
    tenantId: uuid,
    id: uuid,
    clientId: exactText,
    name: text,
    type: text,
    settings: json,
    createdAt: madeNow,
    source: { ...text, default: 'operator' },
    registrationTokenHash: optional(bytes),
    registrationBounds: optional(json),
    webhookSecretSealed: optional(text),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'applications_client_id_key', columns: ['tenantId', 'clientId'], unique: true }],
    foreignKeys: [within('applications_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);

export interface ApplicationSecretRow {
  tenantId: string;
  id: string;
  applicationId: string;
  hash: Buffer;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  slot: StoredApplicationSecret['slot'];
}

export const ApplicationSecretTable = table<ApplicationSecretRow>(
  'application_secrets',
  {
    tenantId: uuid,
    id: uuid,
    applicationId: uuid,
    hash: bytes,
    createdAt: madeNow,
    expiresAt: optional(time),
    lastUsedAt: optional(time),
    slot: { ...text, default: 'primary' },
  },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'application_secrets_application_idx', columns: ['tenantId', 'applicationId'] }],
    foreignKeys: [
      within(
        'application_secrets_application_fkey',
        'applications',
        ['tenantId', 'applicationId'],
        ['tenantId', 'id'],
      ),
    ],
  },
);

export interface ApiRow {
  tenantId: string;
  id: string;
  identifier: string;
  tokenFormat: Api['tokenFormat'];
  isDefault: boolean;
  accessTokenSeconds: number;
  profile: Api['profile'];
}

export const ApiTable = table<ApiRow>(
  'apis',
  {
    tenantId: uuid,
    id: uuid,
    identifier: exactText,
    tokenFormat: text,
    isDefault: flag,
    accessTokenSeconds: integer,
    profile: text,
  },
  {
    primary: ['tenantId', 'id'],
    indices: [
      { name: 'apis_identifier_key', columns: ['tenantId', 'identifier'], unique: true },
      undescribed('apis_default_key'),
    ],
    foreignKeys: [within('apis_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);

export interface ApiScopeRow {
  tenantId: string;
  apiId: string;
  name: string;
  isDefault: boolean;
}

export const ApiScopeTable = table<ApiScopeRow>(
  'api_scopes',
  { tenantId: uuid, apiId: uuid, name: exactText, isDefault: flag },
  {
    primary: ['tenantId', 'apiId', 'name'],
    foreignKeys: [within('api_scopes_api_fkey', 'apis', ['tenantId', 'apiId'], ['tenantId', 'id'])],
  },
);

export interface AccessPolicyRow {
  tenantId: string;
  id: string;
  apiId: string;
  clients: AccessPolicy['clients'];
  grants: string[];
  scopes: string[];
}

export const AccessPolicyTable = table<AccessPolicyRow>(
  'access_policies',
  {
    tenantId: uuid,
    id: uuid,
    apiId: uuid,
    clients: json,
    grants: { type: 'text', array: true },
    scopes: { type: 'text', array: true },
  },
  {
    primary: ['tenantId', 'id'],
    foreignKeys: [within('access_policies_api_fkey', 'apis', ['tenantId', 'apiId'], ['tenantId', 'id'])],
  },
);
