import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from './error.js';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds all addresses of a fully qualified name; rejects when there are none. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface ResolverOptions {
  readonly hostsFile?: string;
  /** Name servers (`address:port`); the system's when absent. */
  readonly servers?: readonly string[];
}

/** A name server is asked twice, so that one lost datagram doesn't cost a sign-in. */
const QUERY_MS = 1_000;
const QUERY_TRIES = 2;
/**
 * How long an answer for one family waits for the other family's (RFC 8305 section 3 says 50 ms; we may
 * wait longer).
 */
const OTHER_FAMILY_MS = 200;

/**
 * The system's hosts file, then DNS. Not `dns.lookup`: that holds one of the few threads that signatures and
 * decompression share, so a tenant's slow name server would slow every tenant.
 */
export function createSystemResolver(options: ResolverOptions = {}): Resolve {
  const { hostsFile = '/etc/hosts', servers } = options;
  return async (hostname) => {
    const listed = parseHosts(await readHosts(hostsFile), hostname);
    return listed.length > 0 ? listed : queryDns(hostname, servers);
  };
}

/** The addresses that a hosts file gives a name, in its order. */
export function parseHosts(text: string, hostname: string): ResolvedAddress[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const named = names.some((name) => name.toLowerCase() === hostname);
    return named ? toResolved([address]) : [];
  });
}

async function readHosts(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

async function queryDns(
  hostname: string,
  servers: readonly string[] | undefined,
): Promise<ResolvedAddress[]> {
  // A new resolver each time reads the name servers of now (25 µs); names are looked up only for new
  // connections.
  const resolver = new Resolver({ timeout: QUERY_MS, tries: QUERY_TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  const queries = [resolver.resolve4(hostname), resolver.resolve6(hostname)];
  const found: ResolvedAddress[] = [];
  const all = Promise.allSettled(
    queries.map(async (query) => {
      found.push(...toResolved(await query));
    }),
  );
  try {
    await Promise.any(queries);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
  await Promise.race([all, delay(OTHER_FAMILY_MS, undefined, { ref: false })]);
  resolver.cancel();
  return [...found];
}

function toResolved(addresses: readonly string[]): ResolvedAddress[] {
  return addresses.flatMap((address) => {
    const family = isIP(address);
    return family === 4 || family === 6 ? [{ address, family }] : [];
  });
}
