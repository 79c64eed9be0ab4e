import { Type } from 'typebox';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const Filter = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 400, description }));

const Source = Type.Enum(['scim', 'just_in_time', 'operator'], {
  description: 'who made the user, and may change it',
});

export const UserListQuery = listQuery({
  search: Filter(
    'what a userName begins with, or a whole e-mail address, externalId, subject at an issuer, or id',
  ),
  userName: Filter('what the userName begins with, whatever the case'),
  email: Filter('the whole address, whatever the case'),
  externalId: Filter('the whole externalId'),
  connection: Filter('key of a connection'),
  group: Type.Optional(Uuid),
  source: Type.Optional(Source),
  active: Type.Optional(Type.Boolean()),
  sort: Type.Optional(
    Type.Enum(['userName', 'id'], { description: 'by userName, if absent; people of a group by id' }),
  ),
});

const FACTS = {
  id: Uuid,
  userName: Type.String(),
  name: orNull(Type.String()),
  email: orNull(Type.String()),
  connection: orNull(Type.String({ description: 'key of the connection; null: a local user' })),
  source: Source,
  externalId: orNull(Type.String()),
  active: Type.Boolean(),
  createdAt: Time,
  updatedAt: Time,
};

/** A person as lists show them. */
export const UserSummary = Type.Object(FACTS, closed);

/** One person whole. */
export const UserResource = Type.Object(
  {
    ...FACTS,
    profile: Type.Record(Type.String(), Type.Unknown(), {
      description: 'claims that are kept of the person',
    }),
    groups: Type.Array(
      Type.Object(
        {
          id: Uuid,
          name: Type.String(),
          source: Type.Enum(['scim', 'token']),
          counts: Type.Boolean({ description: 'false: the connection’s source of groups says otherwise' }),
        },
        closed,
      ),
    ),
    roles: Type.Array(Type.Object({ role: Type.String(), application: orNull(Type.String()) }, closed), {
      description: 'of groups and given directly, as the next token would have them',
    }),
    identities: Type.Array(
      Type.Object(
        { connection: Type.String(), issuer: Type.String(), subject: Type.String(), createdAt: Time },
        closed,
      ),
    ),
    sessions: Type.Object(
      { count: Type.Integer(), isMore: Type.Boolean() },
      { ...closed, description: 'live sessions, counted up to a hundred' },
    ),
  },
  closed,
);

export const UserPatch = Type.Object({ active: Type.Boolean() }, closed);

/** What ended. */
export const EndedResource = Type.Object(
  {
    sessions: Type.Integer(),
    grants: Type.Integer(),
    above: Type.Optional(
      Type.Object(
        { sessions: Type.Integer(), grants: Type.Integer() },
        { ...closed, description: 'what ended at the issuer of the tenant above' },
      ),
    ),
  },
  closed,
);

export const ClaimsQuery = Type.Object(
  {
    application: Type.String({ minLength: 1, maxLength: 400, description: 'clientId' }),
    above: Type.Optional(
      Type.Boolean({
        description:
          'true: the application is the tenant above’s, for its customers’ people (E4); so is one that the tenant itself has not',
      }),
    ),
    scope: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000, description: '`openid`, if absent' })),
    resource: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_000, description: 'identifier of an API' }),
    ),
  },
  closed,
);

const Claims = orNull(Type.Record(Type.String(), Type.Unknown()));

export const ClaimsPreviewResource = Type.Object(
  {
    application: Type.String(),
    tenant: Type.String({ description: 'slug of the tenant whose application it is' }),
    userId: Uuid,
    allowed: Type.Boolean(),
    reason: orNull(Type.Enum(['no_access', 'not_assigned', 'no_role'])),
    idToken: Claims,
    userinfo: Claims,
    accessToken: Claims,
  },
  closed,
);
