import type { JsonObject } from '../../core/json.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { ScimAnswer, ScimRequest } from '../call.js';
import { quoted, ScimError } from '../errors.js';
import { LIST_SCHEMA } from '../list.js';
import { MAX_BULK_BYTES, MAX_BULK_OPERATIONS } from './bulk-limits.js';
import { toResourceTypeResource, toSchemaResource } from '../schema/render.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import { COUNT_DEFAULT, COUNT_MAX } from '../search-request.js';
import type { TenantSchemas } from '../tenant-schemas.js';

/** The service provider's configuration (RFC 7643 section 5, with the paging of RFC 9865 section 3). */
export function serviceProviderConfig(tenant: TenantContext): ScimAnswer {
  const location = `${tenant.issuer}/scim/v2/ServiceProviderConfig`;
  return {
    status: 200,
    body: {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: true, maxOperations: MAX_BULK_OPERATIONS, maxPayloadSize: MAX_BULK_BYTES },
      filter: { supported: true, maxResults: COUNT_MAX },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: 'index',
        defaultPageSize: COUNT_DEFAULT,
        maxPageSize: COUNT_MAX,
        cursorTimeout: 3600,
      },
      authenticationSchemes: [
        {
          type: 'oauthbearertoken',
          name: 'Token',
          description: 'A SCIM token of the connection, or an access token with scope scim for this address.',
          specUri: 'https://www.rfc-editor.org/info/rfc6750',
          primary: true,
        },
      ],
      meta: { resourceType: 'ServiceProviderConfig', location },
    },
  };
}

const typesOf = (schemas: TenantSchemas): readonly ResourceSchema[] => [
  schemas.user,
  schemas.group,
  schemas.role,
  schemas.entitlement,
];

/** /ResourceTypes (RFC 7644 section 4). */
export function resourceTypes(schemas: TenantSchemas, baseUrl: string): readonly JsonObject[] {
  return typesOf(schemas).map(({ type }) => toResourceTypeResource(type, baseUrl));
}

/** /Schemas: each once, extensions after what they extend. */
export function schemaResources(schemas: TenantSchemas, baseUrl: string): readonly JsonObject[] {
  const all = typesOf(schemas).flatMap(({ core, extensions }) => [core, ...extensions]);
  return [...new Map(all.map((schema) => [schema.id, schema])).values()].map((schema) =>
    toSchemaResource(schema, baseUrl),
  );
}

/** A list that is never paged, sorted or filtered (RFC 7644 section 4: a filter there is a 403). */
export function discoveryList(all: readonly JsonObject[], request: ScimRequest): ScimAnswer {
  if (request.query.has('filter')) throw new ScimError(403, 'These lists can not be filtered.');
  return {
    status: 200,
    body: {
      schemas: [LIST_SCHEMA],
      totalResults: all.length,
      itemsPerPage: all.length,
      startIndex: 1,
      Resources: all,
    },
  };
}

/** One of them by its id, whatever its case. */
export function discoveryEntry(all: readonly JsonObject[], what: string, id: string): ScimAnswer {
  const wanted = JSON.stringify(id).toLowerCase();
  const found = all.find((entry) => JSON.stringify(entry['id']).toLowerCase() === wanted);
  if (found === undefined) throw new ScimError(404, `There is no ${what} ${quoted(id)}.`);
  return { status: 200, body: found };
}
