import { Type } from 'typebox';
import { Instant } from './apply-values.js';
import { orNull, Time, Uuid } from './common.js';
import { DisplayName } from './text.js';

const closed = { additionalProperties: false } as const;

const Role = Type.Enum([
  'console:owner',
  'console:admin',
  'console:help-desk',
  'console:read-only',
  'console:technician',
]);

const Scope = Type.String({
  pattern: '^causeway\\.[a-z-]{1,40}\\.(?:read|manage)$',
  description: 'a scope such as causeway.users.read',
});

/** A new token for the management API. */
export const NewApiToken = Type.Object(
  {
    name: DisplayName,
    role: Role,
    scopes: Type.Optional(orNull(Type.Array(Scope, { minItems: 1, maxItems: 100, uniqueItems: true }))),
    expiresAt: Type.Optional(orNull(Instant)),
  },
  closed,
);

export const ApiTokenResource = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    role: Role,
    scopes: orNull(Type.Array(Type.String())),
    createdAt: Time,
    createdBy: Type.String(),
    ownerId: orNull(Uuid),
    expiresAt: orNull(Time),
    lastUsedAt: orNull(Time),
    token: Type.Optional(Type.String({ description: 'told this once, in the answer that made it' })),
  },
  closed,
);
