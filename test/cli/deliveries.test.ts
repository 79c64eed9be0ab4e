import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { NOBODYS_LEASE } from '../../src/storage/outbox-store.js';
import { startReceiver, until, type LogoutReceiver } from '../events/support/receiver.js';
import { stopServers } from '../outbound/support/servers.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { testIds } from '../support/deployment.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
let node: TestNode;
let ledger: Ledger;
let mail: LogoutReceiver;
let wiki: LogoutReceiver;

const application = (clientId: string, uri: string) => ({
  clientId,
  redirectUris: [`https://${clientId}.example/cb`],
  backchannelLogoutUri: uri,
});

beforeAll(async () => {
  node = await startTestNode({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  [mail, wiki] = [await startReceiver(), await startReceiver()];
  await node.apply([
    { slug: 'acme', applications: [application('mail', mail.uri), application('wiki', wiki.uri)] },
    { slug: 'globex' },
  ]);
  ledger = await Ledger.open(node.databaseUrl);
  node.node.logoutDeliveries.start();
});
afterAll(async () => {
  await node.node.logoutDeliveries.stop();
  await ledger.close();
  await node.stop();
  await stopServers();
});
beforeEach(async () => {
  await ledger.rows('TRUNCATE outbox, audit_events CASCADE');
  for (const receiver of [mail, wiki]) {
    receiver.answer = () => 200;
    (receiver.told as unknown[]).length = 0;
  }
});

interface Seed {
  readonly tenant?: string;
  readonly receiver?: string;
  readonly subject?: string;
  readonly sid?: string;
  readonly state?: 'waiting' | 'delivered' | 'dead';
  readonly age?: string;
  /** When it waits: from when on it may be tried. */
  readonly dueIn?: string;
  readonly lease?: string;
}

/** A delivery as the dispatcher would have left it. */
async function put(seed: Seed = {}): Promise<string> {
  const { tenant = 'acme', receiver = 'mail', subject = 'ada', sid = 's', state = 'dead' } = seed;
  const id = testIds.uuid();
  const outcome = state === 'waiting' ? null : state;
  await ledger.rows(
    `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at, due_at, attempts, last_error,
        lease, outcome, settled_at)
      SELECT t.id, $2, 'session.ended', $3, $4, $5, now() - $6::interval, now() + $7::interval, 5, 'http_400', $8, $9,
        CASE WHEN $9::text IS NULL THEN NULL ELSE now() END FROM tenants t WHERE t.slug = $1`,
    [
      tenant,
      id,
      receiver,
      subject,
      { clientId: receiver, sid, reason: 'no_role' },
      seed.age ?? '2 days',
      seed.dueIn ?? '0 s',
      seed.lease ?? null,
      outcome,
    ],
  );
  return id;
}

const causeway = (...words: readonly string[]): Promise<Ended> =>
  runHere(['deliveries', ...words], {
    DATABASE_URL: node.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: 'https://sso.example.com',
  });
const retry = (...words: readonly string[]): Promise<Ended> =>
  causeway('retry', '--tenant', 'acme', ...words);

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastError: string | null;
}

async function list(...words: readonly string[]): Promise<readonly Listed[]> {
  const { code, stdout, stderr } = await causeway('list', '--tenant', 'acme', ...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return (JSON.parse(stdout) as { deliveries: readonly Listed[] }).deliveries;
}

const idsOf = async (...words: readonly string[]) => (await list(...words)).map(({ id }) => id);
const sids = (receiver: LogoutReceiver) => receiver.told.map(({ claims }) => claims['sid']);

describe('F-23: deliveries list', () => {
  test('newest first, by state and application; only the tenant’s', async () => {
    const dead = await put({ age: '3 days' });
    const waiting = await put({ state: 'waiting', age: '1 hour', dueIn: '1 hour' });
    const done = await put({ state: 'delivered', receiver: 'wiki', age: '2 hours' });
    const foreign = await put({ tenant: 'globex' });
    expect(await idsOf()).toEqual([waiting, done, dead]);
    expect(await idsOf('--state', 'dead')).toEqual([dead]);
    expect(await idsOf('--state', 'waiting')).toEqual([waiting]);
    expect(await idsOf('--state', 'delivered', '--application', 'wiki')).toEqual([done]);
    expect(await idsOf('--state', 'delivered', '--application', 'mail')).toEqual([]);
    const globex = await causeway('list', '--tenant', 'globex', '--json');
    expect(JSON.parse(globex.stdout).deliveries).toMatchObject([{ id: foreign, state: 'dead' }]);
    await ledger.rows('TRUNCATE outbox');
    expect((await causeway('list', '--tenant', 'acme')).stdout).toBe('There are no such deliveries.\n');
  });

  test('a line each says why it failed; neither tokens nor sessions’ ids are in it', async () => {
    await put({ sid: 'session-of-ada', subject: 'ada\u001b[2J' });
    await put({ sid: 'session-of-ada' });
    const { stdout } = await causeway('list', '--tenant', 'acme');
    expect(stdout).toContain('last error http_400');
    expect(stdout).toMatch(/ {2}dead since \d{4}-/);
    expect(stdout).not.toContain('session-of-ada');
    expect(stdout).not.toContain('\u001b');
    const one = await causeway('list', '--tenant', 'acme', '--limit', '1');
    expect(one.stdout.trim().split('\n')).toHaveLength(1);
    expect(one.stderr).toBe('There are older ones: --limit shows more.\n');
  });
});

describe('F-23: deliveries retry', () => {
  test('sends one application’s dead letters within seconds, each person’s in order, and is audited', async () => {
    const first = await put({ sid: 's1', age: '3 days' });
    const second = await put({ sid: 's2', age: '2 days' });
    const third = await put({ sid: 's3', state: 'waiting', age: '1 hour', dueIn: '1 hour' });
    const other = await put({ receiver: 'wiki' });
    const { code, stdout } = await retry('--application', 'mail');
    expect([code, stdout]).toEqual([0, 'Put 2 dead letters back: a running node sends them now.\n']);
    await until(async () => (await idsOf('--state', 'delivered')).length === 3);
    expect(sids(mail)).toEqual(['s1', 's2', 's3']);
    expect(await idsOf('--state', 'dead')).toEqual([other]);
    expect(await idsOf('--state', 'delivered')).toEqual([third, second, first]);
    expect(await ledger.audit('acme', { action: 'delivery.retried' })).toMatchObject([
      {
        target: 'application:mail',
        application: 'mail',
        actor: { type: 'operator' },
        details: { count: 2, deliveries: expect.arrayContaining([first, second]) },
      },
    ]);
  });

  test('one, or all of the tenant and of no other', async () => {
    const one = await put({ sid: 'one' });
    await put({ sid: 'two', subject: 'bob' });
    await put({ receiver: 'wiki', sid: 'three' });
    await put({ tenant: 'globex' });
    expect((await retry('--id', one)).stdout).toBe('Put 1 dead letter back: a running node sends it now.\n');
    await until(() => mail.told.length === 1);
    expect(sids(mail)).toEqual(['one']);
    expect(JSON.parse((await retry('--all', '--json')).stdout)).toEqual({ retried: 2 });
    await until(async () => (await list('--state', 'delivered')).length === 3);
    const events = await ledger.audit('acme', { action: 'delivery.retried' });
    expect(events.map(({ application: of }) => String(of)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'mail',
      'mail',
      'wiki',
    ]);
    expect(await ledger.count('outbox', `outcome = 'dead'`)).toBe(1);
  });

  test('they have a day again: one failure more is not the end, one after that day is', async () => {
    mail.answer = () => 503;
    const id = await put();
    await retry('--id', id);
    const tried = async (): Promise<boolean> => {
      const [delivery] = await list();
      return delivery !== undefined && delivery.attempts > 0 && delivery.lastError === 'http_503';
    };
    await until(tried);
    expect(await list()).toMatchObject([{ id, state: 'waiting' }]);
    await ledger.rows(
      `UPDATE outbox SET retried_at = now() - interval '25 hours', due_at = least(due_at, now())`,
    );
    await until(async () => (await list())[0]?.state === 'dead');
  });

  test('wakes a receiver that is left alone, and takes nothing from who works on it', async () => {
    mail.answer = () => 503;
    await put({ sid: 'young', state: 'waiting', age: '1 hour' });
    await until(
      async () => (await ledger.count('outbox', 'attempts > 5 AND lease = $1', [NOBODYS_LEASE])) === 1,
    );
    await ledger.rows(`UPDATE outbox SET due_at = now() + interval '15 minutes'`);
    mail.answer = () => 200;
    const lease = testIds.uuid();
    await put({ receiver: 'wiki', sid: 'held', state: 'waiting', age: '1 hour', dueIn: '15 minutes', lease });
    await put({ sid: 'old' });
    await put({ receiver: 'wiki', sid: 'old' });
    (mail.told as unknown[]).length = 0;
    await retry('--all');
    await until(() => mail.told.length === 2);
    expect(sids(mail)).toEqual(['old', 'young']);
    expect(
      await ledger.count('outbox', `lease = $1 AND due_at > now() + interval '10 minutes'`, [lease]),
    ).toBe(1);
    expect(wiki.told).toEqual([]);
  });

  test('thousands, a thousand in a transaction', async () => {
    await node.node.logoutDeliveries.stop();
    await ledger.rows(
      `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at, outcome, settled_at)
        SELECT t.id, gen_random_uuid(), 'session.ended', 'gone', 'p' || n, '{}', now() - interval '2 days', 'dead', now()
        FROM tenants t, generate_series(1, 2500) n WHERE t.slug = 'acme'`,
    );
    const [one, two] = await Promise.all([retry('--all', '--json'), retry('--all', '--json')]);
    expect(JSON.parse(one.stdout).retried + JSON.parse(two.stdout).retried).toBe(2_500);
    const events = await ledger.audit('acme', { action: 'delivery.retried' });
    expect(events.reduce((sum, { details }) => sum + Number(details['count']), 0)).toBe(2_500);
    expect(Math.max(...events.map(({ details }) => Number(details['count'])))).toBe(1_000);
    expect(await ledger.count('outbox', 'settled_at IS NULL AND attempts = 0')).toBe(2_500);
  });

  test.each([
    [[], 64, 'give one of --id, --application and --all'],
    [['--all', '--application', 'mail'], 64, 'give one of --id, --application and --all'],
    [['--id', 'nonsense'], 64, "'nonsense' is no delivery of the tenant"],
    [['--application', 'mail'], 0, 'Nothing to do: there are no dead letters.'],
    [['--all'], 0, 'Nothing to do: there are no dead letters.'],
  ])('%j with no dead letter: %i', async (words, exitCode, text) => {
    const { code, stdout, stderr } = await retry(...words);
    expect([code, `${stdout}${stderr}`.trim()]).toEqual([exitCode, text]);
    expect(await ledger.count('audit_events')).toBe(0);
  });

  test('what waits or was delivered is nothing to do; another tenant’s is nobody’s', async () => {
    const done = await put({ state: 'delivered' });
    const foreign = await put({ tenant: 'globex' });
    expect((await retry('--id', done)).stdout).toMatch(/^Nothing to do: it is delivered since /);
    expect((await retry('--id', foreign)).code).toBe(64);
    expect(await ledger.count('outbox', `outcome = 'dead'`)).toBe(1);
  });

  test.each([
    ['list', ['--tenant', '--state', '--application', '--limit', '--json']],
    ['retry', ['--tenant', '--id', '--application', '--all', '--json']],
  ])('%s --help tells its options', async (verb, options) => {
    const { code, stdout } = await causeway(verb, '--help');
    expect(code).toBe(0);
    for (const option of options) expect(stdout).toContain(option);
  });
});
