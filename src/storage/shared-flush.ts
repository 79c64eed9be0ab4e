import pg from 'pg';
import { DomainError } from '../core/errors.js';
import type { TenantId } from '../core/ids.js';
import type { Rows, Statement } from './flush.js';

/** What one request asks of the database in one flush: a transaction of one tenant. */
export interface Errand {
  readonly tenantId: TenantId;
  /** They leave the transaction's settings as they found them: the next errand's may follow at once. */
  readonly statements: readonly Statement[];
}

/** How statements reach the database. */
export interface Carrier {
  /** Acts as the tenant from here on, and waits for no lock for long. */
  readonly asTenant: (tenantId: TenantId) => Statement;
  /** Sends statements in one flush, as one transaction, once. */
  readonly together: (statements: readonly Statement[]) => Promise<readonly Rows[]>;
  /** Sends an errand in a flush and a transaction of its own, again where PostgreSQL asks for that. */
  readonly alone: (errand: Errand) => Promise<readonly Rows[]>;
}

interface Waiting extends Errand {
  readonly resolve: (results: readonly Rows[] | Promise<readonly Rows[]>) => void;
  readonly reject: (error: unknown) => void;
}

/** A flush that takes longer keeps nobody waiting: the next leaves beside it. */
const LATE_MS = 50;
/** Errands of one flush: what one of them locks, it keeps until all are done. */
const ERRANDS_MAX = 16;

/**
 * Errands that come while a flush is under way leave together with the next one, as one transaction: a trip, a wake-up of
 * the server and a wait for its disk cost more than most statements do. Nobody is kept waiting for company: who finds
 * no more under way than may be leaves at once.
 *
 * Each errand's statements run one after the other in the tenant that they are of, and each sees what those before it did,
 * as if they had committed. If one is refused, or meets a lock, nothing of any was done: each then goes alone, and has the
 * outcome that it would have had.
 */
export class SharedFlushes {
  readonly #waiting: Waiting[] = [];
  #underWay = 0;

  /** @param abreast flushes at most that are under way, but for late ones */
  constructor(
    private readonly carrier: Carrier,
    private readonly abreast: number,
  ) {}

  /** @returns rows of each statement of the errand @throws what its own statements are refused with */
  send(errand: Errand): Promise<readonly Rows[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...errand, resolve, reject });
      if (this.#underWay < this.abreast) void this.#carry();
    });
  }

  async #carry(): Promise<void> {
    this.#underWay += 1;
    while (this.#waiting.length > 0)
      // oxlint-disable-next-line no-await-in-loop -- who comes meanwhile leaves with the next flush
      await untilLate(this.#flush(this.#waiting.splice(0, ERRANDS_MAX)));
    this.#underWay -= 1;
  }

  async #flush(errands: readonly Waiting[]): Promise<void> {
    try {
      const { statements, starts } = this.#joined(errands);
      const results = await this.carrier.together(statements);
      errands.forEach((errand, index) => {
        const start = starts[index] ?? 0;
        errand.resolve(results.slice(start, start + errand.statements.length));
      });
    } catch (error) {
      for (const errand of errands)
        if (isUndone(error)) errand.resolve(this.carrier.alone(errand));
        else errand.reject(error);
    }
  }

  /** The statements of all, and where those of each begin. */
  #joined(errands: readonly Errand[]): {
    readonly statements: readonly Statement[];
    readonly starts: readonly number[];
  } {
    const statements: Statement[] = [];
    const starts: number[] = [];
    let shown: TenantId | undefined;
    for (const errand of errands) {
      if (errand.tenantId !== shown) statements.push(this.carrier.asTenant(errand.tenantId));
      shown = errand.tenantId;
      starts.push(statements.length);
      statements.push(...errand.statements);
    }
    return { statements, starts };
  }
}

/** Waits for a flush, but not for long. */
function untilLate(flush: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, LATE_MS);
    flush.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/**
 * Whether nothing of the transaction was done, for sure: PostgreSQL refused it, and went on. When it shuts down or the
 * connection breaks, it may have committed: what is not known isn't tried again.
 */
function isUndone(error: unknown): boolean {
  const cause = error instanceof DomainError ? error.cause : error;
  return cause instanceof pg.DatabaseError && cause.code !== undefined && !/^(08|57P)/.test(cause.code);
}
