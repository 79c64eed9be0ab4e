import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach } from '@jest/globals';

type Json = Record<string, unknown>;

export interface ScimAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request as it arrived. */
export interface Seen {
  readonly line: string;
  readonly rawHeaders: readonly string[];
  readonly body: Json | undefined;
}

/** Answers a request instead of the server (or `never` does), or `undefined` to let it. */
export type Override = (request: {
  readonly method: string;
  readonly path: string;
  readonly body: Json | undefined;
}) => ScimAnswer | 'never' | undefined;

const MESSAGES = 'urn:ietf:params:scim:api:messages:2.0:';
const SPELLING = /^(?<op>add|remove|replace)$/;
const VALUE_PATH = /^members\[value eq "([^"]+)"\]$/;

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

const errorBody = (status: number, detail: string): ScimAnswer => ({
  status,
  body: { schemas: [`${MESSAGES}Error`], status: String(status), detail },
});

/**
 * A small SCIM server that takes what Okta sends and nothing else: it knows no RFC beyond that, and refuses whatever
 * it doesn't expect, so that a test notices.
 */
export class StrictScimServer {
  readonly users = new Map<string, Json>();
  readonly groups = new Map<string, Json>();
  readonly seen: Seen[] = [];
  /** More resources, by endpoint: `/ResourceTypes`, `/Schemas`, `/Roles`. */
  readonly others: Record<string, Json[]> = {};
  authorization = 'Bearer secret-token';
  override: Override = () => undefined;
  gzip = false;
  #server: Server | undefined;
  #ids = 0;

  get baseUrl(): string {
    const address = this.#server?.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return `http://127.0.0.1:${address.port}/scim/v2`;
  }

  /** Methods and paths, in order, without the base; for those since the last call. */
  lines(): string[] {
    return this.seen.splice(0).map(({ line }) => decodeURIComponent(line));
  }

  addUser(userName: string, more: Json = {}): Json {
    return this.#store(this.users, 'Users', { userName, active: true, ...more });
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#handle(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    server.closeAllConnections();
    await closed;
  }

  #store(into: Map<string, Json>, endpoint: string, resource: Json): Json {
    this.#ids += 1;
    const id = `r${String(this.#ids).padStart(4, '0')}`;
    const meta = { resourceType: endpoint.slice(0, -1), location: `${this.baseUrl}/${endpoint}/${id}` };
    const { password: _password, ...kept } = resource;
    const whole = { ...kept, id, meta };
    into.set(id, whole);
    return whole;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    const method = request.method ?? '';
    const path = (request.url ?? '').replace('/scim/v2', '');
    const body = text === '' ? undefined : (JSON.parse(text) as Json);
    this.seen.push({ line: `${method} ${path}`, rawHeaders: request.rawHeaders, body });
    const answer = this.override({ method, path, body }) ?? this.#guarded(request, method, path, body);
    if (answer === 'never') return;
    const out =
      answer.body === undefined
        ? ''
        : typeof answer.body === 'string'
          ? answer.body
          : JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      'Content-Type': 'application/scim+json',
      ...(this.gzip ? { 'Content-Encoding': 'gzip' } : {}),
      ...answer.headers,
    });
    response.end(this.gzip ? gzipSync(out) : out);
  }

  #guarded(request: IncomingMessage, method: string, path: string, body: Json | undefined): ScimAnswer {
    try {
      if (request.headers.authorization !== this.authorization)
        throw new Refusal(401, 'This token is unknown.');
      return this.#answer(method, new URL(path, 'http://x'), body);
    } catch (error) {
      if (error instanceof Refusal) return errorBody(error.status, error.message);
      return errorBody(500, String(error));
    }
  }

  #answer(method: string, url: URL, body: Json | undefined): ScimAnswer {
    const [, endpoint = '', id] = url.pathname.split('/');
    if (this.others[`/${endpoint}`] !== undefined && method === 'GET')
      return this.#list(this.others[`/${endpoint}`] ?? [], url.searchParams);
    const store = { Users: this.users, Groups: this.groups }[endpoint];
    if (store === undefined) throw new Refusal(404, `Nothing is at ${url.pathname}.`);
    if (id === undefined) return this.#collection(method, endpoint, store, url.searchParams, body);
    const resource = store.get(id);
    if (resource === undefined) throw new Refusal(404, `No resource has the id ${id}.`);
    if (method === 'GET') return { status: 200, body: resource };
    if (body === undefined && method !== 'DELETE') throw new Refusal(400, 'There is no body.');
    if (method === 'PUT') return this.#put(store, resource, body ?? {});
    if (method === 'PATCH') return this.#patch(endpoint, resource, body ?? {});
    if (method !== 'DELETE' || endpoint === 'Users') throw new Refusal(405, `No ${method} here.`);
    store.delete(id);
    return { status: 204 };
  }

  #collection(
    method: string,
    endpoint: string,
    store: Map<string, Json>,
    params: URLSearchParams,
    body: Json | undefined,
  ): ScimAnswer {
    const name = endpoint === 'Users' ? 'userName' : 'displayName';
    const named = (value: unknown): Json[] =>
      [...store.values()].filter((one) => String(one[name]).toLowerCase() === String(value).toLowerCase());
    if (method === 'POST') {
      if (named(body?.[name]).length > 0) throw new Refusal(409, `${name} ${String(body?.[name])} is taken.`);
      return { status: 201, body: this.#store(store, endpoint, body ?? {}) };
    }
    const filter = params.get('filter');
    if (filter === null) return this.#list([...store.values()], params);
    const match = new RegExp(`^${name} eq "(.*)"$`).exec(filter);
    if (match === null) throw new Refusal(400, `No filter: ${filter}`);
    return this.#list(named(JSON.parse(`"${match[1] ?? ''}"`)), params);
  }

  #list(all: readonly Json[], params: URLSearchParams): ScimAnswer {
    const start = Number(params.get('startIndex') ?? 1);
    const Resources = all.slice(start - 1, start - 1 + Number(params.get('count') ?? 100));
    const counts = { totalResults: all.length, startIndex: start, itemsPerPage: Resources.length };
    return { status: 200, body: { schemas: [`${MESSAGES}ListResponse`], ...counts, Resources } };
  }

  #put(store: Map<string, Json>, resource: Json, body: Json): ScimAnswer {
    if (body['id'] !== resource['id']) throw new Refusal(400, 'The id differs.');
    const { password: _password, ...kept } = body;
    const whole = { ...kept, meta: resource['meta'] };
    store.set(String(resource['id']), whole);
    return { status: 200, body: whole };
  }

  #patch(endpoint: string, resource: Json, body: Json): ScimAnswer {
    if (JSON.stringify(body['schemas']) !== `["${MESSAGES}PatchOp"]`) throw new Refusal(400, 'No PatchOp.');
    for (const operation of body['Operations'] as Json[]) {
      if (!SPELLING.test(String(operation['op']))) throw new Refusal(400, 'No op.');
      if (operation['path'] === undefined) Object.assign(resource, operation['value']);
      else this.#patchMembers(resource, operation);
    }
    return endpoint === 'Users' ? { status: 200, body: resource } : { status: 204 };
  }

  #patchMembers(group: Json, { op, path, value }: Json): void {
    const members = (group['members'] ?? []) as { readonly value: string }[];
    const removed = VALUE_PATH.exec(String(path))?.[1];
    if (op === 'remove' && removed !== undefined) {
      group['members'] = members.filter((one) => one.value !== removed);
      return;
    }
    if (path !== 'members' || op === 'remove') throw new Refusal(400, `No path ${String(path)}.`);
    const given = value as { readonly value: string }[];
    const unknown = given.find((one) => !this.users.has(one.value));
    if (unknown !== undefined) throw new Refusal(400, `No user has the id ${unknown.value}.`);
    group['members'] = op === 'replace' ? given : [...members, ...given];
  }
}

const running: StrictScimServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

/** A server that is stopped after the test. */
export async function aScimServer(): Promise<StrictScimServer> {
  const server = await new StrictScimServer().start();
  running.push(server);
  return server;
}
