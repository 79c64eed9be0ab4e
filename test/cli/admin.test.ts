import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { PostgresLinks } from '../../src/storage/links.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { enrolByPasskey } from '../support/operator.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
let node: TestNode;
let ledger: Ledger;

beforeAll(async () => {
  node = await startTestNode({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  await node.apply([{ slug: 'acme', name: 'Acme Inc.' }]);
  ledger = await Ledger.open(node.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});

const admin = (...words: readonly string[]): Promise<Ended> =>
  runHere(['admin', ...words], {
    DATABASE_URL: node.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: node.url,
  });

async function json(...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await admin(...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const list = async (...words: readonly string[]) =>
  (await json('list', ...words))['accounts'] as readonly Record<string, unknown>[];

test('an owner is made, sets up their way in beside the running server, and is listed', async () => {
  const links = new PostgresLinks(node.node.database);
  const made = await json('create', '--username', 'ada');
  expect(made).toMatchObject({ username: 'ada', tenant: 'system' });
  expect(made['link']).toMatch(new RegExp(`^${node.url}/console/enrol/cw_setup_[0-9a-f_]+$`));
  const lasts = (Date.parse(String(made['expiresAt'])) - Date.now()) / 60_000;
  expect(Math.round(lasts)).toBe(30);
  expect(await list()).toMatchObject([
    { userName: 'ada', purpose: 'operator', roles: ['console:owner'], passkeys: 0, password: false },
  ]);
  // Nobody can come in yet, so a start still prints a first-run link.
  expect(await links.operatorExists()).toBe(false);
  await enrolByPasskey(String(made['link']));
  expect(await links.operatorExists()).toBe(true);
  expect(await list()).toMatchObject([{ passkeys: 1, recoveryCodes: 10 }]);
  expect((await admin('list')).stdout).toMatch(
    /^ada {2}operator {2}console:owner {2}1 passkey {2}10 recovery codes/,
  );
});

test('a break-glass account of a tenant, with a role of its own; each change is an audit event', async () => {
  const { stdout, stderr } = await admin('create', '--tenant', 'acme', '--username', 'box', '--break-glass');
  expect(stdout).toContain('/console/enrol/cw_setup_');
  expect(stderr).toMatch(/^For box alone: it works once, until /);
  await json('create', '--tenant', 'acme', '--username', 'eve', '--role', 'console:read-only');
  expect(await list('--tenant', 'acme')).toMatchObject([
    { userName: 'box', purpose: 'break-glass', roles: ['console:owner'] },
    { userName: 'eve', purpose: 'operator', roles: ['console:read-only'] },
  ]);
  expect((await admin('disable', '--tenant', 'acme', '--username', 'EVE')).stdout).toBe('EVE is disabled.\n');
  expect((await admin('disable', '--tenant', 'acme', '--username', 'eve')).stdout).toContain('Nothing to do');
  expect((await admin('enable', '--tenant', 'acme', '--username', 'eve')).code).toBe(0);
  expect((await admin('delete', '--tenant', 'acme', '--username', 'eve')).stdout).toBe('eve is deleted.\n');
  const told = (await ledger.audit('acme')).filter(({ action }) => action.startsWith('account.'));
  expect(told.map(({ action }) => action)).toEqual([
    'account.created',
    'account.created',
    'account.disabled',
    'account.enabled',
    'account.deleted',
  ]);
  expect(told.every(({ actor }) => actor.type === 'operator' && actor.id.startsWith('cli:'))).toBe(true);
  expect(JSON.stringify(told)).not.toContain('eve');
});

test('A-126 a reset takes away every way in and every session, and prints a link', async () => {
  const before = await json('create', '--username', 'mia');
  const mia = await enrolByPasskey(String(before['link']));
  const reset = await json('reset', '--username', 'mia');
  expect(reset['userId']).toBe(before['userId']);
  expect(await ledger.count('passkeys', 'user_id = $1', [reset['userId']])).toBe(0);
  expect(await ledger.count('recovery_codes', 'user_id = $1', [reset['userId']])).toBe(0);
  expect((await mia.browser.open(`${node.url}/console/sign-out`)).status).toBe(303);
  await enrolByPasskey(String(reset['link']));
});

test.each<[what: string, words: readonly string[], code: number, told: string]>([
  ['a name that is taken', ['create', '--username', 'ADA'], 65, 'userName is taken'],
  ['a name with a blank', ['create', '--username', 'a da'], 64, 'no blanks'],
  ['a role that is none', ['create', '--username', 'x', '--role', 'admin'], 64, 'no role of the console'],
  ['a tenant that is none', ['create', '--username', 'x', '--tenant', 'none'], 64, "no tenant 'none'"],
  ['nobody', ['reset', '--username', 'nobody'], 64, "no local account 'nobody'"],
  ['no name', ['create'], 64, 'required'],
])('refuses %s', async (_what, words, code, told) => {
  const ended = await admin(...words);
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(told)]);
});

test('the last owner stays', async () => {
  const [first] = await list();
  await admin('delete', '--username', 'mia');
  const ended = await admin('delete', '--username', String(first?.['userName']));
  expect([ended.code, ended.stderr]).toEqual([65, expect.stringContaining('the last owner')]);
});
