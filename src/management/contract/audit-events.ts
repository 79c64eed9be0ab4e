import { Type } from 'typebox';
import { Instant } from './apply-values.js';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const Filter = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 400, description }));

const Outcome = Type.Enum(['success', 'refused', 'failure']);

const FILTERS = {
  action: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_]{1,60}\\.(?:\\*|[a-z0-9_]{1,60})$',
      description: 'an action such as connection.updated, or all of a noun: connection.*',
    }),
  ),
  actor: Filter('who did it: user:<id>, operator:cli:root, application:<clientId>'),
  target: Filter('what it was done to: user:<id>, connection:okta'),
  application: Filter('clientId'),
  connection: Filter('key of a connection'),
  outcome: Type.Optional(Outcome),
  reason: Filter('reason code of a refusal or failure'),
  reference: Filter('the reference that a person was shown: cw-XXXX-XXXX'),
  request: Type.Optional(Uuid),
  from: Type.Optional(Instant),
  until: Type.Optional(Instant),
  order: Type.Optional(Type.Enum(['newest', 'oldest'], { description: 'newest first, if absent' })),
  personal: Type.Optional(
    Type.Boolean({ description: 'with names and addresses: needs the permission users.read' }),
  ),
};

export const AuditListQuery = listQuery(FILTERS);
export const AuditExportQuery = Type.Object(FILTERS, closed);
export const AuditEventQuery = Type.Object({ personal: FILTERS.personal }, closed);

/** An audit event. Its `facts` are what its place in the chain vouches for. */
export const AuditEventResource = Type.Object(
  {
    id: Uuid,
    at: Time,
    action: Type.String(),
    outcome: Type.String(),
    reference: orNull(Type.String()),
    facts: Type.Record(Type.String(), Type.Unknown(), {
      description: 'actor, target, reason, application, connection, session, origin, details and more',
    }),
    personal: orNull(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'null: not asked for, none, or erased since',
      }),
    ),
    seq: orNull(Type.Integer({ description: 'its place in the tenant’s chain; null: not chained yet' })),
  },
  closed,
);
