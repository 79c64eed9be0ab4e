import { Type } from 'typebox';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const ClientId = Type.String({
  minLength: 1,
  maxLength: 400,
  description: 'clientId; also of an application that is gone',
});
const State = Type.Enum(['waiting', 'delivered', 'dead', 'no_endpoint', 'obsolete']);

export const DeliveryListQuery = listQuery({
  application: Type.Optional(ClientId),
  state: Type.Optional(State),
  subject: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'whom it is about' })),
});

/** What an application was told, or is still to be told: never a token. */
export const DeliveryResource = Type.Object(
  {
    id: Uuid,
    createdAt: Time,
    kind: Type.Enum(['logout', 'device']),
    application: Type.String(),
    subject: Type.String(),
    reason: Type.String(),
    state: State,
    attempts: Type.Integer(),
    lastError: orNull(Type.String()),
    dueAt: orNull(Time),
    settledAt: orNull(Time),
  },
  closed,
);

/** Which dead letters are sent again: one of these. */
export const RetryDeliveries = Type.Object(
  {
    id: Type.Optional(Uuid),
    application: Type.Optional(ClientId),
    all: Type.Optional(Type.Literal(true)),
  },
  { ...closed, minProperties: 1, maxProperties: 1 },
);

export const RetriedDeliveries = Type.Object(
  {
    retried: Type.Integer(),
    isMore: Type.Boolean({ description: 'ask again: there are others' }),
  },
  closed,
);
