import type { JsonObject } from '../../core/json.js';
import type { ScimAnswer, ScimCall } from '../call.js';
import { badRequest, ScimError } from '../errors.js';
import { list, LIST_SCHEMA, type Listing, type ListResponse } from '../list.js';
import type { SearchRequest } from '../search-request.js';
import { groupListing } from './groups.js';
import { userListing } from './users.js';

/** GET of a resource type's endpoint, or POST to its `.search`. */
export async function search(call: ScimCall, listing: Listing, request: SearchRequest): Promise<ScimAnswer> {
  return { status: 200, body: await list(call, listing, request) };
}

/**
 * A query over users and groups at once (RFC 7644 section 3.4.2.1): users first. A filter must fit at least one of the two;
 * those that it doesn't fit have no matches.
 */
export async function searchAll(call: ScimCall, request: SearchRequest): Promise<ScimAnswer> {
  if (request.cursor !== undefined || request.sortBy !== undefined)
    throw badRequest('invalidValue', 'Sort, or page by cursor, at /Users or /Groups: not over both.');
  const { count, startIndex } = request;
  const users = await listOrRefusal(call, userListing(call), request);
  const from = startIndex - totalOf(users);
  const groups = await listOrRefusal(call, groupListing(call), {
    ...request,
    startIndex: Math.max(from, 1),
    count: count - resourcesOf(users).length,
  });
  if (users instanceof ScimError && groups instanceof ScimError) throw users;
  const resources = [...resourcesOf(users), ...resourcesOf(groups)];
  return {
    status: 200,
    body: {
      schemas: [LIST_SCHEMA],
      totalResults: totalOf(users) + totalOf(groups),
      itemsPerPage: resources.length,
      startIndex,
      Resources: resources,
    },
  };
}

type Part = ListResponse | ScimError;

async function listOrRefusal(call: ScimCall, listing: Listing, request: SearchRequest): Promise<Part> {
  try {
    return await list(call, listing, request);
  } catch (error) {
    if (error instanceof ScimError && error.scimType === 'invalidFilter') return error;
    throw error;
  }
}

const totalOf = (part: Part): number => (part instanceof ScimError ? 0 : part.totalResults);
const resourcesOf = (part: Part): readonly JsonObject[] => (part instanceof ScimError ? [] : part.Resources);
