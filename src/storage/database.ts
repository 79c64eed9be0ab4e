import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { DomainError } from '../core/errors.js';
import type { TenantId } from '../core/ids.js';
import { openTenantScope, type TenantScope } from '../core/scope.js';
import type { Cause } from '../domain/audit/cause.js';
import { isRetryable, translate } from './errors.js';
import { flush, type Rows, type Statement } from './flush.js';
import { SharedFlushes } from './shared-flush.js';

export type { Rows, Statement } from './flush.js';

const ATTEMPTS_MAX = 3;
const RETRY_MS = 5;

/**
 * PostgreSQL as the stores see it: tenant transactions whose statements leave in as few flushes as their logic allows.
 * A flush is one trip to the database, whatever number of statements it carries.
 */
export class Database {
  readonly #pool: Pool;
  readonly #transactions = new WeakMap<TenantScope, TenantTransaction>();
  readonly #onFlush: (() => void) | undefined;
  readonly #shared: Readonly<Record<'reads' | 'commits', SharedFlushes>>;
  #retries = 0;

  constructor(
    readonly dataSource: DataSource,
    onFlush?: () => void,
  ) {
    this.#pool = (dataSource.driver as unknown as { readonly master: Pool }).master;
    this.#onFlush = onFlush;
    // What reads is soon done: while one flush is answered another is read. Commits wait for the disk together.
    this.#shared = { reads: this.#sharedFlushes(2), commits: this.#sharedFlushes(1) };
  }

  /** Statements that don't need each other's answers, as one tenant transaction in one flush. */
  async inTenant(tenantId: TenantId, statements: readonly Statement[]): Promise<readonly Rows[]> {
    return this.#persistently((client) =>
      new TenantTransaction(client, tenantId, this.#flushed).sendAndCommit(statements),
    );
  }

  /**
   * The same for statements that every request needs and that take next to no time: those of requests that come together
   * share a flush and its transaction. Reads don't wait for what is being committed.
   */
  async inTenantShared(
    kind: 'reads' | 'commits',
    tenantId: TenantId,
    statements: readonly Statement[],
  ): Promise<readonly Rows[]> {
    return this.#shared[kind].send({ tenantId, statements });
  }

  #sharedFlushes(abreast: number): SharedFlushes {
    return new SharedFlushes(
      {
        asTenant: (tenantId) => ({ ...AS_TENANT_IMPATIENTLY, values: [tenantId, ''] }),
        together: (statements) => {
          this.#flushed();
          return this.#withClient((client) => flush(client, statements));
        },
        alone: ({ tenantId, statements }) => this.inTenant(tenantId, statements),
      },
      abreast,
    );
  }

  /**
   * A tenant transaction over several flushes: begun with its first statement, committed when `work` is done, rolled
   * back when it throws, run again when PostgreSQL asks for that: `work` must have no effect outside.
   */
  async withTenant<T>(
    tenantId: TenantId,
    work: (scope: TenantScope) => Promise<T>,
    cause?: Cause,
  ): Promise<T> {
    return this.#persistently((client) => this.#once(client, tenantId, work, cause));
  }

  /** The transaction that a scope stands for. @throws TypeError when it has ended. */
  transaction(scope: TenantScope): TenantTransaction {
    const transaction = this.#transactions.get(scope);
    if (transaction === undefined) throw new TypeError('the tenant scope has ended');
    return transaction;
  }

  /**
   * Lets the stores work in a transaction that somebody else has begun on the client and will end, once it acts as the
   * tenant (role and `app.tenant_id`). `leave` before it ends: what was deferred is sent, the scope is over.
   */
  join(client: PoolClient, tenantId: TenantId): { readonly scope: TenantScope; leave(): Promise<void> } {
    const scope = openTenantScope(tenantId);
    const transaction = new TenantTransaction(client, tenantId, this.#flushed, 'open');
    this.#transactions.set(scope, transaction);
    const leave = async (): Promise<void> => {
      this.#transactions.delete(scope);
      await transaction.send([]);
    };
    return { scope, leave };
  }

  /** One statement outside of tenants, as the database user itself: the directory, jobs. */
  async query(statement: Statement): Promise<Rows> {
    this.#flushed();
    const [rows] = await this.#persistently((client) => flush(client, [statement]));
    return rows ?? [];
  }

  /** A transaction as the database user itself, for jobs over all tenants. */
  async transact<T>(work: (query: (statement: Statement) => Promise<Rows>) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      await flush(client, [BEGIN]);
      try {
        const result = await work(async (statement) => (await flush(client, [statement]))[0] ?? []);
        await flush(client, [COMMIT]);
        return result;
      } catch (error) {
        await flush(client, [ROLLBACK]);
        throw error;
      }
    });
  }

  async #once<T>(
    client: PoolClient,
    tenantId: TenantId,
    work: (scope: TenantScope) => Promise<T>,
    cause: Cause | undefined,
  ): Promise<T> {
    const scope = openTenantScope(tenantId);
    const transaction = new TenantTransaction(client, tenantId, this.#flushed, 'new', cause);
    this.#transactions.set(scope, transaction);
    try {
      const result = await work(scope);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollback();
      throw error;
    } finally {
      this.#transactions.delete(scope);
    }
  }

  /**
   * Runs a transaction again when PostgreSQL asks for that (40001, 40P01: F-06).
   * @throws DomainError `upstream_unavailable` when it asks too often
   */
  async #persistently<T>(transaction: (client: PoolClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#withClient(transaction);
      } catch (error) {
        if (!isRetryable(error)) throw error;
        if (attempt >= ATTEMPTS_MAX)
          throw new DomainError('upstream_unavailable', 'the database is too busy', {}, { cause: error });
        await sleep(this.#waitMs());
      }
    }
  }

  /** Some milliseconds, for each transaction others, so that those that met once don't meet again. */
  #waitMs(): number {
    this.#retries += 1;
    return RETRY_MS + ((this.#retries * 7) % (4 * RETRY_MS));
  }

  /** A connection that broke inside a transaction is thrown away, not put back into the pool. */
  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      return translate(error);
    }
    const connection = connectionOf(client);
    try {
      const result = await work(client);
      client.release(connection.cut);
      return result;
    } catch (error) {
      client.release(connection.cut ?? isBroken(error));
      return translate(connection.cut ?? error);
    }
  }

  readonly #flushed = (): void => this.#onFlush?.();
}

const connections = new WeakMap<PoolClient, { cut: Error | undefined }>();

/**
 * What became of a connection. Between two flushes nobody waits for an answer; without a listener, a connection that is
 * cut then ends the process.
 */
function connectionOf(client: PoolClient): { readonly cut: Error | undefined } {
  const known = connections.get(client);
  if (known !== undefined) return known;
  const connection: { cut: Error | undefined } = { cut: undefined };
  client.on('error', (error) => {
    connection.cut ??= error;
  });
  connections.set(client, connection);
  return connection;
}

const isBroken = (error: unknown): boolean =>
  !(error instanceof Error) || !('code' in error) || /^(08|57P)/.test(String(error.code));

const BEGIN: Statement = { name: 'begin', text: 'BEGIN', values: [] };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT', values: [] };
const ROLLBACK: Statement = { name: 'rollback', text: 'ROLLBACK', values: [] };

/**
 * The role obeys row-level security; `app.tenant_id` tells it whose rows to show. `app.cause` is what memberships and
 * roles that come or go are put down to (migrations/administration.ts). A named statement's plan is made once per
 * connection; it must not be made while a table is empty and kept when it has grown, so no table is read from end to end
 * where there is an index. All of it ends with the transaction.
 */
const AS_TENANT = {
  name: 'as_tenant',
  text: `SELECT set_config('role', 'causeway_app', true), set_config('app.tenant_id', $1, true),
    set_config('app.cause', $2, true),
    set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
    set_config('jit', 'off', true)`,
};

/** Whoever shares a transaction keeps others waiting while waiting for a lock. */
const AS_TENANT_IMPATIENTLY = {
  name: 'as_tenant_impatiently',
  text: `${AS_TENANT.text}, set_config('lock_timeout', '50ms', true)`,
};

/** A statement that leaves with the next flush. */
interface Deferred {
  readonly statement: Statement;
  readonly told: ((rows: Rows) => void) | undefined;
}

/** One transaction of one tenant on one connection. */
export class TenantTransaction {
  #state: 'new' | 'open' | 'ended';
  /** It was begun here, so it must be ended here. */
  #begun = false;
  #deferred: readonly Deferred[] = [];

  constructor(
    private readonly client: PoolClient,
    private readonly tenantId: TenantId,
    private readonly flushed: () => void,
    state: 'new' | 'open' = 'new',
    private readonly cause?: Cause,
  ) {
    this.#state = state;
  }

  /** Sends statements in one flush and gives their rows in order. @throws the first error among them. */
  async send(statements: readonly Statement[]): Promise<readonly Rows[]> {
    return this.#flush(statements, false);
  }

  /**
   * Statements whose answers the work doesn't wait for: they leave, in order, with the next flush, at the latest the
   * commit's.
   * @param told gets the rows of the last of them once that flush has been answered
   */
  defer(statements: readonly Statement[], told?: (rows: Rows) => void): void {
    const last = statements.length - 1;
    const deferred = statements.map((statement, index) => ({
      statement,
      told: index === last ? told : undefined,
    }));
    this.#deferred = [...this.#deferred, ...deferred];
  }

  /** One statement, one flush. */
  async query(statement: Statement): Promise<Rows> {
    const [rows] = await this.#flush([statement], false);
    return rows ?? [];
  }

  /** The transaction's last statements and its commit, in one flush. All or nothing. */
  async sendAndCommit(statements: readonly Statement[]): Promise<readonly Rows[]> {
    return this.#flush(statements, true);
  }

  async commit(): Promise<void> {
    if (this.#state === 'open' || this.#deferred.length > 0) await this.#flush([], true);
    this.#state = 'ended';
  }

  async rollback(): Promise<void> {
    this.#state = 'ended';
    if (!this.#begun) return;
    this.#begun = false;
    this.flushed();
    await flush(this.client, [ROLLBACK]);
  }

  async #flush(statements: readonly Statement[], commits: boolean): Promise<readonly Rows[]> {
    if (this.#state === 'ended') throw new TypeError('the transaction has ended');
    const begins = this.#state === 'new';
    // Begun and ended in one flush, it is a transaction without being told.
    const explicit = begins && !commits;
    const first = [
      ...(explicit ? [BEGIN] : []),
      ...(begins ? [{ ...AS_TENANT, values: [this.tenantId, this.cause ?? ''] }] : []),
    ];
    const deferred = this.#deferred;
    const before = [...first, ...deferred.map(({ statement }) => statement)];
    const after = commits && this.#begun ? [COMMIT] : [];
    this.#deferred = [];
    this.#begun ||= explicit;
    this.#state = commits ? 'ended' : 'open';
    this.flushed();
    const results = await flush(this.client, [...before, ...statements, ...after]);
    if (commits) this.#begun = false;
    deferred.forEach(({ told }, index) => told?.(results[first.length + index] ?? []));
    return results.slice(before.length, before.length + statements.length);
  }
}
