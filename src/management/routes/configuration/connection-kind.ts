import { NEW_CONNECTION_SETTINGS } from '../../../domain/configuration/defaults.js';
import { connectionView } from '../../../domain/configuration/views.js';
import { connectionAddresses, tenantAddresses } from '../../../domain/tenant/addresses.js';
import { ConnectionSchemas } from '../../contract/resources.js';
import type { EntryKind } from './entry-kind.js';
import { textOf } from './plain-kinds.js';
import { secretVersions, shownSecrets, withSecrets } from './secret-members.js';

const SECRETS = ['clientSecret', 'secondarySecret'];

/** Links to upstreams. A new one is a draft: nobody signs in by what nobody has tested (A16). */
export const CONNECTIONS: EntryKind = {
  list: 'connections',
  address: 'connections',
  noun: 'Connection',
  words: 'connection',
  read: 'connections.read',
  manage: 'connections.manage',
  parameter: 'key',
  schemas: ConnectionSchemas,
  readOnly: ['id', 'version', 'redirectUri', 'initiateLoginUri', 'postLogoutRedirectUri', 'jwksUri'],
  show: ({ tenant, secrets, publicUrl }) =>
    tenant.configuration.connections
      .map((connection) => {
        const { key, members } = connectionView(connection);
        const { issuer } = tenantAddresses(publicUrl, tenant.configuration.tenant.slug);
        return {
          id: key,
          body: {
            id: connection.id,
            key,
            ...members,
            ...shownSecrets(secrets.connections, key, SECRETS),
            version: connection.version,
            ...connectionAddresses(issuer, key),
            jwksUri: `${issuer}/connections/${key}/jwks.json`,
          },
          version: { key, ...members, ...secretVersions(secrets.connections, key, SECRETS) },
        };
      })
      .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  keep: ({ configuration }) => configuration.connections.map(({ key }) => ({ id: key, entry: { key } })),
  idOf: textOf('key'),
  create: (body) => ({ status: 'draft', ...withSecrets(body, SECRETS) }),
  change: (current, body, replace) => ({
    ...(replace ? { ...NEW_CONNECTION_SETTINGS, type: 'okta', name: current.id } : {}),
    ...withSecrets(body, SECRETS),
    key: current.id,
  }),
};
