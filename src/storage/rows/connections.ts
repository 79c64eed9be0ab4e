import type { JsonObject } from '../../core/json.js';
import type { Connection } from '../../domain/connection/connection.js';
import type { SigningKey } from '../../domain/keys/signing-key.js';
import {
  bytes,
  exactText,
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

export interface ConnectionRow {
  tenantId: string;
  id: string;
  key: string;
  type: Connection['type'];
  name: string;
  issuer: string;
  version: number;
  status: Connection['status'];
  settings: Connection['settings'];
  clientSecretSealed: string | null;
  secondarySecretSealed: string | null;
  secretUpdatedAt: Date | null;
  createdAt: Date;
  /** A configuration that is tested before it is served. */
  candidate: JsonObject | null;
  /** Sealed, by member. */
  candidateSecrets: Readonly<Record<string, string>> | null;
  /** Names the exact configuration that passed its test. */
  testedFingerprint: Buffer | null;
  testedAt: Date | null;
  enforcedAt: Date | null;
  outage: JsonObject | null;
  groupsApi: JsonObject | null;
  groupsApiSecretSealed: string | null;
  secondarySecretUpdatedAt: Date | null;
  secretUsedAt: Date | null;
  secondarySecretUsedAt: Date | null;
}

export const ConnectionTable = table<ConnectionRow>(
  'connections',
  {
    tenantId: uuid,
    id: uuid,
    key: exactText,
    type: text,
    name: text,
    issuer: exactText,
    version: integer,
    status: text,
    settings: json,
    clientSecretSealed: optional(text),
    secondarySecretSealed: optional(text),
    secretUpdatedAt: optional(time),
    createdAt: madeNow,
    candidate: optional(json),
    candidateSecrets: optional(json),
    testedFingerprint: optional(bytes),
    testedAt: optional(time),
    enforcedAt: optional(time),
    outage: optional(json),
    groupsApi: optional(json),
    groupsApiSecretSealed: optional(text),
    secondarySecretUpdatedAt: optional(time),
    secretUsedAt: optional(time),
    secondarySecretUsedAt: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'connections_key_key', columns: ['tenantId', 'key'], unique: true }],
    foreignKeys: [within('connections_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);

export interface SigningKeyRow {
  tenantId: string;
  id: string;
  connectionId: string | null;
  alg: SigningKey['alg'];
  state: SigningKey['state'];
  publicJwk: SigningKey['publicJwk'];
  /** null: erased, because the key is retired. */
  privateJwkSealed: string | null;
  createdAt: Date;
  stateChangedAt: Date;
  dueAt: Date | null;
  claimedUntil: Date | null;
}

export const SigningKeyTable = table<SigningKeyRow>(
  'signing_keys',
  {
    tenantId: uuid,
    id: exactText,
    connectionId: optional(uuid),
    alg: text,
    state: text,
    publicJwk: json,
    privateJwkSealed: optional(text),
    createdAt: madeNow,
    stateChangedAt: madeNow,
    dueAt: optional(time),
    claimedUntil: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [
      undescribed('signing_keys_turn_key'),
      undescribed('signing_keys_connection_turn_key'),
      undescribed('signing_keys_due_idx'),
      undescribed('signing_keys_current_idx'),
    ],
    foreignKeys: [
      within('signing_keys_tenant_fkey', 'tenants', ['tenantId'], ['id']),
      within('signing_keys_connection_fkey', 'connections', ['tenantId', 'connectionId'], ['tenantId', 'id']),
    ],
  },
);
