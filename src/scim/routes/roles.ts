import type { Json, JsonObject } from '../../core/json.js';
import type { ScimAnswer, ScimCall, ScimRequest } from '../call.js';
import { badRequest, quoted, ScimError } from '../errors.js';
import { matches } from '../filter/matches.js';
import { pageOf, type Listing } from '../list.js';
import { isObject } from '../resource/check-json.js';
import { projector } from '../resource/present.js';
import { entitlementId } from '../resource/user-form.js';
import { ENTITLEMENT_SCHEMA, ROLE_SCHEMA } from '../schema/okta.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import { fromQuery } from '../search-request.js';

/** The tenant's roles, for Okta's governance to discover (C11). The console's are nobody's to give by SCIM. */
export function roleListing(call: ScimCall): Listing {
  const all = tenantRoles(call).map((role): JsonObject => ({
    schemas: [ROLE_SCHEMA],
    id: role.id,
    displayName: role.name,
    description: `Role ${role.key}, in every application`,
    meta: { resourceType: 'Role', location: `${call.baseUrl}/Roles/${role.id}` },
  }));
  return listingOf(call.schemas.role, all);
}

/** Each of the tenant's roles in each of its applications. */
export function entitlementListing(call: ScimCall): Listing {
  const { applications } = call.push.configuration;
  const all = applications.flatMap(({ clientId, name }) =>
    tenantRoles(call).map((role): JsonObject => {
      const id = entitlementId(clientId, role.key);
      return {
        schemas: [ENTITLEMENT_SCHEMA],
        id,
        displayName: `${role.name} in ${name}`,
        description: `Role ${role.key}, in application ${clientId} only`,
        type: 'Entitlement',
        meta: {
          resourceType: 'Entitlement',
          location: `${call.baseUrl}/Entitlements/${id}`,
        },
      };
    }),
  );
  return listingOf(call.schemas.entitlement, all);
}

/** GET /Roles/{id}, /Entitlements/{id}. */
export async function getListed(listing: Listing, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const project = projector(listing.schema, fromQuery(request.query));
  const page = { startIndex: 1, count: Number.MAX_SAFE_INTEGER };
  const all = await listing.find({ filter: undefined, sort: undefined, page }, () => true);
  const found = all.resources.find((resource) => resource['id'] === id);
  if (found === undefined)
    throw new ScimError(404, `There is no ${listing.schema.type.name.toLowerCase()} ${quoted(id)} here.`);
  return { status: 200, body: project(found) };
}

const tenantRoles = (call: ScimCall) =>
  call.push.configuration.roles.filter(({ key }) => !key.startsWith('console:'));

function listingOf(schema: ResourceSchema, all: readonly JsonObject[]): Listing {
  return {
    schema,
    find: async (request) => {
      const { filter, sort } = request;
      if (sort !== undefined && sort.attribute.listAt !== undefined)
        throw badRequest('invalidPath', 'These can be sorted by a simple attribute only.');
      const found = filter === undefined ? all : all.filter((resource) => matches(filter, resource));
      return pageOf(sort === undefined ? found : sorted(found, sort), request);
    },
  };
}

function sorted(
  resources: readonly JsonObject[],
  { attribute, order }: NonNullable<Parameters<Listing['find']>[0]['sort']>,
): readonly JsonObject[] {
  const keyOf = (resource: JsonObject): string => {
    const value = attribute.path.reduce<Json | undefined>(
      (inner, name) => (isObject(inner) ? inner[name] : undefined),
      resource,
    );
    return typeof value === 'string' ? value.toLowerCase() : '';
  };
  const sign = order === 'ascending' ? 1 : -1;
  return resources.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -sign : keyOf(a) > keyOf(b) ? sign : 0));
}
