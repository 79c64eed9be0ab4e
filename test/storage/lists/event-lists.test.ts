import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../../src/core/ids.js';
import type { ListKey } from '../../../src/core/page.js';
import { readEvent, type AuditQuery } from '../../../src/domain/audit/audit-list.js';
import { auditEntry, NO_ORIGIN, type AuditEntry } from '../../../src/domain/audit/audit-event.js';
import { recordOf } from '../../../src/domain/audit/audit-record.js';
import { fillAuditFinding } from '../../../src/storage/audit-finding.js';
import { PostgresAuditListStore } from '../../../src/storage/audit-list-store.js';
import { PostgresAuditStore } from '../../../src/storage/audit-store.js';
import { PostgresDeliveryListStore } from '../../../src/storage/delivery-list-store.js';
import { PostgresScimRequestListStore } from '../../../src/storage/scim-request-list-store.js';
import { openVault } from '../../support/audit.js';
import { testIds } from '../../support/deployment.js';
import { setStage, type Stage } from '../stage.js';

let stage: Stage;
let acme: TenantId;
let globex: TenantId;
let events: PostgresAuditListStore;
const REQUEST = testIds.uuid();

/** Appends events, a second after another, beginning at a time. */
async function append(
  tenantId: TenantId,
  begins: string,
  entries: readonly Partial<AuditEntry>[],
): Promise<void> {
  let ms = Date.parse(begins);
  const records = entries.map((entry) => {
    const then = new Date(ms);
    const id = `${ms
      .toString(16)
      .padStart(12, '0')
      .replace(/^(.{8})/, '$1-')}-7000-8000-${testIds.uuid().slice(-12)}`;
    const actor = { type: 'operator', id: 'cli:tester' } as const;
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as declared
    const ids = { ...testIds, uuid: <T extends string>() => id as T };
    ms += 1000;
    return recordOf(tenantId, auditEntry({ action: 'a.b', actor, ...entry }), {
      ids,
      clock: { now: () => then },
      vault: openVault,
    });
  });
  await new PostgresAuditStore(stage.database).appendAlone(tenantId, records);
}

beforeAll(async () => {
  stage = await setStage();
  [acme, globex] = [await stage.tenant('acme'), await stage.tenant('globex')];
  await stage.ledger.rows('TRUNCATE audit_events CASCADE');
  events = new PostgresAuditListStore(stage.database);
  const ada = { type: 'user', id: 'ada' } as const;
  await append(acme, '2026-03-01T00:00:00Z', [
    { action: 'connection.created', target: 'connection:okta', connection: 'okta' },
    {
      action: 'connection.updated',
      target: 'connection:okta',
      connection: 'okta',
      origin: { ...NO_ORIGIN, requestId: 'r-1' },
    },
    { action: 'connection_test.passed', target: 'connection:okta' },
    { action: 'sign_in.succeeded', actor: ada, application: 'wiki', personal: { name: 'Ada' } },
    {
      action: 'sign_in.refused',
      actor: ada,
      application: 'wiki',
      outcome: 'refused',
      reason: 'no_role',
      reference: 'cw-AAAA-BBBB',
    },
    {
      action: 'sign_in.refused',
      actor: ada,
      application: 'mail',
      outcome: 'refused',
      reason: 'not_assigned',
    },
    { action: 'role.assigned', target: 'user:ada', details: { text: '"reason":"no_role"' } },
  ]);
  await append(globex, '2026-03-01T00:00:00Z', [
    { action: 'sign_in.refused', actor: ada, outcome: 'refused' },
  ]);
});
afterAll(() => stage.close());

/** Actions of what a query finds, the same with pages of any size. */
async function actions(query: Partial<AuditQuery>): Promise<readonly string[]> {
  const found: string[][] = [];
  for (const limit of [1, 3, 100]) {
    const each: string[] = [];
    let after: ListKey | undefined;
    do {
      // oxlint-disable-next-line no-await-in-loop -- page after page
      const page = await events.list(acme, { ...query, limit, after });
      each.push(...page.items.map(({ action }) => action));
      after = page.next;
    } while (after !== undefined);
    found.push(each);
  }
  const [first = [], ...others] = found;
  for (const other of others) expect(other).toEqual(first);
  return first;
}

const at = (seconds: number): Date => new Date(Date.parse('2026-03-01T00:00:00Z') + seconds * 1000);

describe('audit events', () => {
  test('newest first, or oldest first, of one tenant alone', async () => {
    const oldest = await actions({ order: 'oldest' });
    expect(oldest).toHaveLength(7);
    expect(oldest[0]).toBe('connection.created');
    expect(await actions({})).toEqual(oldest.toReversed());
  });

  test('a noun’s actions are its own, not another’s that begins so', async () => {
    expect(await actions({ action: 'connection.*' })).toEqual(['connection.updated', 'connection.created']);
    expect(await actions({ action: 'connection.*', order: 'oldest', connection: 'okta' })).toEqual([
      'connection.created',
      'connection.updated',
    ]);
    expect(await actions({ action: 'sign_in.refused' })).toHaveLength(2);
    expect(await actions({ action: 'nothing.*' })).toEqual([]);
  });

  test('several filters hold together', async () => {
    const ada = { actor: 'user:ada' };
    expect(await actions(ada)).toHaveLength(3);
    expect(await actions({ ...ada, outcome: 'refused', application: 'mail' })).toEqual(['sign_in.refused']);
    expect(await actions({ ...ada, outcome: 'failure' })).toEqual([]);
    expect(await actions({ ...ada, outcome: 'success', action: 'sign_in.*' })).toEqual(['sign_in.succeeded']);
    expect(await actions({ reason: 'no_role' })).toEqual(['sign_in.refused']);
    expect(await actions({ requestId: 'r-1' })).toEqual(['connection.updated']);
    expect(await actions({ requestId: REQUEST })).toEqual([]);
    expect(await actions({ reference: 'cw-AAAA-BBBB', ...ada })).toEqual(['sign_in.refused']);
    expect(await actions({ target: 'connection:okta', action: 'connection.updated' })).toEqual([
      'connection.updated',
    ]);
  });

  test('a time begins with its first moment and ends before its last', async () => {
    expect(await actions({ from: at(1), until: at(3) })).toEqual([
      'connection_test.passed',
      'connection.updated',
    ]);
    expect(await actions({ from: at(4), actor: 'user:ada', action: 'sign_in.*' })).toHaveLength(2);
    expect(await actions({ until: at(0) })).toEqual([]);
  });

  test('personal data is opened for who may see it, and stays away from who may not', async () => {
    const [event] = (await events.list(acme, { limit: 1, action: 'sign_in.succeeded' })).items;
    if (event === undefined) throw new Error('no event');
    expect(readEvent(acme, event, openVault)).toMatchObject({
      action: 'sign_in.succeeded',
      personal: { name: 'Ada' },
      facts: { actor: { type: 'user', id: 'ada' }, application: 'wiki' },
      seq: null,
    });
    expect(JSON.stringify(readEvent(acme, event, undefined))).not.toContain('Ada');
    expect(await events.find(acme, event.id)).toEqual(event);
    expect(await events.find(globex, event.id)).toBeUndefined();
  });

  test('events of an older version are found once they are filled in, those that were spoilt stay unread', async () => {
    await stage.ledger.rows(
      `UPDATE audit_events SET actor = NULL, target = NULL, application = NULL, connection = NULL WHERE tenant_id = $1`,
      [acme],
    );
    await stage.ledger.rows(
      `INSERT INTO audit_events (tenant_id, id, at, action, outcome, body, hash)
        VALUES ($1, gen_random_uuid(), now(), 'a.b', 'success', 'null', 'x'), ($1, gen_random_uuid(), now(), 'a.b', 'success', '{', 'x')`,
      [globex],
    );
    expect(await actions({ actor: 'user:ada' })).toEqual([]);
    expect(await fillAuditFinding(stage.database)).toBe(9);
    expect(await fillAuditFinding(stage.database)).toBe(0);
    expect(await actions({ actor: 'user:ada' })).toHaveLength(3);
    expect(await actions({ target: 'user:ada' })).toEqual(['role.assigned']);
  });

  test('A-127 a name that is too long for an index is cut, and never fails what it tells of', async () => {
    const long = 'é'.repeat(5_000);
    await append(globex, '2026-03-02T00:00:00Z', [{ target: long, application: long }]);
    const { items } = await events.list(globex, { limit: 5, target: 'é'.repeat(200) });
    expect(items).toHaveLength(1);
  });

  test('what is rare among many is not looked for in all of them: a page ends, and goes on from there', async () => {
    await stage.ledger.rows(
      `INSERT INTO audit_events (tenant_id, id, at, action, outcome, body, hash, actor, application)
        SELECT $1, ('01970000-' || lpad(to_hex(n), 4, '0') || '-7000-8000-000000000000')::uuid, now(), 'token.issued',
          'success', '{}', 'x', 'application:' || n % 3, CASE WHEN n = 7 THEN 'rare' ELSE 'common' END
        FROM generate_series(1, 12000) n`,
      [globex],
    );
    const query = { action: 'token.issued', actor: 'application:1', limit: 10 };
    expect(await events.list(globex, { ...query, application: 'rare' })).toMatchObject({
      items: [{ action: 'token.issued' }],
    });
    expect(await events.list(globex, { ...query, application: 'none' })).toEqual({
      items: [],
      next: undefined,
    });
    const short = await events.list(globex, { action: 'token.*', reason: 'none', limit: 10 });
    expect(short).toEqual({ items: [], next: [expect.any(String)] });
    const page = { action: 'token.*', reason: 'none', limit: 200 };
    let { next: after } = short;
    // oxlint-disable-next-line no-await-in-loop -- page after page
    while (after !== undefined) ({ next: after } = await events.list(globex, { ...page, after }));
  });
});

test('deliveries by application, state and person, newest first', async () => {
  const deliveries = new PostgresDeliveryListStore(stage.database);
  await stage.ledger.rows(
    `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, outcome, settled_at, created_at)
      SELECT $1, gen_random_uuid(), 'session.ended', CASE WHEN n % 2 = 0 THEN 'wiki' ELSE 'device:mail' END, 'p' || n % 3,
        '{"reason":"signed_out"}', CASE WHEN n < 4 THEN 'dead' WHEN n < 8 THEN 'delivered' END,
        CASE WHEN n < 8 THEN now() END, timestamptz '2026-01-01T00:00:00.000001Z' + n * interval '1 microsecond'
      FROM generate_series(1, 9) n`,
    [acme],
  );
  const count = async (query: object): Promise<number> => {
    let [found, after]: [number, ListKey | undefined] = [0, undefined];
    do {
      // oxlint-disable-next-line no-await-in-loop -- page after page
      const page = await deliveries.page(acme, { limit: 2, ...query, after });
      found += page.items.length;
      after = page.next;
    } while (after !== undefined);
    return found;
  };
  expect(await count({})).toBe(9);
  expect(await count({ application: 'mail' })).toBe(5);
  expect(await count({ state: 'dead' })).toBe(3);
  expect(await count({ state: 'waiting', application: 'wiki' })).toBe(1);
  expect(await count({ state: 'delivered', subject: 'p1' })).toBe(2);
  const [newest] = (await deliveries.page(acme, { limit: 1 })).items;
  expect(newest).toMatchObject({
    kind: 'device',
    application: 'mail',
    state: 'waiting',
    reason: 'signed_out',
  });
  expect((await deliveries.page(globex, { limit: 1 })).items).toEqual([]);
});

test('SCIM requests: failed ones, of a token, about a person', async () => {
  const requests = new PostgresScimRequestListStore(stage.database);
  const token = testIds.uuid();
  await stage.ledger.rows(
    `INSERT INTO scim_requests (tenant_id, id, at, connection_id, token_id, request_id, method, target, status, duration_ms, effects)
      SELECT $1, ('01970000-0000-7000-8000-00000000000' || n)::uuid, now() - n * interval '1 day', $2,
        CASE WHEN n < 3 THEN $3::uuid END, 'r', CASE WHEN n % 2 = 0 THEN 'POST' ELSE 'GET' END, '/Users/' || n,
        CASE WHEN n = 4 THEN 409 ELSE 200 END, 1, jsonb_build_array(jsonb_build_object('id', 'g' || n))
      FROM generate_series(1, 5) n`,
    [acme, await stage.connection('acme', 'okta'), token],
  );
  const targets = async (query: object) =>
    (await requests.list(acme, { limit: 9, ...query })).items.map(({ target }) => target.slice(-1)).join('');
  expect(await targets({})).toBe('54321');
  expect(await targets({ order: 'oldest' })).toBe('12345');
  expect(await targets({ state: 'failed' })).toBe('4');
  expect(await targets({ state: 'ok', method: 'POST' })).toBe('2');
  expect(await targets({ tokenId: token })).toBe('21');
  expect(await targets({ resource: 'g3' })).toBe('3');
  expect(await targets({ resource: '5' })).toBe('5');
  const first = await requests.list(acme, { limit: 2 });
  expect((await requests.list(acme, { limit: 9, after: first.next })).items).toHaveLength(3);
});
