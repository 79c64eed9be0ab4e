import { Type } from 'typebox';
import { orNull, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const Count = (description: string) => Type.Integer({ minimum: 0, description });

export const RoleCoverageResource = Type.Object(
  {
    people: Count('known by the connection, switched on, of its present issuer; be it a draft'),
    withRole: Count('of these, who get a role in any application, the default role included'),
    withoutRole: Count('of these, who get none'),
    sentence: Type.String(),
    roles: Type.Array(
      Type.Object({ role: Type.String(), people: Count('of these, who have it somewhere') }, closed),
      { description: 'the tenant’s own roles' },
    ),
    warnings: Type.Array(Type.String(), { description: 'roles that nobody of them has: nothing is refused' }),
    items: Type.Array(
      Type.Object(
        { id: Uuid, userName: Type.String(), name: orNull(Type.String({ description: 'as Okta says it' })) },
        closed,
      ),
      { description: 'who get none, by name' },
    ),
    next: orNull(Type.String()),
  },
  closed,
);
