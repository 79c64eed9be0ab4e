import type { EntityManager } from 'typeorm';
import type { TenantId } from '../core/ids.js';
import type {
  ApplicationRecord,
  ConnectionRecord,
  EntryWriter,
  EntryWriters,
  ScimTokenRecord,
} from '../domain/configuration/configuration-store.js';
import type { Api } from '../domain/api/api.js';
import type { ApplicationSecret, StoredApplicationSecret } from '../domain/application/application.js';
import type { Role } from '../domain/role/role.js';
import { accessPolicyWriter, grantWriter, roleMappingWriter } from './nameless-writers.js';
import {
  ApiScopeTable,
  ApiTable,
  ApplicationSecretTable,
  ApplicationTable,
  type ApplicationRow,
} from './rows/applications.js';
import { ConnectionTable, type ConnectionRow } from './rows/connections.js';
import { RoleTable } from './rows/people.js';
import { ScimTokenTable } from './rows/tokens.js';
import { deleteRows, insertRows, updateRows, type Values } from './rows/write.js';

/** Writers of one tenant's entries, in the transaction of the entity manager. */
export function createEntryWriters(manager: EntityManager, tenantId: TenantId): EntryWriters {
  return {
    connections: connectionWriter(manager, tenantId),
    roles: roleWriter(manager, tenantId),
    apis: apiWriter(manager, tenantId),
    applications: applicationWriter(manager, tenantId),
    scimTokens: scimTokenWriter(manager, tenantId),
    roleMappings: roleMappingWriter(manager, tenantId),
    accessPolicies: accessPolicyWriter(manager, tenantId),
    grants: grantWriter(manager, tenantId),
  };
}

function connectionWriter(manager: EntityManager, tenantId: TenantId): EntryWriter<ConnectionRecord> {
  return {
    create: async (record) => {
      const enforcedAt = record.status === 'enforced' ? () => 'now()' : null;
      await insertRows(manager, ConnectionTable, [{ ...connectionRow(record), enforcedAt, tenantId }]);
    },
    update: async (record) => {
      // What stands on the right is the row as it was.
      const enforcedAt =
        record.status === 'enforced'
          ? () => `CASE WHEN status = 'enforced' THEN enforced_at ELSE now() END`
          : null;
      const values = { ...connectionRow(record), enforcedAt };
      await updateRows(manager, ConnectionTable, { tenantId, id: record.id }, values);
    },
    delete: async ({ id }) => {
      await deleteRows(manager, ConnectionTable, { tenantId, id });
    },
  };
}

function connectionRow(record: ConnectionRecord): Values<ConnectionRow> {
  const { clientSecret, secondarySecret, outage: _, ...connection } = record;
  return {
    ...connection,
    // Each secret has an age of its own; nobody has used another one yet.
    ...(clientSecret === undefined
      ? {}
      : {
          clientSecretSealed: clientSecret,
          secretUpdatedAt: () => 'now()',
          secretUsedAt: null,
        }),
    ...(secondarySecret === undefined
      ? {}
      : {
          secondarySecretSealed: secondarySecret,
          secondarySecretUpdatedAt: () => 'now()',
          secondarySecretUsedAt: null,
        }),
  };
}

function roleWriter(manager: EntityManager, tenantId: TenantId): EntryWriter<Role> {
  return {
    create: async (role) => {
      await insertRows(manager, RoleTable, [{ ...role, tenantId }]);
    },
    update: async ({ id, name }) => {
      await updateRows(manager, RoleTable, { tenantId, id }, { name });
    },
    delete: async ({ id }) => {
      await deleteRows(manager, RoleTable, { tenantId, id });
    },
  };
}

function apiWriter(manager: EntityManager, tenantId: TenantId): EntryWriter<Api> {
  const replaceScopes = async ({ id, scopes }: Api): Promise<void> => {
    await deleteRows(manager, ApiScopeTable, { tenantId, apiId: id });
    const rows = scopes.map((scope) => ({ ...scope, tenantId, apiId: id }));
    await insertRows(manager, ApiScopeTable, rows);
  };
  return {
    create: async (api) => {
      const { scopes: _, ...row } = api;
      await insertRows(manager, ApiTable, [{ ...row, tenantId }]);
      await replaceScopes(api);
    },
    update: async (api) => {
      const { scopes: _, id, ...row } = api;
      await updateRows(manager, ApiTable, { tenantId, id }, row);
      await replaceScopes(api);
    },
    delete: async ({ id }) => {
      await deleteRows(manager, ApiTable, { tenantId, id });
    },
  };
}

function applicationWriter(manager: EntityManager, tenantId: TenantId): EntryWriter<ApplicationRecord> {
  const replaceSecret = async (
    applicationId: string,
    slot: StoredApplicationSecret['slot'],
    secret: ApplicationSecret | null | undefined,
  ): Promise<void> => {
    if (secret === undefined) return;
    await deleteRows(manager, ApplicationSecretTable, { tenantId, applicationId, slot });
    if (secret === null) return;
    const row = { tenantId, id: secret.id, applicationId, slot, hash: Buffer.from(secret.hash) };
    await insertRows(manager, ApplicationSecretTable, [row]);
  };
  const replaceSecrets = async ({ id, secret, secondarySecret }: ApplicationRecord): Promise<void> => {
    await replaceSecret(id, 'primary', secret);
    await replaceSecret(id, 'secondary', secondarySecret);
  };
  return {
    create: async (record) => {
      await insertRows(manager, ApplicationTable, [{ ...applicationRow(record), id: record.id, tenantId }]);
      await replaceSecrets(record);
    },
    update: async (record) => {
      await updateRows(manager, ApplicationTable, { tenantId, id: record.id }, applicationRow(record));
      await replaceSecrets(record);
    },
    delete: async ({ id }) => {
      await deleteRows(manager, ApplicationTable, { tenantId, id });
    },
  };
}

function applicationRow({
  clientId,
  name,
  type,
  source,
  settings,
  registration,
  webhookSecret,
}: ApplicationRecord): Values<ApplicationRow> {
  const webhook = webhookSecret === undefined ? {} : { webhookSecretSealed: webhookSecret };
  const own = { clientId, name, type, source, settings, ...webhook };
  if (registration === undefined) return own;
  if (registration === null) return { ...own, registrationTokenHash: null, registrationBounds: null };
  const { tokenHash, bounds } = registration;
  return { ...own, registrationTokenHash: Buffer.from(tokenHash), registrationBounds: bounds };
}

function scimTokenWriter(manager: EntityManager, tenantId: TenantId): EntryWriter<ScimTokenRecord> {
  const connectionIdOf = async (key: string): Promise<string> =>
    (await manager.findOneByOrFail(ConnectionTable, { tenantId, key })).id;
  return {
    create: async ({ id, name, connection, hash, expiresAt }) => {
      if (hash === undefined) throw new TypeError('a new SCIM token needs a hash');
      const connectionId = await connectionIdOf(connection);
      await insertRows(manager, ScimTokenTable, [
        { tenantId, id, name, connectionId, expiresAt, hash: Buffer.from(hash) },
      ]);
    },
    update: async ({ id, name, connection, hash, expiresAt }) => {
      const connectionId = await connectionIdOf(connection);
      // Another value is another token: nobody has used it yet.
      const changed =
        hash === undefined
          ? {}
          : { hash: Buffer.from(hash), createdAt: () => 'now()', lastUsedAt: () => 'NULL' };
      const values = { name, connectionId, expiresAt, ...changed };
      await updateRows(manager, ScimTokenTable, { tenantId, id }, values);
    },
    delete: async ({ id }) => {
      await deleteRows(manager, ScimTokenTable, { tenantId, id });
    },
  };
}
