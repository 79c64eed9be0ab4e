import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../core/clock.js';
import { isUuid } from '../core/ids.js';
import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import type { ScimRequestRecord, ScimRequestQuery } from '../domain/provisioning/scim-request.js';
import type { Database } from '../storage/database.js';
import { PostgresScimRequestStore } from '../storage/scim-request-store.js';
import { listScimTokens, type ScimTokenFacts } from '../storage/scim-tokens.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requestLine, requestPage, shownRequest, type ScimNames } from './scim-lines.js';
import { limitOf } from './limit.js';
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
  context.refuseRemote(options);
  const limit = limitOf(options.limit);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  // Only who follows ends well by it: all others are broken off.
  if (options.follow === true) process.once('SIGINT', stop);
  try {
    return await inDatabase(context, options.follow === true ? ['SIGTERM'] : undefined, async (database) => {
      const tenant = await tenantOf(database, options.tenant);
      const { connection } = options;
      const connectionId = connection === undefined ? undefined : connectionOf(tenant, connection);
      const query = { limit, connectionId };
      const tail = new Tail(
        database,
        tenant,
        query,
        printer(context, namesOf(tenant), options.json === true),
      );
      await tail.latest();
      if (options.follow === true) await tail.follow(interrupt.signal);
      return EXIT.done;
    });
  } finally {
    process.off('SIGINT', stop);
  }
}

/** `causeway scim show`: all that the flight recorder has of one request. */
export async function showScim(context: CommandContext, id: string, options: ScimOptions): Promise<ExitCode> {
  context.refuseRemote(options);
  const unknown = new CliError(EXIT.usage, [
    `no SCIM request '${plainText(id, 60)}' is recorded of this tenant (requests are kept for a fortnight)`,
  ]);
  if (!isUuid(id)) throw unknown;
  return inDatabase(context, undefined, async (database) => {
    const tenant = await tenantOf(database, options.tenant);
    const { id: tenantId } = tenant.configuration.tenant;
    const record = await new PostgresScimRequestStore(database).find(tenantId, id);
    if (record === undefined) throw unknown;
    const names = namesOf(tenant);
    if (options.json === true) context.terminal.out(terminalJson(shownRequest(record, names), 2));
    else for (const line of requestPage(record, names)) context.terminal.out(line);
    return EXIT.done;
  });
}

/** `causeway scim tokens`: a tenant's SCIM tokens, never their values (C12). */
export async function listTokens(context: CommandContext, options: ScimOptions): Promise<ExitCode> {
  context.refuseRemote(options);
  return inDatabase(context, undefined, async (database) => {
    const tenant = await tenantOf(database, options.tenant);
    const tokens = await listScimTokens(database, tenant.configuration.tenant.id);
    if (options.json === true) printJson(context.terminal, { scimTokens: tokens });
    else if (tokens.length === 0) context.terminal.out('The tenant has no SCIM tokens.');
    else for (const token of tokens) context.terminal.out(tokenLine(token));
    return EXIT.done;
  });
}

function tokenLine({ name, connection, createdAt, expiresAt, lastUsedAt }: ScimTokenFacts): string {
  const expired = expiresAt !== null && expiresAt <= systemClock.now();
  const expiry =
    expiresAt === null ? 'never expires' : `${expired ? 'EXPIRED' : 'expires'} ${expiresAt.toISOString()}`;
  const use = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.toISOString()}`;
  return `${plainText(name)}  connection ${connection}  created ${createdAt.toISOString()}  ${expiry}  ${use}`;
}

const namesOf = ({ configuration }: ConfiguredTenant): ScimNames => ({
  connections: new Map(configuration.connections.map(({ id, key }) => [id, key])),
  tokens: new Map(configuration.scimTokens.map(({ id, name }) => [id, name])),
});

function printer(
  { terminal }: CommandContext,
  names: ScimNames,
  asJson: boolean,
): (record: ScimRequestRecord) => void {
  return (record) => terminal.out(asJson ? terminalJson(shownRequest(record, names)) : requestLine(record));
}

/** Prints each request once. */
class Tail {
  readonly #store: PostgresScimRequestStore;
  /** Printed, and young enough to be read again: by id. */
  #printed = new Set<string>();
  #oldest = firstIdAt(0);
  #newest = firstIdAt(0);

  constructor(
    database: Database,
    private readonly tenant: ConfiguredTenant,
    private readonly query: Omit<ScimRequestQuery, 'after'>,
    private readonly print: (record: ScimRequestRecord) => void,
  ) {
    this.#store = new PostgresScimRequestStore(database);
  }

  async latest(): Promise<void> {
    const { limit } = this.query;
    const records = await this.#list(undefined, limit);
    // What the limit left out is no news later on.
    if (records.length === limit) this.#oldest = records[0]?.id ?? this.#oldest;
    this.#tell(records);
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
        const records = await this.#list(after, PAGE);
        this.#tell(records);
        after = records.at(-1)?.id ?? after;
        isFull = records.length === PAGE && !signal.aborted;
      }
    }
  }

  #list(after: string | undefined, limit: number): Promise<readonly ScimRequestRecord[]> {
    const { connectionId } = this.query;
    return this.#store.list(this.tenant.configuration.tenant.id, { after, limit, connectionId });
  }

  #tell(records: readonly ScimRequestRecord[]): void {
    for (const record of records) {
      if (this.#printed.has(record.id)) continue;
      this.#printed.add(record.id);
      this.#newest = later(this.#newest, record.id);
      this.print(record);
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
