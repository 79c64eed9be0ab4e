import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId, UserId } from '../../src/core/ids.js';
import type { AccessTarget } from '../../src/domain/session/end-access.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { setStage, type SessionSeed, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresAccessStore;
let acme: TenantId;
let okta: ConnectionId;
let other: ConnectionId;

/** Who has what at the start: each a session with one application, and its grant. */
const CAST = ['ada', 'adaReports', 'adaOffline', 'bob', 'eveOfOther', 'local', 'adaOfGlobex'] as const;
type Role = (typeof CAST)[number];
let users: { ada: UserId; bob: UserId; eve: UserId; local: UserId; globex: UserId };
let held: Map<Role, { uid: string; grant: Buffer }>;

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresAccessStore(stage.database);
  acme = await stage.tenant('acme');
  [okta, other] = [await stage.connection('acme', 'okta'), await stage.connection('acme', 'other')];
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.ledger.rows('TRUNCATE sessions, session_applications, oidc_artifacts, outbox CASCADE');
  users = {
    ada: await stage.user('acme', 'okta'),
    bob: await stage.user('acme', 'okta'),
    eve: await stage.user('acme', 'other'),
    local: await stage.user('acme', null),
    globex: await stage.user('globex', 'okta'),
  };
  const seeds: Record<Role, SessionSeed> = {
    ada: { slug: 'acme', user: users.ada, connection: okta },
    adaReports: { slug: 'acme', user: users.ada, connection: okta, clientId: 'reports' },
    adaOffline: { slug: 'acme', user: users.ada, connection: okta, clientId: 'mail', persistsLogout: true },
    bob: { slug: 'acme', user: users.bob, connection: okta },
    eveOfOther: { slug: 'acme', user: users.eve, connection: other },
    local: { slug: 'acme', user: users.local },
    adaOfGlobex: { slug: 'globex', user: users.globex, connection: await stage.connection('globex', 'okta') },
  };
  held = new Map();
  for (const role of CAST) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    held.set(role, await stage.session(seeds[role]));
  }
});

const end = (target: AccessTarget) =>
  stage.database.withTenant(acme, (scope) => store.end(scope, target, 'no_role'));

/** Whose sessions have ended, and whose grants are gone. */
async function over(): Promise<{ sessions: Role[]; grants: Role[] }> {
  const live = await stage.ledger.rows<{ uid: string }>('SELECT uid FROM sessions WHERE ended_at IS NULL');
  const kept = await stage.ledger.rows<{ hash: Buffer }>(
    `SELECT hash FROM oidc_artifacts WHERE kind = 'Grant'`,
  );
  return {
    sessions: CAST.filter((role) => !live.some(({ uid }) => uid === held.get(role)?.uid)),
    grants: CAST.filter((role) => !kept.some(({ hash }) => held.get(role)?.grant.equals(hash))),
  };
}

const sidOf = (role: Role): string => `sid-${held.get(role)?.uid ?? ''}`;

const ADAS: Role[] = ['ada', 'adaReports', 'adaOffline'];

describe('what ends, by whose access it is', () => {
  test.each<[what: string, target: () => AccessTarget, sessions: Role[], grants: Role[]]>([
    ['a user’s', () => ({ user: users.ada }), ADAS, ADAS],
    ['a session’s', () => ({ session: held.get('ada')?.uid ?? '' }), ['ada'], ['ada']],
    [
      'a session’s, but not what outlives it',
      () => ({ session: held.get('adaOffline')?.uid ?? '' }),
      ['adaOffline'],
      [],
    ],
    ['a connection’s', () => ({ connection: okta }), [...ADAS, 'bob'], [...ADAS, 'bob']],
    ['an application’s', () => ({ application: 'grafana' }), [], ['ada', 'bob', 'eveOfOther', 'local']],
    ['a person’s in an application', () => ({ personIn: `${users.ada}:reports` }), [], ['adaReports']],
    ["another tenant's person's: nothing", () => ({ personIn: `${users.globex}:grafana` }), [], []],
    [
      'a tenant’s',
      () => ({ tenant: 'all' }),
      [...ADAS, 'bob', 'eveOfOther', 'local'],
      [...ADAS, 'bob', 'eveOfOther', 'local'],
    ],
    ['nobody’s', () => ({ session: 'no-such-session' }), [], []],
    ['another tenant’s user: nothing', () => ({ user: users.globex }), [], []],
    ['another tenant’s session: nothing', () => ({ session: held.get('adaOfGlobex')?.uid ?? '' }), [], []],
  ])('%s', async (_what, target, sessions, grants) => {
    const ended = await end(target());
    expect(await over()).toEqual({ sessions, grants });
    expect(ended).toEqual({ sessions: sessions.length, grants: grants.length });
  });

  test('each application of an ended session is told, once, with its own sid', async () => {
    await end({ user: users.ada });
    await end({ user: users.ada });
    const told = await stage.ledger.rows<{ subject: string; payload: object; topic: string }>(
      `SELECT topic, subject, payload FROM outbox ORDER BY payload->>'clientId'`,
    );
    expect(told).toEqual(
      [
        { clientId: 'grafana', sid: sidOf('ada') },
        { clientId: 'mail', sid: sidOf('adaOffline') },
        { clientId: 'reports', sid: sidOf('adaReports') },
      ].map((event) => ({
        topic: 'session.ended',
        subject: users.ada,
        payload: { ...event, reason: 'no_role' },
      })),
    );
  });

  test('an application that everybody leaves is told of each session, which goes on; one that is deleted is not', async () => {
    await stage.database.withTenant(acme, (scope) =>
      store.end(scope, { application: 'grafana' }, 'application_deleted'),
    );
    expect(await stage.ledger.count('outbox')).toBe(0);
    await end({ application: 'grafana' });
    await end({ application: 'grafana' });
    const told = await stage.ledger.rows(`SELECT receiver, subject, payload->>'sid' AS sid FROM outbox`);
    const whom = [
      ['ada', users.ada],
      ['bob', users.bob],
      ['eveOfOther', users.eve],
      ['local', users.local],
    ] as const;
    expect(told).toHaveLength(whom.length);
    expect(told).toEqual(
      expect.arrayContaining(
        whom.map(([role, subject]) => ({ receiver: 'grafana', subject, sid: sidOf(role) })),
      ),
    );
    expect((await over()).sessions).toEqual([]);
    expect(await stage.ledger.count('session_applications', `client_id = 'grafana'`)).toBe(1);
  });

  test('a second end changes nothing, not even the reason', async () => {
    await end({ user: users.ada });
    const before = await stage.ledger.rows('SELECT uid, ended_at, end_reason FROM sessions ORDER BY uid');
    const again = await stage.database.withTenant(acme, (scope) =>
      store.end(scope, { user: users.ada }, 'signed_out'),
    );
    expect(again).toEqual({ sessions: 0, grants: 0 });
    expect(await stage.ledger.rows('SELECT uid, ended_at, end_reason FROM sessions ORDER BY uid')).toEqual(
      before,
    );
  });
});

describe('invariant 5: whatever makes access waits for its end', () => {
  test.each<[what: string, target: () => AccessTarget]>([
    ['user', () => ({ user: users.ada })],
    ['session', () => ({ session: held.get('ada')?.uid ?? '' })],
    ['connection', () => ({ connection: okta })],
    ['application', () => ({ application: 'grafana' })],
    ['tenant', () => ({ tenant: 'all' })],
  ])('the end of a %s’s access locks its users until it commits', async (_what, target) => {
    const order: string[] = [];
    const ending = stage.database.withTenant(acme, async (scope) => {
      await store.end(scope, target(), 'no_role');
      order.push('locked');
      await sleep(150);
      order.push('ended');
    });
    while (!order.includes('locked')) await sleep(5);
    const creating = stage.database
      .inTenant(acme, [
        {
          text: 'SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 FOR SHARE',
          values: [acme, users.ada],
        },
      ])
      .then(() => order.push('made'));
    await Promise.all([ending, creating]);
    expect(order).toEqual(['locked', 'ended', 'made']);
  });

  test('two ends that overlap don’t wait for each other in a circle', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        end(
          index % 2 === 0 ? { connection: okta } : index % 4 === 1 ? { tenant: 'all' } : { user: users.bob },
        ),
      ),
    );
    expect((await over()).sessions).toEqual([...ADAS, 'bob', 'eveOfOther', 'local']);
  });
});
