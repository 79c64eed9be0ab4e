import { partyOfSubject } from '../broker/connection-test.js';
import { systemClock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { Operation } from '../management/api/operation.js';
import { connectionTestOperations } from '../management/routes/connection-tests.js';
import type { ConnectionTester } from '../rp/testing/tester.js';
import { PostgresAuditStore } from '../storage/audit-store.js';
import { PostgresConnectionTestStore } from '../storage/connection-test-store.js';
import type { Database } from '../storage/database.js';

export interface ConnectionTestParts {
  readonly publicUrl: string;
  readonly database: Database;
  readonly tester: ConnectionTester;
  readonly ids: Ids;
  readonly log: Logger;
}

/** Operations that test connections, and the end of what they began. */
export interface ConnectionTests {
  readonly operations: readonly Operation[];
  /** Waits for the probes that are going on: before the way out or the database closes. */
  settle(): Promise<void>;
}

export function composeConnectionTests(parts: ConnectionTestParts): ConnectionTests {
  const { publicUrl, database, tester, ids, log } = parts;
  const running = new Set<Promise<void>>();
  const goOn = (work: Promise<void>): void => {
    const settled: Promise<void> = work
      .catch((error: unknown) => log.error('connection_test.failed', { error }))
      .finally(() => running.delete(settled));
    running.add(settled);
  };
  const operations = connectionTestOperations({
    transactions: database,
    tests: new PostgresConnectionTestStore(database),
    audit: new PostgresAuditStore(database),
    auditTools: { ids, clock: systemClock },
    ids,
    rules: { allowHttpLoopback: publicUrl.startsWith('http:') },
    probeFor: (tenant) => (subject, onChecks) => tester.probe(partyOfSubject(tenant, subject), onChecks),
    goOn,
  });
  return {
    operations,
    async settle() {
      await Promise.all(running);
    },
  };
}
