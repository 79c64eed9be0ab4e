import type { Context } from 'koa';
import type { Json } from '../core/json.js';
import type { Logger } from '../core/logger.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import type { ClientRate } from '../http/client-rate.js';
import { RateLimit, STRANGER_RATE, TooManyRequests } from '../http/rate-limit.js';
import { requestIdOf } from '../http/request-id.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { FoundRoute } from '../http/tenant-route.js';
import {
  authenticate,
  UnauthorizedError,
  type AuthenticateDeps,
  type RefusedToken,
  type ScimClient,
} from './authenticate.js';
import { ScimCall, type ScimAnswer, type ScimRequest, type ScimStores } from './call.js';
import { DepartureWatch } from './departure-watch.js';
import { ScimError, scimErrorBody } from './errors.js';
import { toScimError } from './problems.js';
import { readBody } from './read-json.js';
import { recordedTarget, redacted, type Recorder } from './recorder.js';
import { locationOf } from './resource/meta.js';
import { serviceProviderConfig } from './routes/discovery.js';
import { route, type ScimRoute } from './routes/table.js';
import { schemasOf } from './tenant-schemas.js';

export interface ScimDeps extends ScimStores, AuthenticateDeps {
  readonly recorder: Recorder;
  readonly clientRate: ClientRate;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly log: Logger;
}

const WITH_BODY = ['POST', 'PUT', 'PATCH'];
const MEDIA_TYPES = ['application/scim+json', 'application/json'];

/** The SCIM service provider of all tenants, at `{issuer}/scim/v2` (RFC 7644). */
export class ScimServer {
  readonly #strangers: RateLimit;
  readonly #departures: DepartureWatch;

  constructor(private readonly deps: ScimDeps) {
    this.#strangers = new RateLimit(STRANGER_RATE, deps.clock);
    this.#departures = new DepartureWatch(deps.clock, deps.log);
  }

  /** Answers a request below a tenant's SCIM base. */
  async serve(ctx: Context, tenant: TenantContext, found: FoundRoute<ScimRoute>): Promise<void> {
    const startedAt = this.deps.recorder.now();
    const startedMs = performance.now();
    const visit: Visit = {
      id: this.deps.ids.uuid(),
      client: undefined,
      refused: undefined,
      call: undefined,
      body: undefined,
      detail: null,
    };
    let answer: ScimAnswer;
    try {
      answer = await this.#answer(ctx, tenant, found, visit);
    } catch (error) {
      const problem = toScimError(error);
      if (problem.status >= 500) this.#report(ctx, tenant, error);
      visit.detail = problem.message;
      answer = { status: problem.status, body: scimErrorBody(problem) };
      if (error instanceof TooManyRequests) ctx.set('Retry-After', String(error.retryAfterSeconds));
      if (problem.status === 503) ctx.set('Retry-After', '2');
      if (problem instanceof UnauthorizedError) {
        visit.refused = problem.refused;
        ctx.set('WWW-Authenticate', problem.challenge);
      }
    }
    write(ctx, answer);
    this.#record(ctx, tenant, visit, answer, { at: startedAt, durationMs: performance.now() - startedMs });
  }

  #report(ctx: Context, tenant: TenantContext, error: unknown): void {
    this.deps.log.error('scim.failed', { requestId: requestIdOf(ctx.req), tenant: tenant.slug, error });
  }

  async #answer(
    ctx: Context,
    tenant: TenantContext,
    { route: served, parameters }: FoundRoute<ScimRoute>,
    visit: Visit,
  ): Promise<ScimAnswer> {
    if (served.name === 'scim_service_provider_config' && ctx.method === 'GET')
      return serviceProviderConfig(tenant);
    visit.client = await this.#authenticate(ctx, tenant);
    this.deps.clientRate.take({ tenantId: tenant.id, client: visit.client.actor.id });
    if (ctx.method === 'OPTIONS' || !served.takes.includes(ctx.method)) {
      ctx.set('Allow', served.takes.join(', '));
      if (ctx.method === 'OPTIONS') return { status: 204 };
      throw new ScimError(405, `${ctx.method} isn't served at this address.`);
    }
    visit.body = await bodyOf(ctx);
    const { connection, actor } = visit.client;
    visit.call = new ScimCall(
      tenant,
      {
        connection: connection.key,
        connectionId: connection.id,
        connectionVersion: connection.version,
        actor,
        origin: this.deps.originOf(ctx),
        configuration: tenant.configuration,
      },
      visit.id,
      schemasOf(tenant),
      this.deps,
      (error) => this.#report(ctx, tenant, error),
    );
    const answer = await route(visit.call, served, requestOf(ctx, visit.body), parameters);
    await this.#departures.see(visit.call);
    return answer;
  }

  async #authenticate(ctx: Context, tenant: TenantContext): Promise<ScimClient> {
    try {
      return await authenticate(ctx, tenant, this.deps);
    } catch (error) {
      if (error instanceof ScimError && error.status === 401)
        this.#strangers.take(this.deps.originOf(ctx).ip ?? 'unknown');
      throw error;
    }
  }

  #record(
    ctx: Context,
    tenant: TenantContext,
    { id, client, refused, call, body, detail }: Visit,
    answer: ScimAnswer,
    { at, durationMs }: { readonly at: Date; readonly durationMs: number },
  ): void {
    this.deps.recorder.add(tenant.id, {
      id,
      at,
      connectionId: client?.connection.id ?? null,
      tokenId: client?.tokenId ?? refused?.tokenId ?? null,
      tokenFault: refused?.fault ?? null,
      requestId: requestIdOf(ctx.req) ?? '',
      method: ctx.method,
      target: recordedTarget(ctx.url.slice(ctx.url.indexOf('/scim/v2') + '/scim/v2'.length)),
      status: answer.status,
      durationMs: Math.round(durationMs),
      userAgent: this.deps.originOf(ctx).userAgent,
      detail,
      request: redacted(body),
      response: redacted(answer.body),
      effects: call?.effects ?? [],
    });
  }
}

/** What becomes known of a request on its way. */
interface Visit {
  /** In the flight recorder. */
  readonly id: string;
  client: ScimClient | undefined;
  refused: RefusedToken | undefined;
  call: ScimCall | undefined;
  body: Json | undefined;
  detail: string | null;
}

async function bodyOf(ctx: Context): Promise<Json | undefined> {
  if (!WITH_BODY.includes(ctx.method)) return undefined;
  const type = ctx.get('content-type').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== '' && !MEDIA_TYPES.includes(type))
    throw new ScimError(415, 'Send application/scim+json or application/json.');
  const encoding = ctx.get('content-encoding').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity')
    throw new ScimError(415, 'Send the body as it is: compressed ones are not taken.');
  return readBody(ctx.req);
}

function requestOf(ctx: Context, body: Json | undefined): ScimRequest {
  const header = (name: string): string | undefined => {
    const value = ctx.get(name);
    return value === '' ? undefined : value;
  };
  return {
    method: ctx.method,
    query: new URLSearchParams(ctx.querystring),
    body,
    ifMatch: header('if-match'),
    ifNoneMatch: header('if-none-match'),
  };
}

/** The answer to a path below a SCIM base, of whatever tenant, that is no address in its canonical spelling. */
export function answerUnknownScimPath(ctx: Context): void {
  const error = new ScimError(
    404,
    'There is nothing at this address. Addresses are written without escapes.',
  );
  write(ctx, { status: 404, body: scimErrorBody(error) });
}

function write(ctx: Context, { status, body, etag, location }: ScimAnswer): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Content-Type-Options', 'nosniff');
  if (etag !== undefined) ctx.set('ETag', etag);
  if (location !== undefined) ctx.set('Location', location);
  const shown = locationOf(body);
  if (shown !== undefined) ctx.set('Content-Location', shown);
  if (body === undefined) {
    ctx.body = null;
    ctx.status = status;
    return;
  }
  ctx.body = JSON.stringify(body);
  ctx.set('Content-Type', 'application/scim+json; charset=utf-8');
}
