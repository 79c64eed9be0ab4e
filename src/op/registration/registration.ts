import type { Context } from 'koa';
import type { Json, JsonObject } from '../../core/json.js';
import { JsonError, parseStrictJson } from '../../core/strict-json.js';
import {
  registerApplication,
  removeRegistration,
  replaceRegistration,
  type RegistrationContext,
  type RegistrationDeps,
} from '../../domain/application/register-application.js';
import type { RegisteredApplication } from '../../domain/application/registration.js';
import type { RequestOrigin } from '../../domain/audit/audit-event.js';
import type { ConfigurationRules } from '../../domain/configuration/rules.js';
import { readText } from '../../http/read-body.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { FoundRoute, TenantRoute } from '../../http/tenant-route.js';
import { matchesHash, sha256 } from '../../keys/hash.js';
import { readToken } from '../../keys/tokens.js';
import { clientAddress, presentClient } from './present.js';
import { readMetadata, type ReadMetadata } from './read-metadata.js';
import { errorOf, invalidMetadata, RegistrationError } from './registration-error.js';

/** Addresses of client registration, where Okta has them. Methods are judged here, so that others get a 405. */
export const REGISTRATION_ROUTES = [
  { name: 'clients', path: /^\/oauth2\/v1\/clients$/, methods: 'any' },
  { name: 'client', path: /^\/oauth2\/v1\/clients\/([A-Za-z0-9._~-]{1,64})$/, methods: 'any' },
] as const satisfies readonly TenantRoute[];

export interface RegistrationServerDeps extends RegistrationDeps {
  readonly rules: ConfigurationRules;
  readonly originOf: (ctx: Context) => RequestOrigin;
  /** Forgets what this node knows of the tenant: the next request reads what was just written. */
  readonly forget: (slug: string) => void;
}

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Client registration of a tenant: an initial access token makes applications (RFC 7591), each of which changes itself
 * by its own (RFC 7592). Whatever is wrong with a token is answered alike: nobody learns which applications there are.
 */
export class RegistrationServer {
  constructor(private readonly deps: RegistrationServerDeps) {}

  async serve(ctx: Context, tenant: TenantContext, found: FoundRoute<TenantRoute>): Promise<void> {
    ctx.set('Cache-Control', 'no-store');
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    try {
      const [clientId] = found.parameters;
      await (clientId === undefined ? this.#register(ctx, tenant) : this.#configure(ctx, tenant, clientId));
    } catch (error) {
      if (!(error instanceof RegistrationError)) throw error;
      answer(ctx, error);
    }
  }

  async #register(ctx: Context, tenant: TenantContext): Promise<void> {
    takes(ctx, ['POST']);
    const token = tokenOf(ctx, 'iat');
    const tokenHash = sha256(token);
    // Asked before the body is read, and again where it counts.
    if ((await this.deps.registrations.findToken(tenant.id, tokenHash)) === undefined) throw unauthorized();
    const { wish } = await readBody(ctx);
    const outcome = await registerApplication(this.deps, this.#context(ctx, tenant), { tokenHash, wish });
    if (outcome.outcome === 'faulty') throw errorOf(outcome.faults);
    if (outcome.outcome === 'refused' || !('registrationToken' in outcome)) throw unauthorized();
    this.deps.forget(tenant.slug);
    ctx.status = 201;
    ctx.set('Location', clientAddress(tenant.issuer, outcome.application.clientId));
    ctx.body = presentClient({ ...outcome, issuer: tenant.issuer });
  }

  async #configure(ctx: Context, tenant: TenantContext, clientId: string): Promise<void> {
    takes(ctx, ['GET', 'PUT', 'DELETE']);
    const token = tokenOf(ctx, 'rat');
    const tokenHash = sha256(token);
    const known = await this.deps.registrations.findApplication(tenant.id, clientId);
    if (known === undefined || !matchesHash(token, known.tokenHash)) throw unauthorized();
    const change = { clientId, tokenHash };
    if (ctx.method === 'PUT') ctx.body = await this.#replace(ctx, tenant, { ...change, token });
    else if (ctx.method === 'DELETE') await this.#remove(ctx, tenant, change);
    else ctx.body = informationOf(known, tenant, token);
  }

  async #replace(
    ctx: Context,
    tenant: TenantContext,
    { token, ...change }: { readonly clientId: string; readonly tokenHash: Buffer; readonly token: string },
  ): Promise<JsonObject> {
    const metadata = await readBody(ctx);
    const outcome = await replaceRegistration(this.deps, this.#context(ctx, tenant), {
      ...change,
      ...metadata,
    });
    if (outcome.outcome === 'faulty') throw errorOf(outcome.faults);
    if (outcome.outcome === 'refused') throw unauthorized();
    this.deps.forget(tenant.slug);
    return presentClient({ ...outcome, issuer: tenant.issuer, registrationToken: token });
  }

  async #remove(
    ctx: Context,
    tenant: TenantContext,
    change: { readonly clientId: string; readonly tokenHash: Buffer },
  ): Promise<void> {
    if (!(await removeRegistration(this.deps, this.#context(ctx, tenant), change))) throw unauthorized();
    this.deps.forget(tenant.slug);
    ctx.status = 204;
  }

  #context(ctx: Context, tenant: TenantContext): RegistrationContext {
    return { slug: tenant.slug, rules: this.deps.rules, origin: this.deps.originOf(ctx) };
  }
}

const informationOf = (known: RegisteredApplication, tenant: TenantContext, token: string): JsonObject =>
  presentClient({ ...known, issuer: tenant.issuer, registrationToken: token });

function takes(ctx: Context, methods: readonly string[]): void {
  if (methods.includes(ctx.method)) return;
  ctx.set('Allow', methods.join(', '));
  throw new RegistrationError(405, 'invalid_request', `this address takes ${methods.join(', ')}`);
}

/** The token of a request: `Bearer` as RFC 6750 has it, or `SSWS` as Okta's clients send it; in the header only. */
function tokenOf(ctx: Context, kind: 'iat' | 'rat'): string {
  const header = ctx.get('authorization');
  const [, token = ''] = /^(?:bearer|ssws) +(\S+)$/i.exec(header) ?? [];
  if (header === '') throw unauthorized('a token is needed: Authorization: Bearer …');
  // One that can't be of ours asks nobody.
  if (readToken(token)?.kind !== kind) throw unauthorized();
  return token;
}

const unauthorized = (
  description = 'the token is unknown, expired, or not good for this',
): RegistrationError => new RegistrationError(401, 'invalid_token', description);

async function readBody(ctx: Context): Promise<ReadMetadata> {
  if (ctx.is('json', '+json') === false) throw invalidMetadata('send client metadata as application/json');
  const { text, fault } = await readText(ctx.req, BODY_BYTES_MAX);
  if (fault === 'too_large')
    throw new RegistrationError(
      413,
      'invalid_client_metadata',
      `the body may have ${BODY_BYTES_MAX} bytes: publish large key sets by jwks_uri`,
    );
  if (text === undefined) throw invalidMetadata('the body must be UTF-8');
  return readMetadata(parsed(text));
}

function parsed(text: string): Json {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw invalidMetadata(error.message);
    throw error;
  }
}

function answer(ctx: Context, error: RegistrationError): void {
  ctx.status = error.status;
  if (error.status === 401)
    ctx.set(
      'WWW-Authenticate',
      ctx.get('authorization') === ''
        ? 'Bearer realm="client registration"'
        : 'Bearer realm="client registration", error="invalid_token"',
    );
  ctx.body = { error: error.code, error_description: error.message };
}
