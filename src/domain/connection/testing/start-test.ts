import { createHash } from 'node:crypto';
import { DomainError } from '../../../core/errors.js';
import type { Ids, TenantId } from '../../../core/ids.js';
import type { Actor } from '../../audit/audit-event.js';
import type { TenantTransactions } from '../../tenant/transactions.js';
import { subjectOf, type ConfigurationSource, type ConnectionSubject } from '../candidate.js';
import { fingerprintOf } from '../fingerprint.js';
import { checkAddress } from './address-check.js';
import type { Check } from './check.js';
import { TESTS_PER_MINUTE, type ConnectionTestId, type NewConnectionTest } from './connection-test.js';
import { finishTest, reportOf, type TestDeps } from './finish-test.js';

/** Asks an upstream what can be asked without a person. Never throws for a fault of the upstream or the settings. */
export type ProbeConnection = (
  subject: ConnectionSubject,
  /** Told of what is known so far. */
  onChecks: (checks: readonly Check[]) => Promise<void>,
) => Promise<readonly Check[]>;

export interface StartTestDeps extends TestDeps {
  readonly transactions: TenantTransactions;
  readonly probe: ProbeConnection;
  readonly ids: Ids;
  readonly rules: { readonly allowHttpLoopback: boolean };
}

export interface StartTestRequest {
  readonly connectionKey: string;
  /** Left out: the candidate where there is one, else what is served. */
  readonly source?: ConfigurationSource;
  /** The address that somebody typed, where what became of it is to be told. */
  readonly typedIssuer?: string;
  readonly actor: Actor;
}

export interface StartedTest {
  readonly id: ConnectionTestId;
  /** Follows `{issuer}/test-sign-in/`: works once, while the test is open. Kept only as a hash. */
  readonly signInToken: string;
  /** Ends with the probes, and never throws for what they find. The caller may go on meanwhile. */
  readonly probed: Promise<void>;
}

/** Makes the secret of a one-time address comparable. */
export const signInHashOf = (secret: string): Buffer =>
  createHash('sha256').update(`connection-test:${secret}`).digest();

/**
 * Starts a test of a connection (A17): at once a row that can be read, then the probes, then it waits for a sign-in. Any
 * earlier test of the connection that is still open is superseded.
 * @throws DomainError `not_found`; `limit_exceeded` for more tests than one tenant may begin in a minute
 */
export async function startConnectionTest(
  deps: StartTestDeps,
  tenantId: TenantId,
  request: StartTestRequest,
): Promise<StartedTest> {
  const { transactions, tests, ids } = deps;
  const id = ids.uuid<ConnectionTestId>();
  const secret = ids.secret(32);
  const { typedIssuer } = request;
  const { subject, test } = await transactions.withTenant(tenantId, async (scope) => {
    const stored = await tests.connection(scope, request.connectionKey);
    if (stored === undefined) throw new DomainError('not_found', 'there is no such connection');
    const tested = subjectOf(stored, request.source);
    const first = typedIssuer === undefined ? [] : [checkAddress(typedIssuer, tested.connection, deps.rules)];
    const begun: NewConnectionTest = {
      id,
      connectionId: tested.connection.id,
      source: tested.source,
      fingerprint: fingerprintOf(tested.connection, tested.secrets),
      report: reportOf(first, { isOver: false }),
      startedBy: request.actor,
      signInHash: signInHashOf(secret),
    };
    if (!(await tests.begin(scope, begun)))
      throw new DomainError(
        'limit_exceeded',
        `A tenant may start ${TESTS_PER_MINUTE} tests a minute: try again in one`,
        { retryAfterSeconds: '60' },
      );
    return { subject: tested, test: begun };
  });
  return { id, signInToken: `${id}.${secret}`, probed: probeAndWait(deps, tenantId, test, subject) };
}

async function probeAndWait(
  deps: StartTestDeps,
  tenantId: TenantId,
  test: NewConnectionTest,
  subject: ConnectionSubject,
): Promise<void> {
  const { transactions, tests } = deps;
  const first = test.report.checks;
  const checks = await deps.probe(subject, async (soFar) => {
    await transactions.withTenant(tenantId, async (scope) => {
      const report = reportOf([...first, ...soFar], { isOver: false });
      await tests.note(scope, test.id, report);
    });
  });
  await transactions.withTenant(tenantId, async (scope) => {
    const found = await tests.find(scope, test.id);
    if (found === undefined) return;
    if ([...first, ...checks].some(({ status }) => status === 'failed')) {
      await finishTest(deps, scope, found, { from: ['probing'], checks: [...checks, ...notTried()] });
      return;
    }
    const report = reportOf([...first, ...checks, ...notTried()], { isOver: false });
    await tests.advance(scope, test.id, ['probing'], { state: 'waiting', report });
  });
}

/** What only a person's sign-in can show. */
const SIGN_IN_CHECKS = ['sign_in', 'person', 'claims', 'groups', 'assurance', 'sign_out'] as const;

function notTried(): readonly Check[] {
  return SIGN_IN_CHECKS.map((id) => ({ id, status: 'not_tried', seen: 'Only a sign-in can tell' }));
}
