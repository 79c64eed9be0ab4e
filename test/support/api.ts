import type { UserId } from '../../src/core/ids.js';
import { createApiToken } from '../../src/domain/api-token/create-api-token.js';
import { configurationDeps } from '../../src/server/configuration.js';
import { PostgresApiTokenStore } from '../../src/storage/api-token-store.js';
import { testIds } from './deployment.js';
import type { TestNode } from './node.js';

export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; an empty object where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly etag: string;
}

export interface ApiRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ifMatch?: string;
}

/** A caller of the management API. */
export class ApiClient {
  constructor(
    readonly base: string,
    readonly token: string | undefined,
  ) {}

  async call(method: string, path: string, request: ApiRequest = {}): Promise<ApiReply> {
    const { body, headers = {}, ifMatch } = request;
    // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body:
        text !== '' && /[/+]json(?:;|$)/.test(response.headers.get('content-type') ?? '')
          ? JSON.parse(text)
          : {},
      etag: response.headers.get('etag') ?? '',
    };
  }

  get = (path: string, headers?: Readonly<Record<string, string>>): Promise<ApiReply> =>
    this.call('GET', path, headers === undefined ? {} : { headers });
  post = (path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiReply> =>
    this.call('POST', path, { ...(body === undefined ? {} : { body }), ...(headers && { headers }) });
  put = (path: string, body: unknown, ifMatch: string): Promise<ApiReply> =>
    this.call('PUT', path, { body, ifMatch });
  patch = (path: string, body: unknown, ifMatch: string): Promise<ApiReply> =>
    this.call('PATCH', path, { body, ifMatch });
  delete = (path: string, ifMatch = '*'): Promise<ApiReply> => this.call('DELETE', path, { ifMatch });
}

/** A caller with a token of the tenant: the deployment's owner, unless said otherwise. */
export async function apiClient(
  { node, keyRing, url }: TestNode,
  options: {
    readonly tenant?: string;
    readonly role?: string;
    readonly scopes?: readonly string[];
    readonly ownerId?: UserId;
    readonly expiresAt?: Date;
  } = {},
): Promise<ApiClient> {
  const { tenant: slug = 'system', role = 'console:owner', scopes = null, ownerId = null } = options;
  const deps = configurationDeps(node.database, keyRing, testIds);
  const tenant = await deps.store.find(slug);
  if (tenant === undefined) throw new Error(`there is no tenant '${slug}'`);
  const { id } = tenant.configuration.tenant;
  const auditTools = { ...deps, vault: deps.keys.openVault(id, tenant.wrappedDataKey) };
  const tokens = new PostgresApiTokenStore(node.database);
  const { token } = await node.database.withTenant(id, (scope) =>
    createApiToken({ ...deps, tokens, auditTools }, scope, {
      role,
      name: role,
      scopes,
      ownerId,
      expiresAt: options.expiresAt ?? null,
      actor: { type: 'operator', id: 'test' },
    }),
  );
  return new ApiClient(`${url}/api/v1`, token);
}

/** A caller who brings nothing. */
export const strangerTo = ({ url }: TestNode): ApiClient => new ApiClient(`${url}/api/v1`, undefined);
