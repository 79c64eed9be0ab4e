import { Type } from 'typebox';
import { listQuery, orNull, Time } from './common.js';

const closed = { additionalProperties: false } as const;
const Alg = Type.Enum(['RS256', 'ES256', 'EdDSA']);
const ConnectionName = Type.String({
  minLength: 1,
  maxLength: 400,
  description: 'key of a connection; the issuer’s own keys, if absent',
});

/** A signing key: never its private half. */
export const KeyResource = Type.Object(
  {
    id: Type.String({ description: 'kid' }),
    alg: Alg,
    connection: orNull(Type.String({ description: 'null: the tenant’s issuer signs with it' })),
    state: Type.Enum(['next', 'current', 'retiring', 'retired']),
    createdAt: Time,
    stateChangedAt: Time,
    dueAt: orNull(Time),
  },
  closed,
);

export const KeyQuery = listQuery({
  retired: Type.Optional(Type.Boolean({ description: 'also those that are published no more' })),
});

export const RotateKeys = Type.Object(
  {
    alg: Type.Optional(Alg),
    connection: Type.Optional(ConnectionName),
    emergency: Type.Optional(
      Type.Boolean({
        description: 'the old keys are gone at once, and what they signed fails; an owner’s alone',
      }),
    ),
  },
  closed,
);

export const KeyOutcomes = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        { id: Type.String(), alg: Alg, connection: orNull(Type.String()), did: Type.String() },
        closed,
      ),
    ),
  },
  closed,
);
