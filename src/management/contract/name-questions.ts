import { Type } from 'typebox';
import { GrantEntry, RoleMappingEntry } from './apply-file.js';
import { orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });

/** A name that another group has taken, and what the new one would get. */
export const NameQuestionBody = Type.Object(
  {
    id: { ...Uuid, description: 'the new group’s' },
    sentence: Type.String({ description: 'the question, in words' }),
    name: Type.String(),
    connection: Type.String({ description: 'key of the connection' }),
    createdAt: { ...Time, description: 'since when the new group is there' },
    meant: Type.Object(
      { id: Uuid, name: Type.Union([Type.String(), Type.Null()], { description: 'null: it is gone' }) },
      { ...closed, description: 'the group that mappings by the name mean still' },
    ),
    declined: Type.Boolean({ description: 'an admin has said no' }),
    mappings: Type.Array(Type.Required(RoleMappingEntry), { description: 'those that go by the name' }),
    grants: Type.Array(GrantEntry, {
      description: 'those that go by the name: what its people may do in customers’ tenants',
    }),
    gains: Type.Integer({ minimum: 0, description: 'people who gain something by a yes' }),
    loses: Type.Integer({ minimum: 0, description: 'people who lose something by a yes' }),
    unchanged: Count,
    loseAccess: Type.Integer({ minimum: 0, description: 'of those who lose: an application, or all' }),
    needsConfirmation: Type.Boolean(),
    blocked: orNull(Type.Enum(['last_owner'])),
    version: Type.String({ description: 'what a yes is said to' }),
  },
  closed,
);

/** An admin's word. */
export const NameAnswerBody = Type.Object(
  {
    give: Type.Boolean({
      description: 'whether the new group gets what mappings and grants by its name give',
    }),
    version: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'of the question; needed to give' }),
    ),
    confirm: Type.Optional(
      Type.Integer({ minimum: 0, description: 'how many people lose something, where that is asked for' }),
    ),
  },
  closed,
);
