import { Client } from 'pg';
import { parentOf } from './cpu.js';

/** A database made for one run on a server that is there already. */
export interface BenchDatabase {
  readonly url: string;
  /** What of durability is switched off at the server: figures of such a run prove nothing. */
  readonly missingDurability: readonly string[];
  readonly version: string;
  /** Process id of the server, when it runs on this machine. */
  readonly postmaster: number | undefined;
  drop(): Promise<void>;
}

const DURABILITY = ['fsync', 'synchronous_commit', 'full_page_writes'];

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Makes an empty database. `serverUrl`: of a user who may do that. */
export async function createDatabase(serverUrl: string): Promise<BenchDatabase> {
  const name = `causeway_bench_${process.pid}_${Date.now()}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return connected(serverUrl, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    const off: string[] = [];
    for (const setting of DURABILITY) {
      // oxlint-disable-next-line no-await-in-loop -- three questions, once
      const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`);
      if (rows[0]?.[setting] !== 'on') off.push(`${setting}=${rows[0]?.[setting] ?? '?'}`);
    }
    const { rows } = await client.query<{ version: string; pid: number; local: boolean }>(
      `SELECT current_setting('server_version') AS version, pg_backend_pid() AS pid,
        coalesce(inet_server_addr() = inet_client_addr(), true) AS local`,
    );
    const [about] = rows;
    return {
      url: url.href,
      missingDurability: off,
      version: about?.version ?? 'unknown',
      postmaster: about?.local === true ? parentOf(about.pid) : undefined,
      drop: () =>
        connected(serverUrl, async (admin) => {
          await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        }),
    };
  });
}
