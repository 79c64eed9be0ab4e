import type { ConnectionId, TenantId } from '../../../core/ids.js';
import type { TenantScope } from '../../../core/scope.js';
import type { DeclaredOutage } from '../connection.js';
import { readCandidate, subjectOf, type StoredConnection } from '../candidate.js';
import { fingerprintOf } from '../fingerprint.js';

/** How far a connection has come on its way: draft, tested, enabled, enforced. */
export interface ConnectionLifecycle extends StoredConnection {
  readonly tenantId: TenantId;
  /** Names the configuration that passed its test last; null: none has. */
  readonly testedFingerprint: Buffer | null;
  readonly testedAt: Date | null;
  /** Since when it has been enforced; null: it isn't. */
  readonly enforcedAt: Date | null;
  /** The first secret's. */
  readonly secretUpdatedAt: Date | null;
  /** When each secret was last accepted by the upstream, as far as it was noted. */
  readonly secretsUsedAt: Readonly<Record<'clientSecret' | 'secondarySecret', Date | null>>;
}

/** Whether exactly what is served has passed its test. */
export function isServedTested({ served, secrets, testedFingerprint }: ConnectionLifecycle): boolean {
  return testedFingerprint !== null && fingerprintOf(served, secrets).equals(testedFingerprint);
}

/** The test that exactly the candidate has passed; undefined: none. */
export function candidateTest(
  stored: StoredConnection,
): { readonly id: string; readonly at: Date } | undefined {
  if (stored.candidate === null) return undefined;
  const { tested } = readCandidate(stored.candidate);
  if (tested === undefined) return undefined;
  const { connection, secrets } = subjectOf(stored, 'candidate');
  const isSame = fingerprintOf(connection, secrets).toString('base64url') === tested.fingerprint;
  return isSame ? { id: tested.test, at: new Date(tested.at) } : undefined;
}

export interface ConnectionLifecycleStore {
  /** By key. One flush. */
  read(tenantId: TenantId): Promise<ReadonlyMap<string, ConnectionLifecycle>>;
  /** As they are in this transaction: under the tenant's lock nobody else changes them. */
  readHere(scope: TenantScope): Promise<ReadonlyMap<string, ConnectionLifecycle>>;
  /** Puts a candidate in the place of the one before; null takes it away, with its secrets. */
  setCandidate(
    scope: TenantScope,
    id: ConnectionId,
    candidate: Pick<StoredConnection, 'candidate' | 'candidateSecrets'> | null,
  ): Promise<void>;
  setOutage(scope: TenantScope, id: ConnectionId, outage: DeclaredOutage | null): Promise<void>;
  /** Gives the second secret, which was the first just now, the age and the use that it had. */
  ageSecondSecret(
    scope: TenantScope,
    id: ConnectionId,
    age: { readonly updatedAt: Date | null; readonly usedAt: Date | null },
  ): Promise<void>;
  /**
   * Takes the candidate's secrets, as they are sealed, for the served ones, and its test for the test of what is served;
   * then there is no candidate any more. The rest of the configuration has been written.
   */
  serveCandidate(scope: TenantScope, id: ConnectionId): Promise<void>;
}
