import { Type, type TSchema, type TObject } from 'typebox';
import { PLAIN } from './text.js';

const closed = { additionalProperties: false } as const;

/** A UUIDv7 of ours. */
export const Uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'a UUID in lower case',
});

/** A time in an answer (RFC 3339, UTC, milliseconds). */
export const Time = Type.String({
  format: 'date-time',
  description: 'a time such as 2026-11-22T00:13:19.123Z',
});

export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** How many entries a page has, and where it begins. */
export const PAGE = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'entries of a page' }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 2_000, description: '`next` of the page before' }),
  ),
};
export const PAGE_DEFAULT = 50;

/** Parameters of a list: `limit`, `cursor`, and its own filters. */
export const listQuery = <P extends Record<string, TSchema>>(filters: P) =>
  Type.Object({ ...PAGE, ...filters }, closed);

/** What a change does to people was seen: `confirmation` of its impact. */
export const Confirm = Type.Optional(
  Type.String({ minLength: 1, maxLength: 100, description: '`confirmation` of the impact that was seen' }),
);

/** Why a change is made, kept in its audit event: where checks are red, no connection is turned on without one. */
export const Reason = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 500,
    pattern: PLAIN,
    description: 'why; kept in the audit log. Needed to turn a connection on while checks of it are red',
  }),
);

export const ConfirmQuery = Type.Object({ confirm: Confirm }, closed);

/** A page of a list. */
export const listOf = (item: TSchema): TObject =>
  Type.Object({ items: Type.Array(item), next: orNull(Type.String()) }, closed);

export const SECRET_TEXT = Type.String({
  pattern: '^[\\u0020-\\u007e]{16,512}$',
  description: '16 to 512 printable ASCII characters',
});

/** What is told of a secret: never the secret. */
export const SecretState = Type.Object(
  {
    set: Type.Boolean(),
    updatedAt: Type.Optional(orNull(Time)),
    lastUsedAt: Type.Optional(orNull(Time)),
    expiresAt: Type.Optional(orNull(Time)),
  },
  closed,
);

/**
 * A secret in a request: the text, alone or as `value`; null takes it away. What an answer told of it, sent back, and
 * absence leave it as it is.
 */
export const Secret = Type.Union(
  [SECRET_TEXT, Type.Object({ value: SECRET_TEXT }, closed), SecretState, Type.Null()],
  { description: 'a text, { value }, what was read of it, or null' },
);

/** A problem (RFC 9457). */
export const ProblemBody = Type.Object({
  type: Type.String({ description: '{PUBLIC_URL}/problems/{code}' }),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }, closed))),
  requestId: orNull(Type.String()),
});
