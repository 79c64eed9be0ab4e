import type { JsonObject } from '../core/json.js';
import type { ListRequest, ListResult } from '../domain/provisioning/provisioning-store.js';
import type { ResourceFilter, ResourceSort } from '../domain/provisioning/resource-query.js';
import type { ScimCall } from './call.js';
import { Cursors } from './cursor.js';
import { badRequest, type ScimType } from './errors.js';
import { parseFilter } from './filter/parse-filter.js';
import { projector } from './resource/present.js';
import type { ResourceSchema } from './schema/resource-schema.js';
import type { SearchRequest } from './search-request.js';

export const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** A page of a list (RFC 7644 section 3.4.2). */
export type ListResponse = {
  readonly schemas: readonly string[];
  readonly totalResults: number;
  readonly itemsPerPage: number;
  readonly startIndex?: number;
  readonly nextCursor?: string;
  readonly Resources: readonly JsonObject[];
};

/** A kind of resource that can be listed. */
export interface Listing {
  readonly schema: ResourceSchema;
  /** Complete resources of a page. `hidden`: attributes that the request doesn't want, by their canonical names. */
  readonly find: (
    request: ListRequest,
    shows: (attribute: string) => boolean,
  ) => Promise<ListResult<JsonObject>>;
}

/** Addresses are put together when a resource is shown: nothing could look them up. */
const ADDRESSES = ['meta.location', 'groups.$ref', 'members.$ref'];

function refuseAddress(path: readonly string[], above: readonly string[], scimType: ScimType): void {
  const name = [...above, ...path].join('.');
  if (ADDRESSES.includes(name))
    throw badRequest(scimType, `${name} can't be searched for or sorted by: use the id, which it ends with.`);
}

function refuseAddresses(filter: ResourceFilter, above: readonly string[] = []): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.parts) refuseAddresses(part, above);
      break;
    case 'not':
      refuseAddresses(filter.part, above);
      break;
    case 'element':
      refuseAddresses(filter.filter, filter.attribute.path);
      break;
    case 'present':
    case 'compare':
      refuseAddress(filter.attribute.path, above, 'invalidFilter');
  }
}

function readFilter(text: string, schema: ResourceSchema): ResourceFilter {
  const filter = parseFilter(text, schema);
  refuseAddresses(filter);
  return filter;
}

function readSort({ sortBy, descending }: SearchRequest, schema: ResourceSchema): ResourceSort | undefined {
  if (sortBy === undefined) return undefined;
  const attribute = schema.resolveValue(sortBy, 'invalidPath');
  refuseAddress(attribute.path, [], 'invalidPath');
  return { attribute, order: descending ? 'descending' : 'ascending' };
}

/** Whether the answer may hold an attribute: what takes long to read is left out when nobody sees it. */
export function showing(schema: ResourceSchema, search: SearchRequest): (attribute: string) => boolean {
  const whole = (names: readonly string[]): readonly string[] =>
    names
      .map((name) => schema.find(name)?.path.path ?? [])
      .filter((path) => path.length === 1)
      .flat();
  const tops = (names: readonly string[]): readonly string[] =>
    names.map((name) => schema.find(name)?.path.path[0] ?? '');
  const { attributes = [], excludedAttributes = [] } = search;
  if (attributes.length > 0) return (attribute) => tops(attributes).includes(attribute);
  return (attribute) => !whole(excludedAttributes).includes(attribute);
}

/** Answers a query with a ListResponse (RFC 7644 section 3.4.2), by index or by cursor (RFC 9865). */
export async function list(call: ScimCall, listing: Listing, search: SearchRequest): Promise<ListResponse> {
  const { schema } = listing;
  const project = projector(schema, search);
  const cursors = new Cursors(call.tenant, call.push.connectionId, () => call.stores.clock.now());
  const { cursor, count, startIndex } = search;
  const result = await listing.find(
    {
      filter: search.filter === undefined ? undefined : readFilter(search.filter, schema),
      sort: readSort(search, schema),
      page:
        cursor === undefined
          ? { startIndex, count }
          : { after: cursor === '' ? null : cursors.read(schema.type.name, search, cursor), count },
    },
    showing(schema, search),
  );
  const paging =
    cursor === undefined
      ? { startIndex }
      : result.next === undefined
        ? {}
        : { nextCursor: cursors.write(schema.type.name, search, result.next) };
  return {
    schemas: [LIST_SCHEMA],
    totalResults: result.total,
    itemsPerPage: result.resources.length,
    ...paging,
    Resources: result.resources.map(project),
  };
}

function idOf(resource: JsonObject): string {
  const { id } = resource;
  return typeof id === 'string' ? id : '';
}

/** A list that is at hand as a whole: few entries, of the configuration. */
export function pageOf(all: readonly JsonObject[], { page }: ListRequest): ListResult<JsonObject> {
  if ('startIndex' in page) {
    const resources = all.slice(page.startIndex - 1, page.startIndex - 1 + page.count);
    return { resources, total: all.length, next: undefined };
  }
  const { after } = page;
  const from = after === null ? 0 : all.findIndex((resource) => idOf(resource) === after.id) + 1;
  const resources = all.slice(from, from + page.count);
  const last = resources.at(-1);
  const next =
    last !== undefined && from + page.count < all.length ? { id: idOf(last), sortedBy: null } : undefined;
  return { resources, total: all.length, next };
}
