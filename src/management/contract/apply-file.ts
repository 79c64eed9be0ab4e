import { Type, type Static } from 'typebox';
import { ApplicationEntry } from './apply-application.js';
import { ConnectionEntry } from './apply-connection.js';
import { ScimExtensionEntry } from './apply-scim-extension.js';
import {
  ConnectionKey,
  GroupReferenceEntry,
  Instant,
  RoleKey,
  RoleName,
  SecretEntry,
  Slug,
} from './apply-values.js';
import { DisplayName, PlainText, ScopeName } from './text.js';

/**
 * The file of `causeway apply`: configuration as code. Only identities are required here: what else a new
 * entry needs depends on whether it is new, because a key that is absent is left alone. Defaults of new
 * entries are domain's.
 */

const closed = { additionalProperties: false } as const;

const DomainEntry = Type.Union(
  [
    Type.String({ maxLength: 300, description: 'a mail domain' }),
    Type.Object(
      {
        name: Type.String({ maxLength: 300, description: 'a mail domain' }),
        verified: Type.Optional(Type.Boolean()),
        connection: Type.Optional(
          Type.Union([ConnectionKey, Type.Null()], { description: 'the key of a connection, or null' }),
        ),
      },
      closed,
    ),
  ],
  { description: 'a mail domain, or { name, verified, connection }' },
);

export const RoleEntry = Type.Object({ key: RoleKey, name: Type.Optional(DisplayName) }, closed);

export const RoleMappingEntry = Type.Object(
  {
    group: GroupReferenceEntry,
    role: RoleName,
    application: Type.Optional(Type.Union([PlainText, Type.Null()], { description: 'a clientId, or null' })),
  },
  closed,
);

export const ApiEntry = Type.Object(
  {
    identifier: Type.String({
      minLength: 1,
      maxLength: 1_000,
      pattern: '^[\\u0021-\\u007e]+$',
      description: 'an audience: printable ASCII without spaces',
    }),
    scopes: Type.Optional(
      Type.Array(Type.Object({ name: ScopeName, default: Type.Optional(Type.Boolean()) }, closed), {
        maxItems: 500,
      }),
    ),
    tokenFormat: Type.Optional(Type.Enum(['jwt', 'opaque'])),
    default: Type.Optional(Type.Boolean()),
    accessTokenSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    profile: Type.Optional(Type.Enum(['rfc9068', 'okta'])),
  },
  closed,
);

export const AccessPolicyEntry = Type.Object(
  {
    api: PlainText,
    clients: Type.Union([Type.Literal('all'), Type.Array(PlainText, { maxItems: 1_000 })], {
      description: "'all', or a list of clientIds",
    }),
    grants: Type.Array(
      Type.Enum([
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'device_code',
        'token_exchange',
      ]),
      { maxItems: 10 },
    ),
    scopes: Type.Array(ScopeName, { maxItems: 500 }),
  },
  closed,
);

export const ScimTokenEntry = Type.Object(
  {
    name: DisplayName,
    connection: Type.Optional(ConnectionKey),
    token: Type.Optional(SecretEntry),
    expiresAt: Type.Optional(
      Type.Union([Instant, Type.Null()], { description: 'a time with its zone, or null' }),
    ),
  },
  closed,
);

export const GrantEntry = Type.Object(
  {
    group: GroupReferenceEntry,
    customers: Type.Union([Type.Literal('all'), Type.Array(Slug, { maxItems: 10_000 })], {
      description: "'all', or a list of slugs",
    }),
    roles: Type.Array(RoleName, { minItems: 1, maxItems: 100 }),
  },
  closed,
);

/** One tenant of the file. */
export const TenantEntry = Type.Object(
  {
    slug: Slug,
    name: Type.Optional(DisplayName),
    status: Type.Optional(Type.Enum(['active', 'suspended'])),
    parent: Type.Optional(Type.Union([Slug, Type.Null()], { description: 'the slug of an MSP, or null' })),
    domains: Type.Optional(Type.Array(DomainEntry, { maxItems: 1_000 })),
    signIn: Type.Optional(
      Type.Object(
        {
          default: Type.Optional(
            Type.Union([ConnectionKey, Type.Null()], {
              description: "the key of a connection, 'chooser', or null",
            }),
          ),
          local: Type.Optional(Type.Enum(['enabled', 'break-glass', 'disabled'])),
        },
        closed,
      ),
    ),
    connections: Type.Optional(Type.Array(ConnectionEntry, { maxItems: 100 })),
    roles: Type.Optional(Type.Array(RoleEntry, { maxItems: 1_000 })),
    roleMappings: Type.Optional(Type.Array(RoleMappingEntry, { maxItems: 10_000 })),
    roleMappingMode: Type.Optional(Type.Enum(['many-to-many', 'one-to-one'])),
    defaultRole: Type.Optional(Type.Union([RoleKey, Type.Null()], { description: 'a role key, or null' })),
    whenNoRole: Type.Optional(Type.Enum(['allow', 'deny'])),
    apis: Type.Optional(Type.Array(ApiEntry, { maxItems: 200 })),
    accessPolicies: Type.Optional(Type.Array(AccessPolicyEntry, { maxItems: 1_000 })),
    applications: Type.Optional(Type.Array(ApplicationEntry, { maxItems: 5_000 })),
    scimTokens: Type.Optional(Type.Array(ScimTokenEntry, { maxItems: 100 })),
    scimExtensions: Type.Optional(Type.Array(ScimExtensionEntry, { maxItems: 20 })),
    grants: Type.Optional(Type.Array(GrantEntry, { maxItems: 1_000 })),
  },
  closed,
);
export type TenantEntry = Static<typeof TenantEntry>;

/** One document of the file. */
export const ApplyFile = Type.Object(
  { tenants: Type.Array(TenantEntry, { minItems: 1, maxItems: 10_000 }) },
  closed,
);
export type ApplyFile = Static<typeof ApplyFile>;
