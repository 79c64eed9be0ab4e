import type { TObject, TSchema } from 'typebox';
import type { Json, JsonObject } from '../../core/json.js';
import { ruleOf, scopeOf, type Permission } from '../../domain/operator/permissions.js';
import { ProblemBody } from '../contract/common.js';
import { API_BASE } from './management-api.js';
import type { NamedSchema, Operation } from './operation.js';
import { PROBLEMS } from './problems.js';
import { mayBeAbsent } from './validate.js';

/** A schema as JSON: what the compiler keeps beside it is not a part of it. */
const plain = (schema: TSchema): JsonObject => JSON.parse(JSON.stringify(schema));

const BEARER = 'token';
const CONSOLE = 'console';
const SETUP_LINK = 'setupLink';

/**
 * The OpenAPI 3.1 document of what the API serves: made of the very table that serves it, so that it can't tell anything
 * else.
 * @param publicUrl without a slash at the end
 * @throws TypeError when two operations have one id, or two schemas one name
 */
export function openApiDocument(
  operations: readonly Operation[],
  about: { readonly publicUrl: string; readonly version: string },
): JsonObject {
  const schemas = new SchemaNames();
  const paths: Record<string, Record<string, Json>> = {};
  const ids = new Set<string>();
  for (const operation of operations) {
    if (ids.has(operation.id)) throw new TypeError(`two operations are called ${operation.id}`);
    ids.add(operation.id);
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describe(operation, schemas);
  }
  const problem = schemas.refer({ name: 'Problem', schema: ProblemBody });
  return {
    openapi: '3.1.0',
    info: { title: API_TITLE, version: about.version, description: API_INTRODUCTION },
    servers: [{ url: `${about.publicUrl}${API_BASE}` }],
    security: [{ [BEARER]: [] }, { [CONSOLE]: [] }, { [SETUP_LINK]: [] }],
    tags: [...new Set(operations.map(tagOf))].toSorted().map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.all(),
      responses: {
        Problem: {
          description: `A problem (RFC 9457). Codes: ${Object.keys(PROBLEMS).join(', ')}.`,
          content: { 'application/problem+json': { schema: problem } },
        },
      },
      securitySchemes: {
        [BEARER]: {
          type: 'http',
          scheme: 'bearer',
          description: `A token of ours, or an access token for the audience ${about.publicUrl}${API_BASE} with scopes such as causeway.users.read.`,
        },
        [CONSOLE]: {
          type: 'apiKey',
          in: 'cookie',
          name: 'cw_console',
          description: 'The console’s session, with X-Causeway-Request: 1 from the console’s own origin.',
        },
        [SETUP_LINK]: {
          type: 'apiKey',
          in: 'cookie',
          name: 'cw_setup',
          description:
            'The set-up link that the browser has taken, with X-Causeway-Request: 1 from the deployment’s own origin; for a few operations, on its own connection.',
        },
      },
    },
  };
}

export const API_TITLE = 'Causeway management API';

/** What holds for every operation. */
export const API_INTRODUCTION = [
  'Lists come in pages: `limit` (1 to 200), `cursor`, `next`. A resource has an `ETag`; PUT, PATCH and DELETE need it in',
  '`If-Match`. A POST with an `Idempotency-Key` is done once in 24 hours. Secrets are written and never read. Errors are',
  'problems (RFC 9457) with a `code` that stays.',
].join(' ');

/** The word of its address that says what it is about. */
export const tagOf = ({ path }: Operation): string =>
  path
    .split('/')
    .filter((segment) => segment !== '' && !segment.startsWith('{') && segment !== 'tenants')[0] ?? 'tenants';

function describe(operation: Operation, schemas: SchemaNames): JsonObject {
  const { id, summary, description, permission } = operation;
  return {
    operationId: id,
    summary,
    description: [description, permissionText(permission)].filter((text) => text !== undefined).join('\n\n'),
    tags: [tagOf(operation)],
    parameters: parametersOf(operation),
    ...(operation.body === undefined ? {} : { requestBody: requestOf(operation, operation.body, schemas) }),
    responses: {
      [String(operation.status ?? 200)]: answerOf(operation, schemas),
      default: { $ref: '#/components/responses/Problem' },
    },
    ...(permission === 'none' ? {} : { 'x-permission': permission, 'x-scope': scopeOf(permission) }),
  };
}

function permissionText(permission: Permission | 'none'): string {
  if (permission === 'none') return 'Needs no permission.';
  const { roles, stepUp } = ruleOf(permission);
  const again = stepUp === true ? ' A person must have signed in within the last five minutes.' : '';
  return `Needs the permission \`${permission}\`: ${roles.join(', ')}.${again}`;
}

function parametersOf(operation: Operation): Json[] {
  const names = [...operation.path.matchAll(/\{([A-Za-z]+)\}/g)].map(([, name = '']) => name);
  const described = operation.parameters?.properties ?? {};
  const inPath = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: described[name] === undefined ? { type: 'string' } : plain(described[name]),
  }));
  const inQuery = Object.entries(propertiesOf(operation.query)).map(([name, schema]) => ({
    name,
    in: 'query',
    required: operation.query?.required?.includes(name) === true,
    schema: plain(schema),
  }));
  return [...inPath, ...inQuery, ...headersOf(operation)];
}

const propertiesOf = (schema: TObject | undefined): Readonly<Record<string, TSchema>> =>
  schema?.properties ?? {};

function headersOf({ method }: Operation): Json[] {
  const text = { type: 'string' };
  if (method === 'POST') return [{ name: 'Idempotency-Key', in: 'header', required: false, schema: text }];
  if (method === 'GET') return [{ name: 'If-None-Match', in: 'header', required: false, schema: text }];
  return [{ name: 'If-Match', in: 'header', required: true, schema: text }];
}

function requestOf({ method }: Operation, body: NamedSchema, schemas: SchemaNames): JsonObject {
  const content = { schema: schemas.refer(body) };
  return {
    required: !mayBeAbsent(method, body.schema),
    content:
      method === 'PATCH'
        ? { 'application/merge-patch+json': content, 'application/json': content }
        : { 'application/json': content },
  };
}

function answerOf({ answer, list, status }: Operation, schemas: SchemaNames): JsonObject {
  if (answer === undefined) return { description: 'Done.' };
  return {
    description: list === true ? 'A page.' : 'As it is now.',
    ...(list === true
      ? {}
      : { headers: { ETag: { schema: { type: 'string' } }, ...(status === 201 ? LOCATION : {}) } }),
    content: { 'application/json': { schema: schemas.refer(answer) } },
  };
}

const LOCATION = { Location: { schema: { type: 'string' } } };

/** Schemas by their names, each once. */
class SchemaNames {
  readonly #schemas = new Map<string, JsonObject>();

  refer({ name, schema }: NamedSchema): JsonObject {
    const described = plain(schema);
    const known = this.#schemas.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(described))
      throw new TypeError(`two schemas are called ${name}`);
    this.#schemas.set(name, described);
    return { $ref: `#/components/schemas/${name}` };
  }

  all(): JsonObject {
    const sorted = [...this.#schemas].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}
