import type { Json, JsonObject } from '../../core/json.js';
import type { ScimAnswer, ScimRequest } from '../call.js';
import { badRequest, quoted, ScimError, scimErrorBody } from '../errors.js';
import { checkJson, isObject } from '../resource/check-json.js';
import { locationOf } from '../resource/meta.js';
import { MAX_BULK_OPERATIONS } from './bulk-limits.js';

export const BULK_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const RESPONSE_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];
const PATH = /^\/(Users|Groups)(?:\/([^/?]{1,200}))?$/;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly bulkId: string | undefined;
  readonly version: string | undefined;
  readonly data: Json | undefined;
}

/** Does one operation as if it had come alone. Errors are answers here. */
export type RunOperation = (path: string, request: ScimRequest) => Promise<ScimAnswer>;

/**
 * POST /Bulk (RFC 7644 section 3.7): operations in their order, each a transaction of its own. What an operation refers to by
 * `bulkId:` is made before it, wherever it stands in the request; what refers to itself in a circle is a 409.
 */
export async function bulk(request: ScimRequest, baseUrl: string, run: RunOperation): Promise<ScimAnswer> {
  const { operations, failOnErrors } = readBulk(request.body);
  const batch = new Batch(operations, baseUrl, run);
  let errors = 0;
  for (const operation of operations) {
    const answer = await batch.answerOf(operation, []);
    if (answer.status >= 400) errors += 1;
    if (failOnErrors !== undefined && errors >= failOnErrors) break;
  }
  return { status: 200, body: { schemas: [RESPONSE_SCHEMA], Operations: batch.answered() } };
}

class Batch {
  readonly #answers = new Map<Operation, ScimAnswer>();
  /** Addresses of what operations concern, once they are known. */
  readonly #paths = new Map<Operation, string>();
  /** The database doesn't answer: what is left isn't tried. */
  #down: ScimAnswer | undefined;
  readonly #byId: ReadonlyMap<string, Operation>;

  constructor(
    private readonly operations: readonly Operation[],
    private readonly baseUrl: string,
    private readonly run: RunOperation,
  ) {
    this.#byId = new Map(
      operations.flatMap((operation) =>
        operation.bulkId === undefined ? [] : [[operation.bulkId, operation] as const],
      ),
    );
  }

  async answerOf(operation: Operation, waiting: readonly Operation[]): Promise<ScimAnswer> {
    const known = this.#answers.get(operation);
    if (known !== undefined) return known;
    const answer = this.#down ?? (await this.#do(operation, waiting));
    if (answer.status === 503) this.#down = answer;
    this.#answers.set(operation, answer);
    return answer;
  }

  async #do(operation: Operation, waiting: readonly Operation[]): Promise<ScimAnswer> {
    try {
      const ids = await this.#idsFor(operation, [...waiting, operation]);
      const path = resolveText(operation.path, ids);
      this.#paths.set(operation, path);
      return await this.run(path, {
        method: operation.method,
        query: new URLSearchParams(),
        body: operation.data === undefined ? undefined : resolve(operation.data, ids),
        ifMatch: operation.version,
        ifNoneMatch: undefined,
      });
    } catch (error) {
      if (!(error instanceof ScimError)) throw error;
      return { status: error.status, body: scimErrorBody(error) };
    }
  }

  /** Ids of what the operation refers to, made first where they aren't there yet. */
  async #idsFor(operation: Operation, waiting: readonly Operation[]): Promise<ReadonlyMap<string, string>> {
    const ids = new Map<string, string>();
    for (const bulkId of referencesIn([operation.path, operation.data ?? null])) {
      const other = this.#byId.get(bulkId);
      if (other === undefined || other === operation || waiting.includes(other))
        throw new ScimError(
          409,
          other === undefined
            ? `bulkId ${quoted(bulkId)} is no operation of this request.`
            : `bulkId ${quoted(bulkId)} refers to itself in a circle: set one of the two by a later request.`,
        );
      const { body } = await this.answerOf(other, waiting);
      const id = body?.['id'];
      if (typeof id !== 'string')
        throw new ScimError(
          409,
          `The operation with bulkId ${quoted(bulkId)} failed, so this one can't be done.`,
        );
      ids.set(bulkId, id);
    }
    return ids;
  }

  /** In the order of the request; what was not done is left out. */
  answered(): readonly JsonObject[] {
    return this.operations.flatMap((operation) => {
      const answer = this.#answers.get(operation);
      if (answer === undefined) return [];
      const own = operation.method === 'POST' ? undefined : this.#paths.get(operation);
      return [rendered(operation, answer, own === undefined ? undefined : `${this.baseUrl}${own}`)];
    });
  }
}

/** `address`: of what was there before the operation. */
function rendered(
  { method, bulkId }: Operation,
  answer: ScimAnswer,
  address: string | undefined,
): JsonObject {
  const { status, body, etag } = answer;
  const location = answer.location ?? locationOf(body) ?? address;
  return {
    method,
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(etag === undefined ? {} : { version: etag }),
    ...(location === undefined ? {} : { location }),
    status: String(status),
    ...(status >= 400 && body !== undefined ? { response: body } : {}),
  };
}

/** A reference stands alone, ends an address, or is compared with: a text that merely speaks of one is no reference. */
const REFERENCE = /(?<=^|^\/?(?:Users|Groups)\/|\beq ")bulkId:([^\s"/\]]{1,200})(?=$|")/g;

function referencesIn(value: Json, found: Set<string> = new Set()): ReadonlySet<string> {
  if (typeof value === 'string') for (const [, bulkId = ''] of value.matchAll(REFERENCE)) found.add(bulkId);
  else if (Array.isArray(value)) for (const each of value) referencesIn(each, found);
  else if (isObject(value)) for (const each of Object.values<Json>(value)) referencesIn(each, found);
  return found;
}

const resolveText = (text: string, ids: ReadonlyMap<string, string>): string =>
  text.replace(REFERENCE, (whole, bulkId: string) => ids.get(bulkId) ?? whole);

function resolve(value: Json, ids: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return ids.size === 0 ? value : resolveText(value, ids);
  if (Array.isArray(value)) return value.map((each: Json) => resolve(each, ids));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries<Json>(value).map(([name, each]) => [name, resolve(each, ids)]));
}

function readBulk(body: Json | undefined): {
  readonly operations: readonly Operation[];
  readonly failOnErrors: number | undefined;
} {
  if (!isObject(body)) throw badRequest('invalidSyntax', 'The body must be a JSON object: a BulkRequest.');
  const { schemas, Operations, failOnErrors } = body as { readonly [name: string]: Json | undefined };
  if (!Array.isArray(schemas) || !schemas.includes(BULK_SCHEMA))
    throw badRequest('invalidSyntax', `schemas is missing: send "schemas": ["${BULK_SCHEMA}"].`);
  if (!Array.isArray(Operations)) throw badRequest('invalidSyntax', 'Operations must be a list.');
  if (Operations.length > MAX_BULK_OPERATIONS)
    throw new ScimError(
      413,
      `A Bulk request may have ${MAX_BULK_OPERATIONS} operations, not ${Operations.length}.`,
    );
  if (failOnErrors !== undefined && !(Number.isSafeInteger(failOnErrors) && Number(failOnErrors) > 0))
    throw badRequest('invalidValue', 'failOnErrors must be a whole number above 0.');
  const operations = Operations.map(readOperation);
  const bulkIds = operations.flatMap(({ bulkId }) => bulkId ?? []);
  const twice = bulkIds.find((bulkId, index) => bulkIds.indexOf(bulkId) !== index);
  if (twice !== undefined) throw badRequest('invalidValue', `bulkId ${quoted(twice)} is given twice.`);
  return { operations, failOnErrors: failOnErrors === undefined ? undefined : Number(failOnErrors) };
}

function readOperation(value: Json, index: number): Operation {
  const where = `Operations[${index}]`;
  if (!isObject(value)) throw badRequest('invalidSyntax', `${where} must be an object.`);
  checkJson(value);
  const { method, path, bulkId, version, data } = value as { readonly [name: string]: Json | undefined };
  const wanted = typeof method === 'string' ? method.toUpperCase() : '';
  if (!METHODS.includes(wanted))
    throw badRequest('invalidValue', `${where}.method must be POST, PUT, PATCH or DELETE.`);
  const found = typeof path === 'string' ? PATH.exec(path) : null;
  if (typeof path !== 'string' || found === null || (wanted === 'POST') !== (found[2] === undefined))
    throw badRequest(
      'invalidPath',
      `${where}.path must be /Users or /Groups for POST, else with an id behind it.`,
    );
  if (wanted === 'POST' && typeof bulkId !== 'string')
    throw badRequest('invalidValue', `${where} makes something: it needs a bulkId.`);
  if (wanted !== 'DELETE' && data === undefined)
    throw badRequest('invalidValue', `${where}.data is missing.`);
  return {
    method: wanted,
    path,
    bulkId: typeof bulkId === 'string' ? bulkId : undefined,
    version: typeof version === 'string' ? version : undefined,
    data,
  };
}
