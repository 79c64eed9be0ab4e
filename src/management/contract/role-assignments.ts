import { Type } from 'typebox';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const Name = (description: string) => Type.String({ minLength: 1, maxLength: 400, description });
const Source = Type.Enum(['operator', 'scim'], {
  description: 'who gave it: what SCIM gave only SCIM takes',
});

export const RoleAssignmentListQuery = listQuery({
  user: Type.Optional(Uuid),
  role: Type.Optional(Name('key of a role')),
  application: Type.Optional(Name('clientId')),
  source: Type.Optional(Source),
});

/** A role that one person is given directly. */
export const NewRoleAssignment = Type.Object(
  {
    user: Uuid,
    role: Name('key of a role'),
    application: Type.Optional(orNull(Name('clientId; in every application, if absent or null'))),
  },
  closed,
);

export const RoleAssignmentResource = Type.Object(
  {
    id: Uuid,
    userId: Uuid,
    userName: Type.String(),
    connection: orNull(Type.String()),
    role: Type.String(),
    application: orNull(Type.String()),
    source: Source,
    since: Time,
    cause: orNull(Type.String({ description: 'what brought it; null: from before causes were kept' })),
  },
  closed,
);
