import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectionId, TenantId } from '../../src/core/ids.js';
import type { ArtifactCommit } from '../../src/domain/artifact/artifact-store.js';
import { EMPTY_COMMIT } from '../../src/op/empty-commit.js';
import { commitStatements } from '../../src/storage/artifact-commit.js';

const TENANT = '01a20180-355b-709f-9e65-35d2d6e55caa' as TenantId;
const BELOW = '01a20180-355b-709f-9e65-35d2d6e55cab' as TenantId;
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const some = <T>(what: fc.Arbitrary<T>) => fc.array(what, { maxLength: 2 });
const maybe = <T>(what: fc.Arbitrary<T>) => fc.option(what, { nil: null });

const artifact = fc.record({
  hash,
  kind: fc.constantFrom('AccessToken', 'RefreshToken'),
  grantHash: maybe(hash),
  userId: maybe(fc.uuid()),
  clientId: maybe(fc.constant('grafana')),
  sessionUid: maybe(fc.constant('uid')),
  payload: fc.constant({}),
  lifetimeSeconds: fc.constant(60),
});
const session = fc.record({
  uid: fc.constant('uid'),
  cookieHash: hash,
  payload: fc.constant({}),
  userId: maybe(fc.uuid()),
  homeTenantId: fc.constantFrom(undefined, BELOW),
  idleSeconds: fc.constant(60),
  absoluteSeconds: fc.constant(600),
  origin: fc.constantFrom(undefined, {
    connectionId: null,
    upstreamSession: null,
    sealedUpstreamIdToken: null,
    ip: null,
    userAgent: null,
  }),
  applications: some(
    fc.record({
      clientId: fc.constant('grafana'),
      sid: fc.constant('sid'),
      grantId: maybe(fc.constant('grant')),
      grantHash: maybe(hash),
      persistsLogout: fc.boolean(),
    }),
  ),
  leftApplications: some(fc.constant('grafana')),
});
const work: fc.Arbitrary<ArtifactCommit> = fc.record({
  userId: maybe(fc.uuid()),
  homeTenantId: fc.constantFrom(undefined, BELOW),
  connected: fc.boolean(),
  standing: maybe(fc.constant('standing')),
  requiredSession: maybe(fc.constant('uid')),
  requiredGrant: maybe(hash),
  consume: some(
    fc.record({
      hash,
      grantHash: maybe(hash),
      replay: fc.constantFrom(undefined, { sealed: 's', leewaySeconds: 5, successor: Buffer.alloc(32) }),
    }),
  ),
  artifacts: some(artifact),
  session: fc.option(session, { nil: undefined }),
  destroy: some(hash),
  revokeGrants: some(hash),
  tokenRecords: some(fc.record({ hash, grantHash: maybe(hash), lifetimeSeconds: fc.constant(60) })),
  loginTransaction: fc.constantFrom(undefined, {
    stateHash: Buffer.alloc(32),
    browserHash: Buffer.alloc(32),
    interactionHash: Buffer.alloc(32),
    connectionId: TENANT as string as ConnectionId,
    connectionVersion: 1,
    issuer: 'https://acme.okta.com',
    redirectUri: 'https://causeway.example/cb',
    request: { acrValues: [], maxAgeSeconds: null, freshly: false },
  }),
  loginTenantId: fc.constantFrom(undefined, BELOW),
  audit: fc.constant([]),
  deliveries: fc.constant([]),
});

test('a statement’s name says all that its text depends on: each text has just the parameters that are given', () => {
  fc.assert(
    fc.property(work, (commit) => {
      const { statements, outcomeAt } = commitStatements(TENANT, commit);
      const { name = '', text = '', values = [] } = statements[outcomeAt] ?? {};
      const named = new Set([...text.matchAll(/\$(\d+)/g)].map(([, index]) => Number(index)));
      expect([...named].toSorted((one, other) => one - other)).toEqual(values.map((_, index) => index + 1));
      expect(name.length).toBeLessThan(64);
    }),
    { numRuns: 2_000 },
  );
});

test('what a request does not need is no part of its statement', () => {
  const [statement] = commitStatements(TENANT, {
    ...EMPTY_COMMIT,
    requiredGrant: Buffer.alloc(32),
  }).statements;
  expect(statement?.text).not.toMatch(/DELETE|INSERT|UPDATE|users|sessions/);
  expect(statement?.text).toContain('oidc_artifacts');
});
