import type { Brand } from '../../../core/brand.js';
import type { ConnectionId, TenantId } from '../../../core/ids.js';
import type { TenantScope } from '../../../core/scope.js';
import type { Actor } from '../../audit/audit-event.js';
import type { SealedPlace } from '../../keys/vault.js';
import type { ConfigurationSource, StoredConnection } from '../candidate.js';
import type { Check, CheckCounts, Verdict } from './check.js';

export type ConnectionTestId = Brand<string, 'ConnectionTestId'>;

/**
 * `probing`: what needs no person is being asked. `waiting`: for somebody to sign in. `superseded`: another test was
 * started, or the configuration is another one now. `expired`: nobody came back in time.
 */
export type ConnectionTestState = 'probing' | 'waiting' | 'passed' | 'failed' | 'superseded' | 'expired';

/** What a test found, without anything personal: kept as it is. */
export interface TestReport {
  readonly checks: readonly Check[];
  /** Null until it is over. */
  readonly verdict: Verdict | null;
  readonly counts: CheckCounts;
  /** Undefined until somebody came back from the upstream. */
  readonly brought?: BroughtFacts;
}

/** What a sign-in brought that is nobody's name. */
export interface BroughtFacts {
  /** Names of the claims by the source that had them. */
  readonly claims: {
    readonly idToken: readonly string[];
    readonly userinfo: readonly string[];
  };
  /** Null: no source had the claim. */
  readonly groupCount: number | null;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** Seconds by which the upstream's clock is ahead; null: it didn't say. */
  readonly clockDifferenceSeconds: number | null;
  /** RFC 7638 thumbprint of the key that signed the ID Token: tells another address of one org from another org. */
  readonly signingKey?: string;
}

/** Who came in, and what follows: personal data, sealed, and erased when the test is a day old. */
export interface TestPerson {
  readonly subject: string;
  readonly joinValue: string | null;
  readonly userName: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
  /** Null: no source had the claim. At most `GROUPS_SHOWN`. */
  readonly groups: readonly { readonly id: string | null; readonly name: string }[] | null;
  /** What the mappings would give, by application; `null` for all of them. */
  readonly roles: readonly { readonly key: string; readonly application: string | null }[];
}

/** A test of one exact configuration of a connection. */
export interface ConnectionTest {
  readonly id: ConnectionTestId;
  readonly connectionId: ConnectionId;
  readonly source: ConfigurationSource;
  readonly fingerprint: Buffer;
  readonly state: ConnectionTestState;
  readonly report: TestReport;
  /** Sealed `TestPerson`; null: nobody came, or it has been erased. */
  readonly sealedPerson: string | null;
  readonly startedBy: Actor;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly finishedAt: Date | null;
}

export interface NewConnectionTest extends Pick<
  ConnectionTest,
  'id' | 'connectionId' | 'source' | 'fingerprint' | 'report' | 'startedBy'
> {
  /** SHA-256 of the secret in the one-time address. */
  readonly signInHash: Buffer;
}

/** How a test goes on. */
export interface TestProgress {
  readonly state: Exclude<ConnectionTestState, 'probing' | 'expired'>;
  readonly report: TestReport;
  readonly sealedPerson?: string;
}

/** A test lives as long as any other sign-in may take. */
export const TEST_SECONDS = 600;
/** An upstream is not to be used as a port scanner. */
export const TESTS_PER_MINUTE = 10;
/** More groups than anybody reads; a large claim isn't kept whole. */
export const GROUPS_SHOWN = 200;

export interface ConnectionTestStore {
  /** The connection with its candidate, as it is in this moment. */
  connection(scope: TenantScope, key: string): Promise<StoredConnection | undefined>;
  connectionById(scope: TenantScope, id: ConnectionId): Promise<StoredConnection | undefined>;
  /**
   * Writes a test in `probing`, and supersedes those of the connection that are still open.
   * @returns false, and nothing is written, when the tenant has begun `TESTS_PER_MINUTE` within the last minute
   */
  begin(scope: TenantScope, test: NewConnectionTest): Promise<boolean>;
  /** By the database's clock `expired` once its time is over. */
  find(scope: TenantScope, id: ConnectionTestId): Promise<ConnectionTest | undefined>;
  /** Writes what is known so far of a test that is still `probing`. */
  note(scope: TenantScope, id: ConnectionTestId, report: TestReport): Promise<void>;
  /** Writes how it goes on. @returns false when it is in none of the states `from` (any more) */
  advance(
    scope: TenantScope,
    id: ConnectionTestId,
    from: readonly ConnectionTestState[],
    progress: TestProgress,
  ): Promise<boolean>;
  /** Takes the one-time address, once, while the test waits. @returns undefined when it was taken, or is over */
  open(
    scope: TenantScope,
    id: ConnectionTestId,
    signInHash: Buffer,
    stateHash: Buffer,
  ): Promise<ConnectionTest | undefined>;
  /** The test of a connection that waits for this `state` (by its hash) to come back. */
  findByState(
    scope: TenantScope,
    connectionId: ConnectionId,
    stateHash: Buffer,
  ): Promise<ConnectionTest | undefined>;
  /** Notes that this exact configuration passed its test: of what is served with it, of a candidate in the candidate. */
  markTested(
    scope: TenantScope,
    test: Pick<ConnectionTest, 'id' | 'connectionId' | 'source' | 'fingerprint'>,
  ): Promise<void>;
}

/** Where a test keeps who came in. */
export function testPersonPlace(tenantId: TenantId, id: ConnectionTestId): SealedPlace {
  return { tenantId, table: 'connection_tests', column: 'person', row: id };
}
