import { Type } from 'typebox';
import { MEMBERS_COUNTED_MAX } from '../../domain/group/group-list.js';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

const Origin = Type.Enum(['scim', 'token'], {
  description: 'who brought it: a push, or the tokens of people who signed in',
});

export const GroupListQuery = listQuery({
  name: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 400,
      description: 'what the name begins with, whatever the case',
    }),
  ),
  connection: Type.Optional(
    Type.String({ minLength: 1, maxLength: 400, description: 'key of a connection' }),
  ),
  origin: Type.Optional(Origin),
});

export const GroupResource = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    connection: Type.String({ description: 'key of its connection' }),
    origin: Origin,
    externalId: orNull(Type.String()),
    upstreamId: orNull(Type.String({ description: 'the upstream’s own id, where a token told it' })),
    createdAt: Time,
    updatedAt: Time,
  },
  closed,
);

/** One group, whose members are counted. */
export const GroupDetailResource = Type.Object(
  {
    ...GroupResource.properties,
    memberCount: Type.Integer({
      minimum: 0,
      maximum: MEMBERS_COUNTED_MAX,
      description: `people, whoever put them in; ${MEMBERS_COUNTED_MAX}: so many or more`,
    }),
  },
  closed,
);

export const MemberListQuery = listQuery({});

/** A member, by one who said so. */
export const MemberResource = Type.Object(
  {
    userId: Uuid,
    userName: Type.String(),
    active: Type.Boolean(),
    userSource: Type.Enum(['scim', 'just_in_time', 'operator']),
    source: Origin,
    since: Time,
  },
  closed,
);
