import { setTimeout as sleep } from 'node:timers/promises';
import { isUuid } from '../core/ids.js';
import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import type { Database } from '../storage/database.js';
import { PostgresScimRequestStore } from '../storage/scim-request-store.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { eitherWay } from './remote/api.js';
import { remoteRequest, remoteRequests } from './remote/scim.js';
import {
  requestLine,
  requestPage,
  shownRequest,
  type ScimNames,
  type ShownRequest,
  type WholeRequest,
} from './scim-lines.js';
import { printJson, terminalJson } from './terminal.js';

export interface ScimOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

export interface TailOptions extends ScimOptions {
  readonly connection?: string;
  readonly follow?: boolean;
  readonly limit: string;
}

const POLL_MS = 500;
const PAGE = 1_000;
/** Nodes write what they recorded some time later, each for itself: so late may a request turn up behind newer ones. */
const LATE_MS = 5_000;

/**
 * `causeway scim tail`: what the flight recorder has of SCIM requests, the latest last (C13); with `follow`
 * also what comes, until SIGINT.
 */
export async function tailScim(context: CommandContext, options: TailOptions): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  const { terminal } = context;
  const print = (request: ShownRequest): void =>
    terminal.out(options.json === true ? terminalJson(request) : requestLine(request));
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  // Only who follows ends well by it: all others are broken off.
  if (options.follow === true) process.once('SIGINT', stop);
  const run = async (read: ReadRequests): Promise<ExitCode> => {
    const tail = new Tail(read, limit, print);
    await tail.latest();
    if (options.follow === true) await tail.follow(interrupt.signal);
    return EXIT.done;
  };
  try {
    return await eitherWay(context, options, {
      remote: async (api) => run(await remoteRequests(api, options)),
      local: () =>
        inDatabase(context, options.follow === true ? ['SIGTERM'] : undefined, async (database) =>
          run(await requestsHere(database, options)),
        ),
    });
  } finally {
    process.off('SIGINT', stop);
  }
}

/** Reads requests, the oldest first: those after an id, or the latest. */
type ReadRequests = (after: string | undefined, limit: number) => Promise<readonly ShownRequest[]>;

async function requestsHere(database: Database, options: TailOptions): Promise<ReadRequests> {
  const tenant = await tenantOf(database, options.tenant);
  const { connection } = options;
  const connectionId = connection === undefined ? undefined : connectionOf(tenant, connection);
  const store = new PostgresScimRequestStore(database);
  const names = namesOf(tenant);
  return async (after, limit) => {
    const records = await store.list(tenant.configuration.tenant.id, { after, limit, connectionId });
    return records.map((record) => shownRequest(record, names));
  };
}

/** `causeway scim show`: all that the flight recorder has of one request. */
export async function showScim(context: CommandContext, id: string, options: ScimOptions): Promise<ExitCode> {
  const unknown = new CliError(EXIT.usage, [
    `no SCIM request '${plainText(id, 60)}' is recorded of this tenant (requests are kept for a fortnight)`,
  ]);
  if (!isUuid(id)) throw unknown;
  const request = await eitherWay<WholeRequest | undefined>(context, options, {
    remote: (api) => remoteRequest(api, options.tenant, id),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const tenant = await tenantOf(database, options.tenant);
        const record = await new PostgresScimRequestStore(database).find(tenant.configuration.tenant.id, id);
        return record === undefined ? undefined : shownRequest(record, namesOf(tenant));
      }),
  });
  if (request === undefined) throw unknown;
  if (options.json === true) printJson(context.terminal, request);
  else for (const line of requestPage(request)) context.terminal.out(line);
  return EXIT.done;
}

const namesOf = ({ configuration }: ConfiguredTenant): ScimNames => ({
  connections: new Map(configuration.connections.map(({ id, key }) => [id, key])),
  tokens: new Map(configuration.scimTokens.map(({ id, name }) => [id, name])),
});

/** Prints each request once. */
class Tail {
  /** Printed, and young enough to be read again: by id. */
  #printed = new Set<string>();
  #oldest = firstIdAt(0);
  #newest = firstIdAt(0);

  constructor(
    private readonly read: ReadRequests,
    private readonly limit: number,
    private readonly print: (request: ShownRequest) => void,
  ) {}

  async latest(): Promise<void> {
    const requests = await this.read(undefined, this.limit);
    // What the limit left out is no news later on.
    if (requests.length === this.limit) this.#oldest = requests[0]?.id ?? this.#oldest;
    this.#tell(requests);
  }

  /** Prints what comes until `signal` is aborted. Goes by the times of the nodes, never by this machine's. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      const from = firstIdAt(Math.max(0, timeOf(this.#newest) - LATE_MS));
      let after = later(this.#oldest, from);
      this.#printed = new Set([...this.#printed].filter((id) => id > from));
      let isFull = !signal.aborted;
      while (isFull) {
        const requests = await this.read(after, PAGE);
        this.#tell(requests);
        after = requests.at(-1)?.id ?? after;
        isFull = requests.length === PAGE && !signal.aborted;
      }
    }
  }

  #tell(requests: readonly ShownRequest[]): void {
    for (const request of requests) {
      if (this.#printed.has(request.id)) continue;
      this.#printed.add(request.id);
      this.#newest = later(this.#newest, request.id);
      this.print(request);
    }
  }
}

const later = (one: string, other: string): string => (one > other ? one : other);

/** The first UUIDv7 of a millisecond (RFC 9562 section 5.7): ids sort by the time in their first 48 bits. */
function firstIdAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

const timeOf = (id: string): number => Number.parseInt(`${id.slice(0, 8)}${id.slice(9, 13)}`, 16);
