import { instantOf } from '../../../core/instant.js';
import type { JsonObject } from '../../../core/json.js';
import type { Application } from '../../../domain/application/application.js';
import { PROFILE_DEFAULTS } from '../../../domain/application/security-profile.js';
import { newApplicationSettings } from '../../../domain/configuration/defaults.js';
import { applicationView, scimTokenView } from '../../../domain/configuration/views.js';
import { tenantAddresses } from '../../../domain/tenant/addresses.js';
import { Problem } from '../../api/problems.js';
import { ApplicationSchemas, ScimTokenSchemas } from '../../contract/resources.js';
import type { DesiredEntry, EntryKind } from './entry-kind.js';
import { judgeMappingsGone, textOf } from './plain-kinds.js';
import { secretVersions, shownSecrets, withSecrets } from './secret-members.js';

const SECRETS = ['clientSecret', 'secondarySecret', 'deviceWebhookSecret'];

/** Downstream clients. What machines have registered is listed, too, and is the operator's once they change it. */
export const APPLICATIONS: EntryKind = {
  list: 'applications',
  address: 'applications',
  noun: 'Application',
  words: 'application',
  read: 'applications.read',
  manage: 'applications.manage',
  parameter: 'clientId',
  schemas: ApplicationSchemas,
  readOnly: ['id', 'source', 'issuer'],
  show: ({ tenant, secrets, publicUrl }) =>
    tenant.configuration.applications
      .map((application) => {
        const { key, members } = applicationView(application);
        return {
          id: key,
          body: {
            id: application.id,
            clientId: key,
            ...members,
            ...shownSecrets(secrets.applications, key, SECRETS),
            issuer: tenantAddresses(publicUrl, tenant.configuration.tenant.slug).issuer,
          },
          version: { key, ...members, ...secretVersions(secrets.applications, key, SECRETS) },
        };
      })
      .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  keep: ({ configuration }) =>
    configuration.applications
      .filter(({ source }) => source === 'operator')
      .map(({ clientId }) => ({ id: clientId, entry: { clientId } })),
  idOf: textOf('clientId'),
  create: (body) => withSecrets(body, SECRETS),
  change: (current, body, replace) => ({
    ...(replace ? defaultsOf(body) : {}),
    ...withSecrets(replace ? filled(body) : body, SECRETS),
    clientId: current.id,
  }),
  judge: judgeMappingsGone,
  told(applied, id): JsonObject {
    const made = applied.applications.find(({ clientId }) => clientId === id);
    return {
      ...(made?.clientSecret === undefined ? {} : { clientSecret: made.clientSecret }),
      ...(made?.deviceWebhookSecret === undefined ? {} : { deviceWebhookSecret: made.deviceWebhookSecret }),
    };
  },
};

/** What an application of the body's type and profile has where the body says nothing. */
function defaultsOf(body: DesiredEntry): DesiredEntry {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- validated by the kind's schema
  const {
    type = 'web',
    grantTypes,
    profile = 'default',
  } = body as {
    readonly type?: Application['type'];
    readonly grantTypes?: Application['settings']['grantTypes'];
    readonly profile?: Application['settings']['profile'];
  };
  return {
    type,
    ...newApplicationSettings(type, grantTypes),
    ...PROFILE_DEFAULTS[profile],
    assignment: 'everyone',
    ...(body['name'] === undefined && body['clientId'] !== undefined ? { name: body['clientId'] } : {}),
  };
}

/** Groups of members that are given in part are completed by defaults, not by what was in force. */
function filled(body: DesiredEntry): DesiredEntry {
  const defaults = defaultsOf(body);
  const parts = (['refresh', 'claims'] as const).flatMap((member) => {
    const [given, own] = [body[member], defaults[member]];
    return typeof given === 'object' && given !== null && typeof own === 'object'
      ? [[member, { ...own, ...given }] as const]
      : [];
  });
  const { assignment } = body;
  const whole = typeof assignment === 'object' && assignment !== null;
  return {
    ...body,
    ...Object.fromEntries(parts),
    ...(whole ? { assignment: { groups: [], roles: [], ...assignment } } : {}),
  };
}

/** Tokens by which an upstream pushes users and groups (C12). */
export const SCIM_TOKENS: EntryKind = {
  list: 'scimTokens',
  address: 'scim-tokens',
  noun: 'ScimToken',
  words: 'SCIM token',
  read: 'scim-tokens.read',
  manage: 'scim-tokens.manage',
  parameter: 'id',
  schemas: ScimTokenSchemas,
  readOnly: ['id', 'scimBaseUrl'],
  show: ({ tenant, secrets, publicUrl }) =>
    tenant.configuration.scimTokens
      .map((token) => {
        const { key, members } = scimTokenView(token);
        return {
          id: token.id,
          body: {
            id: token.id,
            name: key,
            ...members,
            ...shownSecrets(secrets.scimTokens, key, ['token']),
            scimBaseUrl: tenantAddresses(publicUrl, tenant.configuration.tenant.slug).scimBaseUrl,
          },
          version: { key, ...members, ...secretVersions(secrets.scimTokens, key, ['token']) },
        };
      })
      .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  keep: ({ configuration }) => configuration.scimTokens.map(({ id, name }) => ({ id, entry: { name } })),
  idOf: () => undefined,
  nameOf: (entry) => `scimToken ${String(entry['name'])}`,
  create: (body) => scimToken(body),
  change(current, body, replace) {
    const name = textOf('name')(current.body) ?? '';
    if (body['name'] !== undefined && body['name'] !== name)
      throw new Problem('invalid_body', 'A SCIM token keeps its name: make another one.', {
        errors: [{ pointer: '/name', message: `must be '${name}', or absent` }],
      });
    return { ...(replace ? { expiresAt: null } : {}), ...scimToken(body), name };
  },
  told(applied, id): JsonObject {
    const made = applied.scimTokens.find((token) => token.token?.includes(id.replaceAll('-', '')) === true);
    return made?.token === undefined ? {} : { token: made.token };
  },
};

function scimToken(body: DesiredEntry): DesiredEntry {
  const { expiresAt, token, ...rest } = withSecrets(body, ['token']);
  if (token === null)
    throw new Problem('invalid_body', 'A SCIM token is taken away by deleting it.', {
      errors: [{ pointer: '/token', message: 'must be a text, or absent' }],
    });
  return {
    ...rest,
    ...(token === undefined ? {} : { token }),
    ...(expiresAt === undefined ? {} : { expiresAt: readInstant(expiresAt) }),
  };
}

function readInstant(value: unknown): Date | null {
  const instant = typeof value === 'string' ? instantOf(value) : null;
  if (instant === undefined)
    throw new Problem('invalid_body', 'There is no such time.', {
      errors: [{ pointer: '/expiresAt', message: 'is no time that exists' }],
    });
  return instant;
}
