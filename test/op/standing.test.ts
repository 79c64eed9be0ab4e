import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NewArtifact, SessionWrite } from '../../src/domain/artifact/artifact-store.js';
import type { TenantContext } from '../../src/http/tenant-context.js';
import { artifactHash } from '../../src/op/artifact-names.js';
import { UnitOfWork } from '../../src/op/unit-of-work.js';
import { PostgresArtifactStore } from '../../src/storage/artifact-store.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';

let node: TestNode;
let ledger: Ledger;
let tenant: TenantContext;
let store: PostgresArtifactStore;
let userId: string;
let serial = 0;

const application = (clientId: string, more: object = {}) => ({
  clientId,
  type: 'spa',
  tokenEndpointAuthMethod: 'none',
  redirectUris: ['http://localhost:1/callback'],
  ...more,
});

beforeAll(async () => {
  node = await startTestNode();
  await node.apply([
    {
      slug: 'acme',
      connections: [
        { key: 'okta', type: 'oidc', issuer: 'http://localhost:1', clientId: 'a', status: 'enforced' },
      ],
      whenNoRole: 'deny',
      roles: [{ key: 'admin' }],
      roleMappings: [
        { group: { name: 'Engineering' }, role: 'admin' },
        { group: { name: 'Night shift' }, role: 'admin' },
      ],
      applications: [
        application('open'),
        application('for-engineering', { assignment: { groups: ['Engineering'] } }),
      ],
    },
  ] as unknown as Parameters<TestNode['apply']>[0]);
  ledger = await Ledger.open(node.databaseUrl);
  const found = await node.node.directory.find('acme');
  if (found === undefined) throw new Error('no tenant acme');
  tenant = found;
  store = new PostgresArtifactStore(node.node.database);
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});
beforeEach(async () => {
  await ledger.rows(
    'DELETE FROM sessions; DELETE FROM oidc_artifacts; DELETE FROM groups; DELETE FROM users',
  );
  serial += 1;
  userId = await ledger.addUser({
    tenant: 'acme',
    connection: 'okta',
    userName: `ada-${serial}@acme.example`,
  });
});

const hashOf = (name: string): Buffer => createHash('sha256').update(name).digest();

const grant = (clientId: string): NewArtifact => ({
  hash: hashOf(clientId),
  kind: 'Grant',
  grantHash: null,
  userId,
  clientId,
  sessionUid: null,
  payload: { clientId, accountId: userId },
  lifetimeSeconds: 600,
});

const session = (): SessionWrite => ({
  uid: 'session',
  cookieHash: hashOf('cookie'),
  payload: {},
  userId,
  idleSeconds: 600,
  absoluteSeconds: 3_600,
  origin: {
    connectionId: null,
    upstreamSession: null,
    sealedUpstreamIdToken: null,
    ip: null,
    userAgent: null,
  },
  applications: [],
  leftApplications: [],
});

/** A sign-in that has judged the person, and then, before it commits, sees this happen elsewhere. */
async function signIn(clientId: string, meanwhile: () => Promise<unknown>): Promise<string> {
  const unit = new UnitOfWork(tenant, store);
  return unit.run(async () => {
    await unit.account(userId);
    unit.writeSession(session());
    unit.write(grant(clientId));
    await meanwhile();
    return unit.commit();
  });
}

const group = (name: string): Promise<string> => ledger.addScimGroup('acme', 'okta', name, [userId]);
const leave = (groupId: string) => ledger.rows('DELETE FROM group_members WHERE group_id = $1', [groupId]);
const rows = async () => ({
  sessions: await ledger.count('sessions'),
  grants: await ledger.count('oidc_artifacts', `kind = 'Grant'`),
});

describe('invariant 5: a sign-in between its judgement and its commit', () => {
  test('goes on when nothing changed', async () => {
    await group('Engineering');
    expect(await signIn('open', () => Promise.resolve())).toBe('committed');
    expect(await rows()).toEqual({ sessions: 1, grants: 1 });
  });

  test('comes to nothing when the last role is lost', async () => {
    const engineering = await group('Engineering');
    expect(await signIn('open', () => leave(engineering))).toBe('ended');
    expect(await rows()).toEqual({ sessions: 0, grants: 0 });
  });

  test('comes to nothing when the application is lost, though another role stays', async () => {
    const engineering = await group('Engineering');
    await group('Night shift');
    expect(await signIn('for-engineering', () => leave(engineering))).toBe('ended');
    expect(await rows()).toEqual({ sessions: 0, grants: 0 });
  });

  test('is judged again, and goes on, when groups changed but access did not', async () => {
    const engineering = await group('Engineering');
    await group('Night shift');
    expect(await signIn('open', () => leave(engineering))).toBe('committed');
    expect(await rows()).toEqual({ sessions: 1, grants: 1 });
  });

  test('leaves no session when the role was lost before it was judged', async () => {
    const engineering = await group('Engineering');
    await leave(engineering);
    const unit = new UnitOfWork(tenant, store);
    const outcome = await unit.run(async () => {
      unit.writeSession(session());
      return unit.commit();
    });
    expect({ outcome, ...(await rows()) }).toEqual({ outcome: 'committed', sessions: 0, grants: 0 });
  });

  test('does not raise a grant that was ended since it was read', async () => {
    await group('Engineering');
    const known = { ...grant('open'), hash: artifactHash('Grant', 'known') };
    const first = new UnitOfWork(tenant, store);
    await first.run(async () => {
      first.write(known);
      return first.commit();
    });
    const second = new UnitOfWork(tenant, store);
    const outcome = await second.run(async () => {
      await second.artifact('Grant', 'known');
      second.write(known);
      await ledger.rows('DELETE FROM oidc_artifacts');
      return second.commit();
    });
    expect({ outcome, ...(await rows()) }).toEqual({ outcome: 'ended', sessions: 0, grants: 0 });
  });
});
