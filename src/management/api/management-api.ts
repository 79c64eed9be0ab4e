import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { Type, type TObject } from 'typebox';
import type { Json, JsonObject } from '../../core/json.js';
import type { Logger } from '../../core/logger.js';
import { JsonError, parseStrictJson } from '../../core/strict-json.js';
import { plainText } from '../../core/text.js';
import type { RequestOrigin } from '../../domain/audit/audit-event.js';
import type { IdempotencyStore } from '../../domain/idempotency/idempotency-store.js';
import type { ClientRate } from '../../http/client-rate.js';
import { RateLimit, STRANGER_RATE } from '../../http/rate-limit.js';
import { readText } from '../../http/read-body.js';
import { requestIdOf } from '../../http/request-id.js';
import type { TenantContext } from '../../http/tenant-context.js';
import { authenticate, type AuthenticateDeps } from './authenticate.js';
import { ApiCall, etagOf, requirePermission } from './call.js';
import type { Caller } from './caller.js';
import { once, type KeptAnswer } from './idempotency.js';
import type { ApiAnswer, Operation } from './operation.js';
import { OperationPaths, type FoundOperation } from './paths.js';
import { makerAuthority, rolesIn } from './person-roles.js';
import { Problem, PROBLEMS, toProblem } from './problems.js';
import { splitReadOnly } from './read-only.js';
import { requireSetupOperation, requireSetupRequest } from './setup-link-caller.js';
import { checkBody, mayBeAbsent, readParameters } from './validate.js';

export interface ManagementApiDeps extends AuthenticateDeps {
  readonly operations: readonly Operation[];
  readonly idempotency: IdempotencyStore;
  /** Of a caller, and of all that is asked of one tenant. */
  readonly callerRate: ClientRate;
  readonly tenantRate: ClientRate;
  readonly clock: { now(): Date };
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly log: Logger;
}

/** Where the management API is, below `PUBLIC_URL`. */
export const API_BASE = '/api/v1';

const BODY_BYTES_MAX = 1024 * 1024;
const WITH_BODY = ['POST', 'PUT', 'PATCH'];
const MEDIA_TYPES = ['application/json', 'application/merge-patch+json'];
const CONDITIONAL = ['PUT', 'PATCH', 'DELETE'];
const NOTHING: TObject = Type.Object({}, { additionalProperties: false });

/** The management API: who calls, whether they may, whether what they send is what the operation takes; then its work. */
export class ManagementApi {
  readonly #paths: OperationPaths;
  readonly #strangers: RateLimit;

  constructor(private readonly deps: ManagementApiDeps) {
    this.#paths = new OperationPaths(deps.operations);
    this.#strangers = new RateLimit(STRANGER_RATE, deps.clock);
  }

  /** Answers a request below `/api/v1`. @returns false: it is another's */
  async serve(ctx: Context, path: string): Promise<boolean> {
    if (path !== API_BASE && !path.startsWith(`${API_BASE}/`)) return false;
    ctx.state['route'] = API_BASE;
    try {
      await this.#answer(ctx, path.slice(API_BASE.length));
    } catch (error) {
      this.#refuse(ctx, error);
    }
    return true;
  }

  async #answer(ctx: Context, path: string): Promise<void> {
    const caller = await this.#authenticate(ctx);
    this.deps.callerRate.take({ tenantId: caller.home.id, client: caller.id });
    const { allowed, found } = this.#paths.find(ctx.method, path);
    if (found === undefined) {
      if (allowed.length === 0) throw new Problem('not_found', 'There is nothing at this address.');
      const headers = { Allow: allowed.join(', ') };
      if (ctx.method === 'OPTIONS') return write(ctx, { status: 204, body: null, headers });
      throw new Problem('method_not_allowed', `${ctx.method} isn't served here.`, { headers });
    }
    ctx.state['route'] = `${API_BASE}${found.operation.path}`;
    const call = await this.#call(ctx, caller, found);
    const text = await bodyOf(ctx, found.operation);
    const input = {
      path: readParameters(found.operation.parameters ?? pathSchema(found), withoutTenant(found)),
      query: readParameters(found.operation.query ?? NOTHING, queryOf(ctx)),
      ...readBody(found.operation, text),
    };
    if (caller.setupLink !== undefined)
      await requireSetupRequest(caller.setupLink, found.operation, input, this.deps);
    if (CONDITIONAL.includes(ctx.method) && ctx.get('if-match') === '')
      throw new Problem(
        'precondition_required',
        'Send If-Match with the ETag of what you read, so that nobody else’s change is lost.',
      );
    const work = async (): Promise<ApiAnswer> => found.operation.handle(call, input);
    const key = ctx.get('idempotency-key');
    if (ctx.method !== 'POST' || key === '') return this.#write(ctx, found.operation, await work());
    const home = await this.#home(caller);
    const request = { key, method: ctx.method, url: ctx.url, body: text };
    const tools = { store: this.deps.idempotency, vault: home.vault, caller };
    return write(ctx, await once(tools, request, async () => this.#kept(found.operation, await work())));
  }

  async #authenticate(ctx: Context): Promise<Caller> {
    try {
      return await authenticate(ctx, this.deps);
    } catch (error) {
      if (error instanceof Problem && error.code === 'unauthenticated')
        this.#strangers.take(this.deps.originOf(ctx).ip ?? 'unknown');
      throw error;
    }
  }

  async #home(caller: Caller): Promise<TenantContext> {
    const home = await this.deps.directory.find(caller.home.slug);
    if (home === undefined) throw new Problem('unauthenticated', 'The caller’s tenant is gone.');
    return home;
  }

  /** @throws Problem `not_found` for a tenant out of the caller's reach, as for one that isn't there */
  async #call(ctx: Context, caller: Caller, { operation, parameters }: FoundOperation): Promise<ApiCall> {
    const slug = parameters['tenant'];
    const tenant = slug === undefined ? await this.#home(caller) : await this.deps.directory.find(slug);
    const roles = tenant === undefined ? [] : await rolesIn(caller, tenant);
    const isOwnLink = caller.setupLink !== undefined && caller.setupLink.tenantId === tenant?.id;
    if (tenant === undefined || (roles.length === 0 && !isOwnLink))
      throw new Problem('not_found', `There is no tenant '${slug ?? caller.home.slug}'.`);
    this.deps.tenantRate.take({ tenantId: tenant.id, client: 'api' });
    if (caller.setupLink === undefined)
      requirePermission(caller, roles, operation.permission, this.deps.now());
    else requireSetupOperation(caller.setupLink, operation, parameters);
    const ifMatch = ctx.get('if-match');
    const isHeld = caller.setupLink !== undefined && ctx.method !== 'GET';
    const authority = isHeld ? await makerAuthority(this.deps, caller.setupLink, tenant) : roles;
    return new ApiCall(
      caller,
      tenant,
      roles,
      authority,
      this.deps.originOf(ctx),
      { ifMatch: ifMatch === '' ? undefined : ifMatch },
      this.deps.now,
    );
  }

  #write(ctx: Context, operation: Operation, answer: ApiAnswer): void {
    if (answer.stream !== undefined) {
      ctx.status = 200;
      ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
      ctx.type = answer.stream.type;
      ctx.body = Readable.from(answer.stream.lines);
      return;
    }
    const kept = this.#kept(operation, answer);
    const { ETag: etag } = kept.headers;
    const seen = ctx
      .get('if-none-match')
      .split(',')
      .map((tag) => tag.trim());
    if (
      etag !== undefined &&
      ['GET', 'HEAD'].includes(ctx.method) &&
      (seen.includes(etag) || seen.includes('*'))
    )
      write(ctx, { status: 304, body: null, headers: { ETag: etag } });
    else write(ctx, kept);
  }

  #kept(operation: Operation, { status, body, version, location }: ApiAnswer): KeptAnswer {
    return {
      status: status ?? operation.status ?? (body === undefined ? 204 : 200),
      body: body === undefined ? null : toJson(body),
      headers: {
        ...(version === undefined ? {} : { ETag: etagOf(version) }),
        ...(location === undefined ? {} : { Location: `${this.deps.publicUrl}${API_BASE}${location}` }),
      },
    };
  }

  #refuse(ctx: Context, error: unknown): void {
    const problem = toProblem(error);
    const requestId = requestIdOf(ctx.req) ?? null;
    const { status, title } = PROBLEMS[problem.code];
    if (status >= 500) this.deps.log.error('api.failed', { requestId, error });
    else this.deps.log.info('api.refused', { requestId, code: problem.code });
    const { errors, headers = {}, members = {} } = problem.extras;
    write(
      ctx,
      {
        status,
        headers,
        body: {
          type: `${this.deps.publicUrl}/problems/${problem.code}`,
          title,
          status,
          code: problem.code,
          detail: problem.message,
          ...members,
          ...(errors === undefined ? {} : { errors: toJson(errors) }),
          requestId,
        },
      },
      'application/problem+json; charset=utf-8',
    );
  }
}

/** No name and no search of ours holds a control character, which databases and terminals stumble over. */
function requirePlain(name: string, value: string): void {
  if (CONTROL.test(name) || CONTROL.test(value))
    throw new Problem('invalid_request', `The parameter ${plainText(name, 100)} holds a control character.`);
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

function queryOf(ctx: Context): Readonly<Record<string, string>> {
  const given: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    if (Object.hasOwn(given, name))
      throw new Problem('invalid_request', `The parameter ${name} is given twice.`);
    requirePlain(name, value);
    given[name] = value;
  }
  return given;
}

function withoutTenant({ parameters }: FoundOperation): Readonly<Record<string, string>> {
  const { tenant: _, ...own } = parameters;
  for (const [name, value] of Object.entries(own)) requirePlain(name, value);
  return own;
}

/** Parameters that an operation doesn't describe are texts of a length that names have. */
const TEXT = Type.String({ minLength: 1, maxLength: 1_000 });
const pathSchemas = new Map<Operation, TObject>();

function pathSchema({ operation, parameters }: FoundOperation): TObject {
  const known = pathSchemas.get(operation);
  if (known !== undefined) return known;
  const names = Object.keys(parameters).filter((name) => name !== 'tenant');
  const schema = Type.Object(Object.fromEntries(names.map((name) => [name, TEXT])));
  pathSchemas.set(operation, schema);
  return schema;
}

async function bodyOf(ctx: Context, { body, bytesMax = BODY_BYTES_MAX }: Operation): Promise<string> {
  if (!WITH_BODY.includes(ctx.method)) return '';
  const { text, fault } = await readText(ctx.req, bytesMax);
  if (fault === 'too_large') throw new Problem('too_large', `The body may have ${bytesMax} bytes.`);
  if (text === undefined) throw new Problem('invalid_body', 'The body is not UTF-8.');
  if (text === '') return text;
  const type = ctx.get('content-type').split(';')[0]?.trim().toLowerCase() ?? '';
  const encoding = ctx.get('content-encoding').trim().toLowerCase();
  // A form or a plain text can be sent by any page of any site.
  if (!MEDIA_TYPES.includes(type) || (encoding !== '' && encoding !== 'identity'))
    throw new Problem('unsupported_media_type', 'Send application/json, not compressed.');
  if (body === undefined) throw new Problem('invalid_body', 'This operation takes no body.');
  return text;
}

function readBody(
  operation: Operation,
  text: string,
): { readonly body: Json | undefined; readonly readOnly?: JsonObject } {
  if (operation.body === undefined) return { body: undefined };
  const { schema } = operation.body;
  const absent = mayBeAbsent(operation.method, schema) ? {} : undefined;
  const given = text === '' ? absent : parsed(text);
  const isSplit = given !== undefined && isObject(given) && operation.readOnly !== undefined;
  const read = isSplit ? splitReadOnly(given, operation.readOnly) : { body: given };
  checkBody(schema, read.body);
  return read;
}

function parsed(text: string): Json {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw new Problem('invalid_body', error.message);
    throw error;
  }
}

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What leaves: dates as text, members that are undefined left out. */
const toJson = (value: object): Json => JSON.parse(JSON.stringify(value));

function write(
  ctx: Context,
  { status, body, headers }: KeptAnswer,
  type = 'application/json; charset=utf-8',
): void {
  ctx.status = status;
  ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers });
  if (body === null) {
    ctx.body = null;
    ctx.status = status;
    return;
  }
  ctx.body = JSON.stringify(body);
  ctx.set('Content-Type', type);
}
