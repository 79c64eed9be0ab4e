import type { TenantId } from '../../../src/core/ids.js';
import {
  createInitialAccess,
  revokeInitialAccess,
} from '../../../src/domain/application/create-initial-access.js';
import { SERVICES_ONLY, type RegistrationBounds } from '../../../src/domain/application/registration.js';
import { configurationDeps } from '../../../src/server/configuration.js';
import { PostgresRegistrationStore } from '../../../src/storage/registration-store.js';
import type { TestNode } from '../../support/node.js';
import { rawRequest } from '../../support/raw-request.js';

const OPERATOR = { type: 'operator', id: 'cli:tester' } as const;

async function tools(causeway: TestNode, slug: string) {
  const { database, ids } = causeway.node;
  const deps = configurationDeps(database, causeway.keyRing, ids);
  const tenant = await deps.store.find(slug);
  if (tenant === undefined) throw new Error(`there is no tenant ${slug}`);
  const { id } = tenant.configuration.tenant;
  const vault = deps.keys.openVault(id, tenant.wrappedDataKey);
  const registrations = new PostgresRegistrationStore(database);
  return { database, tenant, id, deps: { ...deps, registrations, auditTools: { ...deps, vault } } };
}

/** An initial access token of a tenant, as `causeway token create --initial-access` makes it. */
export async function initialAccess(
  causeway: TestNode,
  slug: string,
  bounds: Partial<RegistrationBounds> = {},
  expiresAt: Date | null = null,
): Promise<{ readonly token: string; readonly id: string }> {
  const { database, tenant, id, deps } = await tools(causeway, slug);
  const request = { name: 'test', bounds: { ...SERVICES_ONLY, ...bounds }, expiresAt, actor: OPERATOR };
  return database.withTenant(id, (scope) => createInitialAccess(deps, scope, request, tenant.configuration));
}

export async function revokeToken(causeway: TestNode, slug: string, tokenId: string): Promise<boolean> {
  const { database, id, deps } = await tools(causeway, slug);
  return database.withTenant<boolean>(id satisfies TenantId, (scope) =>
    revokeInitialAccess(deps, scope, { id: tokenId, actor: OPERATOR }),
  );
}

export interface ClientAnswer {
  readonly status: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface AskOptions {
  readonly method?: string;
  readonly token?: string;
  readonly scheme?: string;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request to a registration address, with exactly this. */
export async function ask(
  address: string,
  { method, token, scheme = 'Bearer', body, headers }: AskOptions,
): Promise<ClientAnswer> {
  const answer = await rawRequest(address, {
    method: method ?? 'POST',
    headers: {
      ...(token === undefined ? {} : { authorization: `${scheme} ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { ...answer, body: answer.text.startsWith('{') ? JSON.parse(answer.text) : {} };
}

/** Registers; what comes must be a 201. */
export async function register(
  issuer: string,
  token: string,
  metadata: object,
): Promise<ClientAnswer['body']> {
  const answer = await ask(`${issuer}/oauth2/v1/clients`, { token, body: metadata });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body;
}
