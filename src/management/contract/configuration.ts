import { Type } from 'typebox';
import type { JsonObject } from '../../core/json.js';
import { ApplyFile } from './apply-file.js';
import { orNull, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

/** The file of `causeway apply`, as JSON. Secrets are written out: this server's environment is nobody's to read. */
export const ConfigurationFile = ApplyFile;

const Flag = (description: string) => Type.Optional(Type.Boolean({ description }));

export const ApplyQuery = Type.Object(
  {
    dryRun: Flag('only tell what would change'),
    allowDelete: Flag('whether changes that end anyone’s access are wanted'),
  },
  closed,
);

const Plan = Type.Array(
  Type.Object(
    {
      action: Type.Enum(['create', 'update', 'delete']),
      kind: Type.Enum([
        'tenant',
        'connection',
        'role',
        'api',
        'application',
        'roleMapping',
        'accessPolicy',
        'scimToken',
        'grant',
      ]),
      tenant: Type.String({ description: 'slug' }),
      key: Type.String(),
      changes: Type.Array(Type.String(), { description: 'members that an update changes' }),
    },
    closed,
  ),
);

const Once = (what: string) => Type.Optional(Type.String({ description: `${what}, told this once` }));

const AppliedTenant = Type.Object(
  {
    slug: Type.String(),
    id: orNull(Uuid),
    issuer: Type.String(),
    scimBaseUrl: Type.String(),
    connections: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          redirectUri: Type.String(),
          initiateLoginUri: Type.String(),
          postLogoutRedirectUri: Type.String(),
        },
        closed,
      ),
    ),
    applications: Type.Array(
      Type.Object(
        {
          clientId: Type.String(),
          clientSecret: Once('one that was made'),
          deviceWebhookSecret: Once('one that was made'),
        },
        closed,
      ),
    ),
    scimTokens: Type.Array(Type.Object({ name: Type.String(), token: Once('one that was made') }, closed)),
  },
  closed,
);

/** What `causeway apply --json` prints. */
export const ApplyAnswer = Type.Object({ plan: Plan, tenants: Type.Array(AppliedTenant) }, closed);

/** What a refusal tells of: changes that end access, and that nobody said are meant. */
export const ApplyRefusal = Type.Object({ deletions: Plan });

export const ExportQuery = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'only this one; else all within reach' }),
    ),
    secrets: Type.Optional(Type.Literal('env', { description: 'names a variable for each secret' })),
  },
  closed,
);

/** A file of apply. */
export const ExportAnswer = Type.Object(
  {
    tenants: Type.Array(
      Type.Unsafe<JsonObject>({
        type: 'object',
        required: ['slug'],
        properties: { slug: { type: 'string' } },
      }),
    ),
  },
  closed,
);
