import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId, UserId } from '../../src/core/ids.js';
import type { ListKey } from '../../src/core/page.js';
import type { SessionQuery } from '../../src/domain/session/session-list.js';
import { pageStatement } from '../../src/storage/keyset-list.js';
import {
  peopleStatements,
  PostgresSessionListStore,
  sessionList,
} from '../../src/storage/session-list-store.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresSessionListStore;
let acme: TenantId;
let okta: ConnectionId;
let other: ConnectionId;

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresSessionListStore(stage.database);
  acme = await stage.tenant('acme');
  [okta, other] = [await stage.connection('acme', 'okta'), await stage.connection('acme', 'other')];
});
afterAll(() => stage.close());

/** Ids of all sessions that a query finds, a page of `size` at a time. */
async function idsOf(query: Partial<SessionQuery> = {}, size = 100): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: ListKey | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- page after page
    const page = await store.list(acme, { over: false, limit: size, ...query, after });
    expect(page.items.length).toBeLessThanOrEqual(size);
    ids.push(...page.items.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

describe('whose sessions are listed', () => {
  let ada: UserId;
  let bob: UserId;
  let newestFirst: string[];

  beforeAll(async () => {
    ada = await stage.user('acme', 'okta');
    bob = await stage.user('acme', 'other');
    const globex = await stage.user('globex', 'okta');
    const uids: string[] = [];
    for (const seed of [
      { user: ada, connection: okta },
      { user: ada, connection: okta, clientId: 'reports' },
      { user: bob, connection: other },
    ])
      // oxlint-disable-next-line no-await-in-loop -- in order
      uids.push((await stage.session({ slug: 'acme', ...seed })).uid);
    await stage.session({ slug: 'globex', user: globex });
    newestFirst = uids.toReversed();
  });

  test('live ones, newest first, of this tenant alone', async () => {
    expect(await idsOf()).toEqual(newestFirst);
  });

  test('one row more than the page is never shown, and no row is lost between pages of one microsecond', async () => {
    await stage.ledger.rows(`UPDATE sessions SET created_at = '2026-01-01T00:00:00.000001Z'`);
    const together = newestFirst.toSorted().toReversed();
    for (const size of [1, 2, 3, 4]) expect(await idsOf({}, size)).toEqual(together);
    let microsecond = 1;
    for (const uid of newestFirst.toReversed()) {
      microsecond += 1;
      await stage.ledger.rows('UPDATE sessions SET created_at = $2 WHERE uid = $1', [
        uid,
        `2026-01-01T00:00:00.00000${microsecond}Z`,
      ]);
    }
    for (const size of [1, 2, 3, 4]) expect(await idsOf({}, size)).toEqual(newestFirst);
  });

  test('by person, application and connection', async () => {
    const [bobs, reports, adas] = newestFirst;
    expect(await idsOf({ userId: ada })).toEqual([reports, adas]);
    expect(await idsOf({ userId: bob })).toEqual([bobs]);
    expect(await idsOf({ clientId: 'reports' })).toEqual([reports]);
    expect(await idsOf({ connectionId: other })).toEqual([bobs]);
    expect(await idsOf({ connectionId: other, userId: ada })).toEqual([]);
  });

  test('facts of one: names, never what opens it', async () => {
    const [, reports = ''] = newestFirst;
    await stage.ledger.rows(`UPDATE sessions SET ip = '10.0.0.1', user_agent = 'Browser/1' WHERE uid = $1`, [
      reports,
    ]);
    const found = await store.find(acme, reports);
    expect(found).toEqual({
      id: reports,
      userId: ada,
      userName: expect.stringMatching(/^[0-9a-f]{12}$/),
      connection: 'okta',
      applications: ['reports'],
      createdAt: expect.any(Date),
      expiresAt: expect.any(Date),
      ip: '10.0.0.1',
      userAgent: 'Browser/1',
      ended: null,
    });
    expect(await store.find(acme, 'nope')).toBeUndefined();
    expect(await store.find(await stage.tenant('globex'), reports)).toBeUndefined();
  });

  test('those that are over: ended with their reason, or expired', async () => {
    const [bobs = '', reports = '', adas = ''] = newestFirst;
    await stage.ledger.rows(
      `UPDATE sessions SET ended_at = now(), end_reason = 'signed_out' WHERE uid = $1`,
      [adas],
    );
    await stage.ledger.rows(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE uid = $1`, [
      reports,
    ]);
    expect(await idsOf()).toEqual([bobs]);
    expect(await idsOf({ over: true })).toEqual([reports, adas]);
    const { items: sessions } = await store.list(acme, { over: true, limit: 10 });
    expect(sessions.map(({ ended }) => ended?.reason)).toEqual([undefined, 'signed_out']);
  });

  test('a session of nobody yet is no one’s', async () => {
    await stage.ledger.rows(
      `INSERT INTO sessions (tenant_id, uid, cookie_hash, payload, absolute_expires_at, expires_at)
      VALUES ($1, 'nobody', 'x', '{}', now() + interval '1 day', now() + interval '1 day')`,
      [acme],
    );
    expect(await idsOf()).not.toContain('nobody');
    expect(await store.find(acme, 'nobody')).toBeUndefined();
  });
});

describe('whom a name means', () => {
  test('an id, or a name without regard to case, of every connection and of local users', async () => {
    const add = (connection: string | null, userName: string, tenant = 'acme') =>
      stage.ledger.addUser({ tenant, connection, userName });
    const [first, second, local, alone] = [
      await add('okta', 'Eve@acme.example'),
      await add('other', 'eve@acme.example'),
      await add(null, 'EVE@acme.example'),
      await add('okta', 'É@acme.example'),
    ];
    await add('okta', 'eve@acme.example', 'globex');
    const found = async (name: string) =>
      (await store.findPeople(acme, name)).map(({ id, connection }) => [id, connection]);
    expect(await found('eVe@acme.example')).toEqual([
      [first, 'okta'],
      [second, 'other'],
      [local, null],
    ]);
    expect(await found('é@acme.example')).toEqual([[alone, 'okta']]);
    expect(await found(local.toUpperCase())).toEqual([[local, null]]);
    expect(await found('nobody')).toEqual([]);
    expect(await found('0192a000-0000-7000-8000-000000000000')).toEqual([]);
    expect(await store.findPeople(await stage.tenant('globex'), local)).toEqual([]);
  });

  test('people of a connection’s earlier issuer are not meant by their name', async () => {
    await stage.ledger.addUser({ tenant: 'acme', connection: 'other', userName: 'old@acme.example' });
    await stage.ledger.rows(`UPDATE connections SET version = version + 1 WHERE id = $1`, [other]);
    expect(await store.findPeople(acme, 'old@acme.example')).toEqual([]);
    await stage.ledger.rows(`UPDATE connections SET version = version - 1 WHERE id = $1`, [other]);
  });
});

/** What EXPLAIN says of one step. */
interface Step {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Step[];
}

/** Steps that look at a table's rows. */
const ROWS_READ: ReadonlySet<string> = new Set([
  'Seq Scan',
  'Index Scan',
  'Index Only Scan',
  'Bitmap Heap Scan',
]);

function readBy(step: Step): number {
  const inner = (step.Plans ?? []).reduce((sum, each) => sum + readBy(each), 0);
  if (!ROWS_READ.has(step['Node Type'])) return inner;
  return inner + (step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0)) * step['Actual Loops'];
}

async function rowsRead(statement: { readonly text: string; readonly values: readonly unknown[] }) {
  const [rows] = await stage.database.inTenant(acme, [
    { text: `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`, values: statement.values },
  ]);
  return readBy(rows?.[0]?.['QUERY PLAN'][0].Plan);
}

const listed = (query: Partial<SessionQuery>): Promise<number> =>
  rowsRead(pageStatement(sessionList(acme, { over: false, limit: 50, ...query }), undefined, 2_000, 51));

describe('invariant 10: what 10,000 sessions of people cost', () => {
  const SESSIONS = 10_000;
  const PEOPLE = 2_000;
  let someone: UserId;

  async function populate(slug: string): Promise<void> {
    const whose = [await stage.tenant(slug), await stage.connection(slug, 'okta')];
    await stage.ledger.rows(
      `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
        SELECT $1, md5($1::uuid::text || n)::uuid, $2, 1, 'scim', 'user' || n, true, '{}'
        FROM generate_series(1, ${PEOPLE}) n`,
      whose,
    );
    await stage.ledger.rows(
      `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, created_at,
          absolute_expires_at, expires_at)
        SELECT $1, 'many' || n, sha256(n::text::bytea), md5($1::uuid::text || (n % ${PEOPLE}) + 1)::uuid, $2, '{}',
          now() - make_interval(secs => n), now() + interval '1 day', now() + interval '1 hour'
        FROM generate_series(1, ${SESSIONS}) n`,
      whose,
    );
    await stage.ledger.rows(
      `INSERT INTO session_applications (tenant_id, session_uid, client_id, sid)
        SELECT $1, 'many' || n, 'app' || n % 10, 'sid' || n FROM generate_series(1, ${SESSIONS}) n`,
      whose.slice(0, 1),
    );
  }

  beforeAll(async () => {
    await populate('acme');
    await populate('globex');
    for (const table of ['users', 'sessions', 'session_applications'])
      await stage.ledger.rows(`ANALYZE ${table}`);
    const [row] = await stage.ledger.rows<{ id: UserId }>(
      `SELECT id FROM users WHERE tenant_id = $1 AND user_name = 'user7'`,
      [acme],
    );
    if (row === undefined) throw new Error('no user7');
    someone = row.id;
  }, 60_000);

  test('one person’s are found by themselves', async () => {
    expect(await listed({ userId: someone })).toBeLessThan(50);
    const [byId, byName] = [peopleStatements(acme, someone)[0], peopleStatements(acme, 'USER7')[1]] as const;
    if (byId === undefined || byName === undefined) throw new Error('two statements');
    expect(await rowsRead(byId)).toBeLessThan(10);
    expect(await rowsRead(byName)).toBeLessThan(10);
  });

  test('names and applications are read for the page alone, and no other tenant’s sessions', async () => {
    const ownSessionsAndAPage = SESSIONS + 1_000;
    // What is found at once is looked for no longer.
    expect(await listed({})).toBeLessThan(1_000);
    expect(await listed({ over: true })).toBeLessThan(ownSessionsAndAPage);
    expect(await listed({ connectionId: okta })).toBeLessThan(ownSessionsAndAPage);
    expect(await listed({ clientId: 'app3' })).toBeLessThan(2 * SESSIONS + 1_000);
  });
});
