import { Type } from 'typebox';
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
const Purpose = Type.Enum(['operator', 'break-glass', 'person']);

/** A new local account. */
export const NewOperator = Type.Object(
  {
    userName: Type.String({ pattern: '^\\S{1,100}$', description: '1 to 100 characters without blanks' }),
    purpose: Type.Optional(Purpose),
    roles: Type.Optional(Type.Array(Role, { maxItems: 5, uniqueItems: true })),
  },
  closed,
);

/** What may be changed of one. */
export const OperatorChange = Type.Object({ active: Type.Boolean() }, closed);

/** A local account, as those who run the tenant see it. */
export const OperatorResource = Type.Object(
  {
    id: Uuid,
    userName: Type.String(),
    purpose: Purpose,
    active: Type.Boolean(),
    passkeys: Type.Integer({ description: 'how many it has' }),
    password: Type.Boolean({ description: 'whether it has one, with codes of an app' }),
    recoveryCodes: Type.Integer({ description: 'how many are left' }),
    roles: Type.Array(Type.String()),
    createdAt: Time,
    lastUsedAt: orNull(Time),
    enrolment: Type.Optional(
      Type.Object(
        {
          link: Type.String({ description: 'told this once: for the account’s person alone' }),
          expiresAt: Time,
        },
        closed,
      ),
    ),
  },
  closed,
);

/** Options for `navigator.credentials.create`, and what to send back with its answer. */
export const PasskeyChallenge = Type.Object(
  { challenge: Type.String(), options: Type.Record(Type.String(), Type.Unknown()) },
  closed,
);

/** A passkey that a browser has made. */
export const NewPasskey = Type.Object(
  {
    challenge: Type.String({
      minLength: 43,
      maxLength: 43,
      pattern: '^[A-Za-z0-9_-]{43}$',
      description: '`challenge` of the answer before',
    }),
    answer: Type.Record(Type.String(), Type.Unknown(), { description: 'the credential as JSON' }),
    name: DisplayName,
  },
  closed,
);

/** One's own passkeys, the oldest first. */
export const OwnPasskeys = Type.Object(
  {
    items: Type.Array(
      Type.Object({ id: Uuid, name: Type.String(), createdAt: Time, lastUsedAt: orNull(Time) }, closed),
    ),
  },
  closed,
);

export const MadePasskey = Type.Object({ id: Uuid }, closed);

/** Recovery codes, told this once. */
export const RecoveryCodes = Type.Object({ codes: Type.Array(Type.String()) }, closed);
