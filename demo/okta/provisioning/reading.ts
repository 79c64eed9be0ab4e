import type { ScimAnswer } from './answer.js';
import type { ScimClient } from './client.js';
import { bodyOf, isObject, ProvisioningError, refusalOf, type JsonObject } from './failure.js';

/** A page of a list, after Okta's checks. */
interface ListPage {
  readonly total: number;
  readonly resources: readonly JsonObject[];
}

const PAGE = 100;

/** Okta takes whole numbers only: a number in quotes fails its import. */
function integerOf(body: JsonObject, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new ProvisioningError(
      `Bad list response: ${name} must be an integer, not ${JSON.stringify(value)}`,
    );
  }
  return value;
}

/** Reads a ListResponse. @throws ProvisioningError when the answer isn't 200, or isn't as Okta needs it */
export function readList(answer: ScimAnswer): ListPage {
  if (answer.status !== 200) throw refusalOf(answer);
  const body = bodyOf(answer);
  if (!isObject(body)) throw new ProvisioningError('Bad list response: no JSON object');
  const total = integerOf(body, 'totalResults');
  integerOf(body, 'startIndex');
  integerOf(body, 'itemsPerPage');
  const resources = body['Resources'] ?? [];
  if (!Array.isArray(resources) || !resources.every((one) => isObject(one))) {
    throw new ProvisioningError('Bad list response: Resources must be an array of objects');
  }
  return { total, resources };
}

/** The id of a resource: Okta keeps it for good, and wants it again in every later answer. */
export function idOf(resource: JsonObject): string {
  const id = resource['id'];
  if (typeof id !== 'string' || id === '') throw new ProvisioningError('The resource has no id');
  if (id.includes('bulkId')) throw new ProvisioningError(`The id ${id} contains the reserved word bulkId`);
  return id;
}

/** A whole resource. @throws ProvisioningError when it lacks its id, or has another than `expected` */
export function readResource(answer: ScimAnswer, expected?: string): JsonObject {
  const body = bodyOf(answer);
  if (!isObject(body)) throw new ProvisioningError('The remote server returned an empty resource');
  const id = idOf(body);
  if (expected !== undefined && id !== expected) {
    throw new ProvisioningError(`The remote server returned id ${id} where ${expected} was asked for`);
  }
  return body;
}

/** The one resource whose attribute has this value. Nothing found is an empty list, or 404. */
export async function findOne(
  client: ScimClient,
  endpoint: '/Users' | '/Groups',
  attribute: 'userName' | 'displayName',
  value: string,
): Promise<JsonObject | undefined> {
  const filter = encodeURIComponent(`${attribute} eq ${JSON.stringify(value)}`);
  const answer = await client.ask('GET', `${endpoint}?filter=${filter}&startIndex=1&count=${PAGE}`);
  if (answer.status === 404) return undefined;
  const { resources } = readList(answer);
  if (resources.length > 1) {
    throw new ProvisioningError(
      `The remote server returned more than one resource for ${attribute} ${value}`,
    );
  }
  const [found] = resources;
  if (found !== undefined) idOf(found);
  return found;
}

/**
 * All resources of an endpoint, page by page: startIndex 1, 101, … until `totalResults` are there.
 * @throws ProvisioningError when a page is empty too early, or a resource comes twice (the order isn't stable)
 */
export async function readAll(client: ScimClient, endpoint: string): Promise<JsonObject[]> {
  const all = new Map<string, JsonObject>();
  for (let start = 1; ; start += PAGE) {
    const { total, resources } = readList(
      await client.ask('GET', `${endpoint}?startIndex=${start}&count=${PAGE}`),
    );
    for (const resource of resources) {
      const id = idOf(resource);
      if (all.has(id)) throw new ProvisioningError(`${id} was listed twice: the order is not stable`);
      all.set(id, resource);
    }
    if (start + PAGE > total) {
      if (all.size < total) throw new ProvisioningError(`${total} were announced, and ${all.size} listed`);
      return [...all.values()];
    }
    if (resources.length < PAGE) {
      throw new ProvisioningError(`a page of ${resources.length} where ${PAGE} were asked for`);
    }
  }
}
