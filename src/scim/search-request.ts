import type { Json } from '../core/json.js';
import { badRequest, quoted } from './errors.js';
import { isObject } from './resource/check-json.js';
import { parseNames, type Projection } from './resource/present.js';

/** A query as a client wrote it: in the address, or in the body of a `.search` (RFC 7644 sections 3.4.2 and 3.4.3). */
export interface SearchRequest extends Projection {
  readonly filter: string | undefined;
  readonly sortBy: string | undefined;
  readonly descending: boolean;
  /** From 1. */
  readonly startIndex: number;
  /** 0 to 1,000. */
  readonly count: number;
  /** Undefined: pages by index. Empty: the first page by cursor (RFC 9865 section 2). */
  readonly cursor: string | undefined;
}

export const COUNT_DEFAULT = 100;
export const COUNT_MAX = 1_000;
export const SEARCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const INDEX_MAX = 1_000_000_000;
const FILTER_BYTES_MAX = 4 * 1024;
const INTEGER = /^[+-]?\d{1,30}$/;

/** Parameters that aren't known are ignored: clients send flags of their own (`?aadOptscim062020`). */
export function fromQuery(query: URLSearchParams): SearchRequest {
  const text = (name: string): string | undefined => query.get(name) ?? undefined;
  return {
    ...common(text('filter'), text('sortBy'), text('sortOrder')),
    startIndex: readIndex(text('startIndex')),
    count: readCount(text('count'), query.has('cursor')),
    cursor: text('cursor'),
    attributes: parseNames(text('attributes')),
    excludedAttributes: parseNames(text('excludedAttributes')),
  };
}

/** Throws ScimError 400 unless the body is a SearchRequest. */
export function fromBody(body: Json | undefined): SearchRequest {
  if (!isObject(body)) throw badRequest('invalidSyntax', 'The body must be a JSON object: a SearchRequest.');
  const { schemas } = body as { readonly schemas?: Json };
  if (!Array.isArray(schemas) || !schemas.includes(SEARCH_SCHEMA))
    throw badRequest('invalidSyntax', `schemas is missing: send "schemas": ["${SEARCH_SCHEMA}"].`);
  const text = (name: string): string | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw badRequest('invalidValue', `${name} must be text.`);
    return value;
  };
  const number = (name: string): string | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : 'no number';
  };
  return {
    ...common(text('filter'), text('sortBy'), text('sortOrder')),
    startIndex: readIndex(number('startIndex')),
    count: readCount(number('count'), body['cursor'] !== undefined),
    cursor: text('cursor'),
    attributes: readNames(body, 'attributes'),
    excludedAttributes: readNames(body, 'excludedAttributes'),
  };
}

function common(filter: string | undefined, sortBy: string | undefined, sortOrder: string | undefined) {
  if (filter !== undefined && Buffer.byteLength(filter) > FILTER_BYTES_MAX)
    throw badRequest('invalidFilter', `A filter may have ${FILTER_BYTES_MAX} bytes.`);
  const order = sortOrder?.toLowerCase() ?? 'ascending';
  if (order !== 'ascending' && order !== 'descending')
    throw badRequest('invalidValue', `sortOrder is ascending or descending, not ${quoted(order)}.`);
  return {
    filter: filter === '' ? undefined : filter,
    sortBy: sortBy === '' ? undefined : sortBy,
    descending: order === 'descending',
  };
}

/** Less than 1 is 1 (RFC 7644 section 3.4.2.4). */
function readIndex(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!INTEGER.test(text))
    throw badRequest('invalidValue', `startIndex must be a whole number, not ${quoted(text)}.`);
  return Math.min(Math.max(Number(text), 1), INDEX_MAX);
}

/** Less than 0 is 0; more than 1,000 is 1,000. */
function readCount(text: string | undefined, byCursor: boolean): number {
  if (text === undefined) return COUNT_DEFAULT;
  if (!INTEGER.test(text))
    throw badRequest(
      byCursor ? 'invalidCount' : 'invalidValue',
      `count must be a whole number, not ${quoted(text)}.`,
    );
  return Math.min(Math.max(Number(text), 0), COUNT_MAX);
}

function readNames(body: { readonly [name: string]: Json }, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return parseNames(value);
  if (!Array.isArray(value) || !value.every((each: Json) => typeof each === 'string'))
    throw badRequest('invalidValue', `${name} must be a list of attribute names.`);
  return parseNames(value.join(','));
}
