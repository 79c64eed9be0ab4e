import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { TenantId } from '../../src/core/ids.js';
import { linkHash } from '../../src/domain/audit/audit-chain.js';
import { verifyTenantChain, type ChainReport } from '../../src/domain/audit/verify-tenant-chain.js';
import { AuditChainer } from '../../src/storage/audit-chain.js';
import { PostgresAuditChainStore } from '../../src/storage/audit-chain-store.js';
import { PostgresAuditStore, auditStatements } from '../../src/storage/audit-store.js';
import { anAuditRecord, checkpointKeys } from '../support/audit.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { testIds } from '../support/deployment.js';

let db: TestDatabase;
let keys: Awaited<ReturnType<typeof checkpointKeys>>;
let chainer: AuditChainer;
let chain: PostgresAuditChainStore;
let acme: TenantId;
let other: TenantId;

beforeAll(async () => {
  db = await freshDatabase();
  keys = await checkpointKeys();
  chainer = new AuditChainer(db.database, keys.signer);
  chain = new PostgresAuditChainStore(db.database);
});
afterAll(() => db.destroy());

const run = (text: string, values: readonly unknown[] = []) => db.database.query({ text, values });
const verify = (tenantId: TenantId): Promise<ChainReport> =>
  verifyTenantChain({ chain, checkpoints: keys.reader }, tenantId);
const write = (tenantId: TenantId, ...actions: readonly string[]) =>
  new PostgresAuditStore(db.database).appendAlone(
    tenantId,
    actions.map((action) => anAuditRecord(tenantId, action, true)),
  );

/** Chains all there is. Transactions of other databases of the server hold the chain up too, so it may take a moment. */
async function chainAll(): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const chained = await chainer.chainOnce();
    const [left] = await run(`SELECT FROM audit_events e, audit_position p
      WHERE (e.xid, e.id) > (p.xid, p.event_id) LIMIT 1`);
    if (left === undefined && !AuditChainer.hasMore(chained)) return;
    await sleep(20);
  }
  throw new Error('some transaction holds the chain up');
}

async function makeTenant(): Promise<TenantId> {
  const id = testIds.uuid<TenantId>();
  await run(
    `INSERT INTO tenants (id, slug, name, kind, status, settings, data_key) VALUES ($1, $2, 'T', 'organization', 'active', '{}', '')`,
    [id, `t-${id.slice(-12)}`],
  );
  return id;
}

beforeEach(async () => {
  acme = await makeTenant();
  other = await makeTenant();
});

describe('the chainer', () => {
  test('chains the events of each tenant in their order, without gaps', async () => {
    await write(acme, 'one');
    await write(acme, 'two');
    await write(other, 'three');
    await write(acme, 'four');
    await chainAll();
    const rows = await run(
      `SELECT c.seq, e.action FROM audit_chain c JOIN audit_events e ON e.id = c.event_id WHERE c.tenant_id = $1 ORDER BY seq`,
      [acme],
    );
    expect(rows.map((row) => [Number(row['seq']), row['action']])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'four'],
    ]);
    expect(await verify(acme)).toEqual({ verified: 3, checkpoints: 0, waiting: 0, fault: undefined });
    expect(await verify(other)).toMatchObject({ verified: 1, fault: undefined });
  });

  test('waits for a transaction that began earlier and still runs, and loses nothing of it', async () => {
    const slow = new Client({ connectionString: db.url });
    await slow.connect();
    await slow.query('BEGIN');
    for (const { text, values } of auditStatements(acme, [anAuditRecord(acme, 'slow')]))
      await slow.query(text, [...values]);
    await write(acme, 'fast');
    await chainer.chainOnce();
    expect(await verify(acme)).toMatchObject({ verified: 0, waiting: 1 });
    await slow.query('COMMIT');
    await slow.end();
    await chainAll();
    expect(await verify(acme)).toMatchObject({ verified: 2, waiting: 0, fault: undefined });
  });

  test('an event of a transaction that was rolled back leaves no gap', async () => {
    const client = new Client({ connectionString: db.url });
    await client.connect();
    await client.query('BEGIN');
    for (const { text, values } of auditStatements(acme, [anAuditRecord(acme, 'never')]))
      await client.query(text, [...values]);
    await write(acme, 'one');
    await client.query('ROLLBACK');
    await client.end();
    await chainAll();
    expect(await verify(acme)).toMatchObject({ verified: 1, fault: undefined });
  });

  test('two nodes at once: one leads, the other does nothing', async () => {
    await write(acme, 'one');
    const lease = new Client({ connectionString: db.url });
    await lease.connect();
    await lease.query('BEGIN; SELECT FROM audit_position FOR UPDATE');
    expect(await chainer.chainOnce()).toEqual({ busy: true, events: 0, checkpoints: 0 });
    await lease.query('ROLLBACK');
    await lease.end();
    await chainAll();
    expect(await verify(acme)).toMatchObject({ verified: 1 });
  });

  test('parallel writers with long and short transactions, and two chainers: every event once, no gap', async () => {
    const tenants = [acme, other];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; round < 12; round += 1) {
        const tenantId = tenants[(writer + round) % 2] ?? acme;
        await db.database.withTenant(tenantId, async (scope) => {
          const transaction = db.database.transaction(scope);
          await transaction.send(auditStatements(tenantId, [anAuditRecord(tenantId, `w${writer}.${round}`)]));
          if (writer % 3 === 0) await transaction.query({ text: 'SELECT pg_sleep(0.03)', values: [] });
          await transaction.send(
            auditStatements(tenantId, [anAuditRecord(tenantId, `w${writer}.${round}b`)]),
          );
        });
      }
    });
    const written = new AbortController();
    const chainers = [1, 2].map(async () => {
      while (!written.signal.aborted) await chainer.chainOnce();
    });
    await Promise.all(writers);
    written.abort();
    await Promise.all(chainers);
    await chainAll();
    const [one, two] = [await verify(acme), await verify(other)];
    expect([one.fault, two.fault, one.waiting, two.waiting]).toEqual([undefined, undefined, 0, 0]);
    expect(one.verified + two.verified).toBe(8 * 12 * 2);
  });

  test('signs a checkpoint after 10 minutes, and none where nothing happened', async () => {
    await write(acme, 'one');
    await chainAll();
    await run(`UPDATE audit_heads SET checkpoint_at = now() - interval '11 minutes' WHERE tenant_id = $1`, [
      acme,
    ]);
    await chainAll();
    expect(await verify(acme)).toMatchObject({ verified: 1, checkpoints: 1, fault: undefined });
    await run(`UPDATE audit_heads SET checkpoint_at = now() - interval '11 minutes' WHERE tenant_id = $1`, [
      acme,
    ]);
    expect((await chainer.chainOnce()).checkpoints).toBe(0);
  });

  test('signs a checkpoint after 1,000 events', async () => {
    const actions = Array.from({ length: 1_001 }, (_, index) => `event.${index}`);
    await write(acme, ...actions);
    await chainAll();
    expect(await verify(acme)).toMatchObject({ verified: 1_001, checkpoints: 1, fault: undefined });
  });
});

/** Made anew by somebody who may write every table, from a link to the end. */
const remake = async (fromSeq: number): Promise<void> => {
  const rows = await run(
    `SELECT c.seq, e.hash AS event_hash, c.hash FROM audit_chain c JOIN audit_events e ON e.id = c.event_id
      WHERE c.tenant_id = $1 AND c.seq >= $2 ORDER BY c.seq`,
    [acme, fromSeq - 1],
  );
  let previous: Buffer = rows[0]?.['hash'];
  for (const row of rows.slice(1)) {
    previous = linkHash(previous, row['event_hash']);
    await run('UPDATE audit_chain SET hash = $3, event_hash = $4 WHERE tenant_id = $1 AND seq = $2', [
      acme,
      row['seq'],
      previous,
      row['event_hash'],
    ]);
  }
  await run('UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1', [acme, previous]);
};

describe('A-128 tampering is found at the first link that is wrong', () => {
  beforeEach(async () => {
    await write(acme, 'one', 'two', 'three', 'four', 'five');
    await chainAll();
    await run(`UPDATE audit_heads SET checkpoint_at = now() - interval '1 hour' WHERE tenant_id = $1`, [
      acme,
    ]);
    await chainAll();
    await write(acme, 'six', 'seven');
    await chainAll();
    expect(await verify(acme)).toEqual({ verified: 7, checkpoints: 1, waiting: 0, fault: undefined });
  });

  /** SQL: the body with another action. */
  const forged = `regexp_replace(body, '"action":"[a-z]+"', '"action":"forged"')`;
  const eventAt = `(SELECT event_id FROM audit_chain WHERE tenant_id = $1 AND seq = $2)`;
  test.each<[what: string, firstBadSeq: number, tamper: () => Promise<unknown>]>([
    [
      'an edited event',
      3,
      () => run(`UPDATE audit_events SET body = ${forged} WHERE id = ${eventAt}`, [acme, 3]),
    ],
    [
      'an edited event with its hash made to fit',
      3,
      () =>
        run(
          `UPDATE audit_events SET body = ${forged}, hash = sha256(convert_to(${forged}, 'UTF8'))
            WHERE id = ${eventAt}`,
          [acme, 3],
        ),
    ],
    [
      'an edited column beside the body',
      2,
      () => run(`UPDATE audit_events SET outcome = 'refused' WHERE id = ${eventAt}`, [acme, 2]),
    ],
    [
      'edited personal data',
      2,
      () => run(`UPDATE audit_personal SET sealed = 'x' WHERE event_id = ${eventAt}`, [acme, 2]),
    ],
    ['a deleted event', 4, () => run(`DELETE FROM audit_events WHERE id = ${eventAt}`, [acme, 4])],
    ['a deleted link', 4, () => run('DELETE FROM audit_chain WHERE tenant_id = $1 AND seq = $2', [acme, 4])],
    [
      'two links in each other’s place',
      2,
      async () => {
        await run('UPDATE audit_chain SET seq = -1 WHERE tenant_id = $1 AND seq = 2', [acme]);
        await run('UPDATE audit_chain SET seq = 2 WHERE tenant_id = $1 AND seq = 3', [acme]);
        await run('UPDATE audit_chain SET seq = 3 WHERE tenant_id = $1 AND seq = -1', [acme]);
      },
    ],
    ['a cut end', 7, () => run('DELETE FROM audit_chain WHERE tenant_id = $1 AND seq >= $2', [acme, 7])],
    [
      'a cut end with the head set back',
      7,
      async () => {
        await run('DELETE FROM audit_chain WHERE tenant_id = $1 AND seq >= $2', [acme, 7]);
        await run(
          `UPDATE audit_heads h SET seq = 6, hash = (SELECT hash FROM audit_chain c WHERE c.tenant_id = $1 AND seq = 6)
            WHERE tenant_id = $1`,
          [acme],
        );
      },
    ],
    [
      'a cut end, its events and the head, before a checkpoint',
      5,
      async () => {
        await run(
          `DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE tenant_id = $1 AND seq >= 5)`,
          [acme],
        );
        await run('DELETE FROM audit_chain WHERE tenant_id = $1 AND seq >= 5', [acme]);
        await run(
          `UPDATE audit_heads h SET seq = 4, hash = (SELECT hash FROM audit_chain c WHERE c.tenant_id = $1 AND seq = 4)
            WHERE tenant_id = $1`,
          [acme],
        );
      },
    ],
    ['a head set back', 7, () => run('UPDATE audit_heads SET seq = 6 WHERE tenant_id = $1', [acme])],
    [
      'an edited event and the whole chain made anew from there: the checkpoint holds',
      5,
      async () => {
        await run(
          `UPDATE audit_events SET action = 'forged', body = ${forged},
            hash = sha256(convert_to(${forged}, 'UTF8')) WHERE id = ${eventAt}`,
          [acme, 3],
        );
        await remake(3);
      },
    ],
    [
      'a checkpoint of somebody else',
      5,
      async () => {
        const { signer } = await checkpointKeys();
        const [row] = await run('SELECT hash FROM audit_chain WHERE tenant_id = $1 AND seq = 5', [acme]);
        const hash = Buffer.from(row?.['hash']).toString('base64url');
        const signed = await signer.sign({ tenantId: acme, seq: 5, hash }, new Date());
        await run('UPDATE audit_checkpoints SET signed = $2 WHERE tenant_id = $1', [acme, signed]);
      },
    ],
    [
      'an event put in where the chain has passed',
      8,
      async () => {
        await write(acme, 'forged');
        await run(`UPDATE audit_events SET xid = '3' WHERE tenant_id = $1 AND action = 'forged'`, [acme]);
      },
    ],
  ])('%s', async (_what, firstBadSeq, tamper) => {
    await tamper();
    const report = await verify(acme);
    expect(report.fault?.seq).toBe(firstBadSeq);
    expect(report.verified).toBe(firstBadSeq - 1);
    expect((await verify(other)).fault).toBeUndefined();
  });

  test('erased personal data keeps the chain sound', async () => {
    await run('DELETE FROM audit_personal WHERE tenant_id = $1', [acme]);
    expect((await verify(acme)).fault).toBeUndefined();
  });
});

describe('the application’s role', () => {
  test.each([
    `UPDATE audit_events SET body = ''`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'DELETE FROM audit_personal',
    'DELETE FROM audit_chain',
    'UPDATE audit_heads SET seq = 0',
    'DELETE FROM audit_checkpoints',
    'UPDATE audit_position SET xid = xid',
    `INSERT INTO audit_chain VALUES (gen_random_uuid(), 1, gen_random_uuid(), '', '')`,
  ])('may not %s', async (text) => {
    await expect(db.database.inTenant(acme, [{ text, values: [] }])).rejects.toMatchObject({ code: '42501' });
  });
});
