import { Type } from 'typebox';
import { TenantEntry } from './apply-file.js';
import { Slug } from './apply-values.js';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

const { name, status, parent, signIn, roleMappingMode, defaultRole, whenNoRole, scimExtensions } =
  TenantEntry.properties;
const settings = { name, status, signIn, roleMappingMode, defaultRole, whenNoRole, scimExtensions };

/** A new tenant. Its lists are resources of their own. */
export const NewTenant = Type.Object({ slug: Slug, parent, ...settings }, closed);

export const TenantChange = Type.Partial(Type.Object({ slug: Slug, parent, ...settings }, closed), closed);

export const TenantResource = Type.Object(
  {
    id: Uuid,
    slug: Type.String(),
    kind: Type.Enum(['system', 'organization']),
    ...Type.Required(Type.Object({ parent, ...settings }, closed)).properties,
    issuer: Type.String(),
    scimBaseUrl: Type.String(),
  },
  closed,
);

/** A tenant of a list. */
export const TenantSummary = Type.Object(
  {
    id: Uuid,
    slug: Type.String(),
    name: Type.String(),
    kind: Type.Enum(['system', 'organization']),
    status: Type.Enum(['active', 'suspended']),
    parent: orNull(Type.String()),
    createdAt: Time,
  },
  closed,
);

export const TenantListQuery = listQuery({
  parent: Type.Optional(
    Type.String({ minLength: 1, maxLength: 40, description: "only this tenant's customers" }),
  ),
  status: Type.Optional(Type.Enum(['active', 'suspended'])),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'what the slug, the name or a verified domain begins with',
    }),
  ),
  sort: Type.Optional(Type.Enum(['slug', 'name'])),
});
