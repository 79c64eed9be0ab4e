import { Type } from 'typebox';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const Name = (description: string) => Type.String({ minLength: 1, maxLength: 400, description });

export const SessionListQuery = listQuery({
  user: Type.Optional(Uuid),
  application: Type.Optional(Name('clientId')),
  connection: Type.Optional(Name('key of a connection')),
  over: Type.Optional(
    Type.Boolean({ description: 'those that have ended or expired, instead of the live ones' }),
  ),
});

/** A session: never its cookie, nor a token. */
export const SessionResource = Type.Object(
  {
    id: Type.String(),
    userId: Uuid,
    userName: Type.String(),
    connection: orNull(Type.String()),
    applications: Type.Array(Type.String(), { description: 'clientIds' }),
    createdAt: Time,
    expiresAt: Time,
    ip: orNull(Type.String()),
    userAgent: orNull(Type.String({ description: 'the browser’s own words: text from outside' })),
    ended: orNull(Type.Object({ at: Time, reason: Type.String() }, closed)),
  },
  closed,
);

/** Whose access ends: one of these. */
export const EndSessions = Type.Object(
  {
    session: Type.Optional(Name('id of a session')),
    user: Type.Optional(Uuid),
    application: Type.Optional(Name('clientId: what everybody has in one application')),
    connection: Type.Optional(Name('key of a connection: everybody who comes by it')),
    everybody: Type.Optional(Type.Literal(true)),
  },
  { ...closed, minProperties: 1, maxProperties: 1 },
);

export const ConsentListQuery = listQuery({
  user: Type.Optional(Uuid),
  application: Type.Optional(Name('clientId')),
});

export const ConsentResource = Type.Object(
  {
    userId: Uuid,
    userName: Type.String(),
    application: Type.String({ description: 'clientId' }),
    scopes: Type.Array(Type.String()),
    grantedAt: Time,
  },
  closed,
);

export const WithdrawConsent = Type.Object({ user: Uuid, application: Name('clientId') }, closed);
