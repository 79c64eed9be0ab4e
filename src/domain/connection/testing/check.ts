import type { ConnectionCause } from '../diagnosis/cause.js';

/** What is looked at, in this order: first what needs no person, then what a test sign-in shows. */
export const CHECK_IDS = [
  'address',
  'discovery',
  'clock',
  'client',
  'keys',
  'client_authentication',
  'secondary_secret',
  'callback',
  'introspection',
  'sign_in',
  'person',
  'claims',
  'groups',
  'assurance',
  'sign_out',
] as const;

export type CheckId = (typeof CHECK_IDS)[number];

/**
 * `warning`: sign-ins work, but somebody should look. `not_tried`: an earlier check failed, or it waits for the sign-in.
 * `not_applicable`: this connection has nothing to check here.
 */
export type CheckStatus = 'passed' | 'warning' | 'failed' | 'not_tried' | 'not_applicable';

/** Values that somebody can act on: an issuer to adopt, seconds to wait. Never a token, a code, a secret or a person. */
export type CheckFacts = Readonly<Record<string, string>>;

/** One check of a connection, and what came of it. */
export interface Check {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** What was seen, in a sentence for an admin: never a body, a token, a secret, or who came in. */
  readonly seen: string;
  /** By its name in the table of causes; also where something passed that is worth a word. */
  readonly cause?: ConnectionCause;
  readonly facts?: CheckFacts;
}

/** `broken`: nobody can sign in so. */
export type Verdict = 'ready' | 'works_with_warnings' | 'broken';

export type CheckCounts = Readonly<Record<'passed' | 'warning' | 'failed' | 'notTried', number>>;

/** What checks come to, all told. What was not tried or doesn't apply takes nothing away. */
export function verdictOf(checks: readonly Check[]): Verdict {
  const { failed, warning } = countChecks(checks);
  if (failed > 0) return 'broken';
  return warning > 0 ? 'works_with_warnings' : 'ready';
}

export function countChecks(checks: readonly Check[]): CheckCounts {
  const of = (status: CheckStatus): number => checks.filter((check) => check.status === status).length;
  return { passed: of('passed'), warning: of('warning'), failed: of('failed'), notTried: of('not_tried') };
}

/** The causes of what isn't as it should be, each once. */
export function causesOf(checks: readonly Check[]): readonly ConnectionCause[] {
  const told = checks.filter(({ status }) => status === 'failed' || status === 'warning');
  return [...new Set(told.flatMap(({ cause }) => cause ?? []))];
}
