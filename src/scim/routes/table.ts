import { findRoute, type TenantRoute } from '../../http/tenant-route.js';
import type { ScimAnswer, ScimCall, ScimRequest } from '../call.js';
import { ScimError, scimErrorBody } from '../errors.js';
import { toScimError } from '../problems.js';
import { fromBody, fromQuery } from '../search-request.js';
import { bulk } from './bulk.js';
import {
  discoveryEntry,
  discoveryList,
  resourceTypes,
  schemaResources,
  serviceProviderConfig,
} from './discovery.js';
import { getGroup, groupListing, patchGroup, postGroup, putGroup, removeGroup } from './groups.js';
import { entitlementListing, getListed, roleListing } from './roles.js';
import { search, searchAll } from './search.js';
import { getUser, patchUser, postUser, putUser, removeUser, userListing } from './users.js';

type Handler = (call: ScimCall, request: ScimRequest, id: string) => Promise<ScimAnswer> | ScimAnswer;

/** An address below a tenant's issuer that SCIM answers; methods that it doesn't take get a 405. */
export interface ScimRoute extends TenantRoute {
  readonly methods: 'any';
  readonly takes: readonly string[];
}

interface ServedRoute extends ScimRoute {
  readonly handle: Readonly<Record<string, Handler>>;
}

/** What can be read can be asked for without its body, and every address tells its methods (RFC 9110 section 9.3). */
function served(name: string, path: RegExp, handle: Readonly<Record<string, Handler>>): ServedRoute {
  const methods = Object.keys(handle);
  const takes = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
  return { name: `scim_${name}`, path, methods: 'any', takes, handle };
}

const notServed: Handler = () => {
  throw new ScimError(404, 'There is nothing at this address. /ResourceTypes lists what there is.');
};
const noSelf: Handler = () => {
  throw new ScimError(501, '/Me is not served: a SCIM client is no person.');
};

const ROUTES: readonly ServedRoute[] = [
  served('users', /^\/scim\/v2\/Users$/, {
    GET: (call, request) => search(call, userListing(call), fromQuery(request.query)),
    POST: postUser,
  }),
  served('users_search', /^\/scim\/v2\/Users\/\.search$/, {
    POST: (call, request) => search(call, userListing(call), fromBody(request.body)),
  }),
  served('user', /^\/scim\/v2\/Users\/([^/]+)$/, {
    GET: getUser,
    PUT: putUser,
    PATCH: patchUser,
    DELETE: removeUser,
  }),
  served('groups', /^\/scim\/v2\/Groups$/, {
    GET: (call, request) => search(call, groupListing(call), fromQuery(request.query)),
    POST: postGroup,
  }),
  served('groups_search', /^\/scim\/v2\/Groups\/\.search$/, {
    POST: (call, request) => search(call, groupListing(call), fromBody(request.body)),
  }),
  served('group', /^\/scim\/v2\/Groups\/([^/]+)$/, {
    GET: getGroup,
    PUT: putGroup,
    PATCH: patchGroup,
    DELETE: removeGroup,
  }),
  served('roles', /^\/scim\/v2\/Roles$/, {
    GET: (call, request) => search(call, roleListing(call), fromQuery(request.query)),
  }),
  served('roles_search', /^\/scim\/v2\/Roles\/\.search$/, {
    POST: (call, request) => search(call, roleListing(call), fromBody(request.body)),
  }),
  served('role', /^\/scim\/v2\/Roles\/([^/]+)$/, {
    GET: (call, request, id) => getListed(roleListing(call), request, id),
  }),
  served('entitlements', /^\/scim\/v2\/Entitlements$/, {
    GET: (call, request) => search(call, entitlementListing(call), fromQuery(request.query)),
  }),
  served('entitlements_search', /^\/scim\/v2\/Entitlements\/\.search$/, {
    POST: (call, request) => search(call, entitlementListing(call), fromBody(request.body)),
  }),
  served('entitlement', /^\/scim\/v2\/Entitlements\/([^/]+)$/, {
    GET: (call, request, id) => getListed(entitlementListing(call), request, id),
  }),
  served('bulk', /^\/scim\/v2\/Bulk$/, { POST: (call, request) => bulk(request, call.baseUrl, runIn(call)) }),
  served('search', /^\/scim\/v2\/\.search$/, {
    POST: (call, request) => searchAll(call, fromBody(request.body)),
  }),
  served('root', /^\/scim\/v2$/, { GET: (call, request) => searchAll(call, fromQuery(request.query)) }),
  served('me', /^\/scim\/v2\/Me$/, { GET: noSelf, POST: noSelf, PUT: noSelf, PATCH: noSelf, DELETE: noSelf }),
  served('service_provider_config', /^\/scim\/v2\/ServiceProviderConfig$/, {
    GET: (call) => serviceProviderConfig(call.tenant),
  }),
  served('resource_types', /^\/scim\/v2\/ResourceTypes$/, {
    GET: (call, request) => discoveryList(resourceTypes(call.schemas, call.baseUrl), request),
  }),
  served('resource_type', /^\/scim\/v2\/ResourceTypes\/([^/]+)$/, {
    GET: (call, _request, id) =>
      discoveryEntry(resourceTypes(call.schemas, call.baseUrl), 'resource type', id),
  }),
  served('schemas', /^\/scim\/v2\/Schemas$/, {
    GET: (call, request) => discoveryList(schemaResources(call.schemas, call.baseUrl), request),
  }),
  served('schema', /^\/scim\/v2\/Schemas\/([^/]+)$/, {
    GET: (call, _request, id) => discoveryEntry(schemaResources(call.schemas, call.baseUrl), 'schema', id),
  }),
  served('elsewhere', /^\/scim\/v2\/.*$/, {
    GET: notServed,
    POST: notServed,
    PUT: notServed,
    PATCH: notServed,
    DELETE: notServed,
  }),
];

/** Paths below a tenant's issuer that SCIM answers; the first that matches. */
export const SCIM_ROUTES: readonly ScimRoute[] = ROUTES;

/** Hands a call to its route. Throws what the route throws. */
export async function route(
  call: ScimCall,
  { name }: ScimRoute,
  request: ScimRequest,
  [id = '']: readonly (string | undefined)[],
): Promise<ScimAnswer> {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const handle = ROUTES.find((candidate) => candidate.name === name)?.handle[method];
  if (handle === undefined) throw new ScimError(405, `${request.method} isn't served at this address.`);
  return handle(call, request, id);
}

/** Runs an operation of a Bulk request by the route that it would have come to alone. */
function runIn(call: ScimCall): (path: string, request: ScimRequest) => Promise<ScimAnswer> {
  return async (path, request) => {
    const found = findRoute(ROUTES, request.method, `/scim/v2${path}`);
    if (found === undefined) throw new ScimError(404, 'There is nothing at this address.');
    try {
      return await route(call, found.route, request, found.parameters);
    } catch (error) {
      const problem = toScimError(error);
      if (problem.status >= 500) call.report(error);
      return { status: problem.status, body: scimErrorBody(problem) };
    }
  };
}
