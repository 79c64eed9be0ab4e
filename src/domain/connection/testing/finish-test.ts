import { DomainError } from '../../../core/errors.js';
import type { TenantScope } from '../../../core/scope.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../../audit/audit-event.js';
import { recordOf, type AuditTools } from '../../audit/audit-record.js';
import type { AuditStore } from '../../audit/audit-store.js';
import { subjectOf } from '../candidate.js';
import { fingerprintOf } from '../fingerprint.js';
import { CHECK_IDS, causesOf, countChecks, verdictOf, type Check, type CheckId } from './check.js';
import {
  testPersonPlace,
  type BroughtFacts,
  type ConnectionTest,
  type ConnectionTestState,
  type ConnectionTestStore,
  type TestPerson,
  type TestReport,
} from './connection-test.js';

export interface TestDeps {
  readonly tests: ConnectionTestStore;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly auditTools: AuditTools;
}

/** A report over checks, in the order of all reports; a later check of the same name stands in an earlier one's place. */
export function reportOf(
  checks: readonly Check[],
  rest: { readonly isOver: boolean; readonly brought?: BroughtFacts },
): TestReport {
  const byId = new Map<CheckId, Check>(checks.map((check) => [check.id, check]));
  const ordered = CHECK_IDS.flatMap((id) => byId.get(id) ?? []);
  return {
    checks: ordered,
    verdict: rest.isOver ? verdictOf(ordered) : null,
    counts: countChecks(ordered),
    ...(rest.brought === undefined ? {} : { brought: rest.brought }),
  };
}

/** What ends a test. */
export interface TestFindings {
  /** The states in which this may end it. */
  readonly from: readonly ConnectionTestState[];
  readonly checks: readonly Check[];
  readonly brought?: BroughtFacts;
  readonly person?: TestPerson;
  /** Who has done what ends the test, where that isn't who started it. */
  readonly actor?: Actor;
  readonly origin?: RequestOrigin;
}

/**
 * Ends a test: report, what was seen of the person (sealed), the mark on the connection when it passed, and the audit
 * event, which names causes and nobody. A configuration that isn't what the test was of any more gets no mark: its test
 * is superseded.
 * @returns the state it has now; undefined when it was over already, and nothing is written
 */
export async function finishTest(
  deps: TestDeps,
  scope: TenantScope,
  test: ConnectionTest,
  findings: TestFindings,
): Promise<ConnectionTestState | undefined> {
  const { tests, auditTools } = deps;
  const stored = await tests.connectionById(scope, test.connectionId);
  if (stored === undefined) return undefined;
  const report = reportOf([...test.report.checks, ...findings.checks], {
    isOver: true,
    ...(findings.brought === undefined ? {} : { brought: findings.brought }),
  });
  const { connection, secrets } = subjectOf(stored, test.source);
  const isSame = fingerprintOf(connection, secrets).equals(test.fingerprint);
  const state = !isSame ? 'superseded' : report.verdict === 'broken' ? 'failed' : 'passed';
  const { person } = findings;
  const sealed =
    person === undefined
      ? {}
      : {
          sealedPerson: auditTools.vault.seal(
            testPersonPlace(scope.tenantId, test.id),
            JSON.stringify(person),
          ),
        };
  if (!(await tests.advance(scope, test.id, findings.from, { state, report, ...sealed }))) return undefined;
  if (state === 'passed') await tests.markTested(scope, test);
  deps.audit.append(scope, [
    recordOf(
      scope.tenantId,
      auditEntry({
        action: 'connection.tested',
        outcome: state === 'passed' ? 'success' : 'failure',
        reason: state === 'passed' ? null : (causesOf(report.checks)[0] ?? state),
        actor: findings.actor ?? test.startedBy,
        target: `connection:${connection.key}`,
        connection: connection.key,
        origin: findings.origin ?? NO_ORIGIN,
        details: {
          test: test.id,
          state,
          verdict: report.verdict,
          source: test.source,
          causes: [...causesOf(report.checks)],
        },
      }),
      auditTools,
    ),
  ]);
  return state;
}

/** @throws DomainError `not_found` */
export async function testOf(
  tests: ConnectionTestStore,
  scope: TenantScope,
  key: string,
  id: ConnectionTest['id'],
): Promise<ConnectionTest> {
  const stored = await tests.connection(scope, key);
  const test = stored === undefined ? undefined : await tests.find(scope, id);
  if (test === undefined || test.connectionId !== stored?.served.id)
    throw new DomainError('not_found', 'there is no such test of this connection');
  return test;
}
