import type { TenantScope } from '../../../core/scope.js';
import type { Vault } from '../../keys/vault.js';
import type { Connection } from '../connection.js';
import { keyThumbprint } from '../key-thumbprint.js';
import {
  testPersonPlace,
  type ConnectionTestId,
  type ConnectionTestStore,
  type TestPerson,
} from '../testing/connection-test.js';

export interface SameOrgDeps {
  readonly tests: Pick<ConnectionTestStore, 'find'>;
  readonly proofs: SameOrgStore;
  readonly vault: Vault;
}

/** What is kept of the upstream that is served. */
export interface SameOrgStore {
  /** The keys that this very version's issuer published last. */
  keysOf(scope: TenantScope, connection: Pick<Connection, 'id' | 'version'>): Promise<readonly object[]>;
  /** Whether somebody came in by this subject of this very version's issuer. */
  isKnownSubject(
    scope: TenantScope,
    connection: Pick<Connection, 'id' | 'version' | 'issuer'>,
    subject: string,
  ): Promise<boolean>;
}

/**
 * Whether a test sign-in at a new issuer proves that it is another address of the organization that is served: its
 * ID Token was signed by a key that the served issuer publishes too, for a subject that came in through it before. Only
 * for Okta, whose orgs have keys of their own: elsewhere strangers share an issuer's keys.
 * @returns why not; undefined: it is the same
 */
export async function notTheSameOrg(
  { tests, proofs, vault }: SameOrgDeps,
  scope: TenantScope,
  served: Connection,
  wanted: { readonly type: Connection['type']; readonly test: string },
): Promise<string | undefined> {
  if (served.type !== 'okta' || wanted.type !== 'okta') return 'only Okta’s orgs have keys of their own';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whether it is one, the store says
  const test = await tests.find(scope, wanted.test as ConnectionTestId);
  if (test === undefined || test.sealedPerson === null || test.connectionId !== served.id)
    return 'the test is more than a day old: run it again';
  const signedBy = test.report.brought?.signingKey;
  const keys = await proofs.keysOf(scope, served);
  if (signedBy === undefined || !keys.some((key) => keyThumbprint(key) === signedBy))
    return 'the test’s ID Token was signed by a key that the served issuer doesn’t publish';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by us, and authenticated
  const { subject } = JSON.parse(
    vault.open(testPersonPlace(scope.tenantId, test.id), test.sealedPerson),
  ) as TestPerson;
  if (!(await proofs.isKnownSubject(scope, served, subject)))
    return 'whoever signed in to test had never come in through the served issuer';
  return undefined;
}
