import type { TenantId } from '../../../core/ids.js';
import type { Vault } from '../../keys/vault.js';
import type { TenantTransactions } from '../../tenant/transactions.js';
import {
  testPersonPlace,
  type ConnectionTest,
  type ConnectionTestId,
  type ConnectionTestStore,
  type TestPerson,
} from './connection-test.js';
import { testOf } from './finish-test.js';

export interface ReadTestDeps {
  readonly transactions: TenantTransactions;
  readonly tests: ConnectionTestStore;
  readonly vault: Vault;
}

export interface ReadTest {
  readonly test: ConnectionTest;
  /** Null: nobody came in, or the test is more than a day old. */
  readonly person: TestPerson | null;
}

/** A test as it stands. @throws DomainError `not_found`, also for a test of another connection */
export async function readConnectionTest(
  { transactions, tests, vault }: ReadTestDeps,
  tenantId: TenantId,
  request: { readonly connectionKey: string; readonly testId: ConnectionTestId },
): Promise<ReadTest> {
  const test = await transactions.withTenant(tenantId, (scope) =>
    testOf(tests, scope, request.connectionKey, request.testId),
  );
  if (test.sealedPerson === null) return { test, person: null };
  const opened = vault.open(testPersonPlace(tenantId, test.id), test.sealedPerson);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by us, and authenticated
  return { test, person: JSON.parse(opened) as TestPerson };
}
