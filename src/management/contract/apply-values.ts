import { Type, type Static } from 'typebox';
import type { GroupId } from '../../core/ids.js';
import { ROLE_KEY } from '../../domain/role/role.js';
import { PlainText } from './text.js';

const closed = { additionalProperties: false } as const;

/** A tenant's slug; which words are reserved is domain's to say. */
export const Slug = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$',
  description:
    'a slug: 2 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends ' +
    '(no underscore: Okta refuses it)',
});

/** A connection's key: part of its redirect URI, so letters that need no escaping. */
export const ConnectionKey = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$',
  description: 'a connection key: 1 to 64 lower-case letters, digits, hyphens and underscores',
});

/** A role of the tenant's own. */
export const RoleKey = Type.String({
  pattern: ROLE_KEY.source,
  description:
    "a role key: lower-case letters, digits, '.', '_' and '-', at most 64 ('console:' roles are built in)",
});

/** A role of the tenant or of the console. */
export const RoleName = Type.String({
  pattern: '^(?:console:[a-z-]{1,32}|[a-z0-9][a-z0-9._-]{0,63})$',
  description: "a role key, or a built-in 'console:' role",
});

/** An instant (RFC 3339 section 5.6); whether there is such a day is asked where it is read. */
export const Instant = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:[Zz]|[+-]\\d\\d:\\d\\d)$',
  description: 'a time with its zone such as 2026-12-31T23:59:59Z (RFC 3339)',
});

/** Which group is meant. */
export const GroupReferenceEntry = Type.Union(
  [
    Type.Object({ name: PlainText }, closed),
    Type.Object(
      {
        scim: Type.Unsafe<GroupId>({
          type: 'string',
          pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
          description: 'the id of a SCIM group: a UUID in lower case',
        }),
      },
      closed,
    ),
    Type.Object({ upstream: PlainText }, closed),
  ],
  { description: 'one of { name }, { scim }, { upstream }' },
);

/** A secret, named or written out. */
export const SecretEntry = Type.Union(
  [
    Type.Object(
      {
        env: Type.String({
          pattern: '^[A-Za-z_][A-Za-z0-9_]{0,254}$',
          description: 'the name of an environment variable',
        }),
      },
      closed,
    ),
    Type.Object(
      {
        value: Type.String({
          pattern: '^[\\u0020-\\u007e]{16,512}$',
          description: '16 to 512 printable ASCII characters',
        }),
      },
      closed,
    ),
  ],
  { description: '{ env: NAME } or { value: … }' },
);
export type SecretEntry = Static<typeof SecretEntry>;

/** A secret that can be taken away. */
export const RemovableSecretEntry = Type.Union([...SecretEntry.anyOf, Type.Null()], {
  description: '{ env: NAME }, { value: … } or null',
});
