import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Ledger } from '../support/ledger.js';
import { commandLine, type CommandLine, type Ended } from './support.js';

const FILE = JSON.stringify({
  tenants: [
    {
      slug: 'acme',
      connections: [
        { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1', clientAuth: 'private_key_jwt' },
        {
          key: 'entra',
          type: 'oidc',
          issuer: 'https://entra.example',
          clientId: 'x',
          clientSecret: { value: 'a-secret-of-16-chars' },
        },
      ],
      applications: [
        { clientId: 'grafana', redirectUris: ['https://a.example/cb'] },
        { clientId: 'wiki', redirectUris: ['https://b.example/cb'], idTokenAlg: 'ES256' },
      ],
    },
    { slug: 'globex' },
  ],
});

let cli: CommandLine;
let ledger: Ledger;

beforeAll(async () => {
  cli = await commandLine();
  expect((await cli.run(['apply', '-f', '-'], { input: FILE })).code).toBe(0);
  ledger = await Ledger.open(cli.url);
});
afterAll(async () => {
  await ledger.close();
  await cli.drop();
});

const keys = (...words: readonly string[]): Promise<Ended> => cli.run(['keys', ...words]);
const ACME = ['--tenant', 'acme'] as const;

interface Shown {
  readonly id: string;
  readonly alg: string;
  readonly state: string;
  readonly connection: string | null;
  readonly did: string;
  readonly signsAt: string | null;
  readonly tenant: string;
  readonly applications: readonly string[];
}
async function shown(...words: readonly string[]): Promise<readonly Shown[]> {
  const { code, stdout, stderr } = await keys(...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout).keys;
}
const states = async (...words: readonly string[]): Promise<readonly string[]> =>
  (await shown('list', ...ACME, ...words)).map(
    ({ alg, state, connection }) => `${connection ?? 'issuer'} ${alg} ${state}`,
  );

describe('keys list', () => {
  test('tells states, next steps and who is served, and no private half', async () => {
    expect(await states()).toEqual([
      'issuer ES256 current',
      'issuer EdDSA current',
      'issuer RS256 current',
      'okta RS256 current',
    ]);
    const [es256, edDsa] = await shown('list', ...ACME);
    expect(es256?.applications).toEqual(['wiki']);
    expect(edDsa?.applications).toEqual([]);
    const { stdout } = await keys('list', ...ACME, '--alg', 'RS256');
    expect(stdout).toMatch(
      /RS256 {2}current {3}issuer {2}signs, its successor is published from .*Z {2}ID Tokens of grafana\n/,
    );
    expect(stdout).toMatch(/connection okta/);
    const sealed = await ledger.rows<{ s: string }>('SELECT private_jwk_sealed AS s FROM signing_keys');
    const all = (await keys('list', ...ACME, '--json')).stdout;
    expect(all).not.toMatch(/"d"|"n"|sealed/);
    for (const { s } of sealed) expect(all).not.toContain(s);
  });

  test('chooses', async () => {
    expect(await states('--connection', 'okta')).toEqual(['okta RS256 current']);
    expect(await states('--alg', 'EdDSA')).toEqual(['issuer EdDSA current']);
    expect((await keys('list', ...ACME, '--connection', 'entra')).stdout).toBe('There are no such keys.\n');
  });
});

describe('keys rotate', () => {
  test('publishes the next key and says when it signs', async () => {
    const [next, ...others] = await shown('rotate', ...ACME, '--alg', 'ES256');
    expect(others).toEqual([]);
    expect(next).toMatchObject({ tenant: 'acme', alg: 'ES256', did: 'publish', connection: null });
    const inSeconds = (Date.parse(String(next?.signsAt)) - Date.now()) / 1000;
    expect(Math.abs(inSeconds - 600)).toBeLessThan(60);
    expect(await states('--alg', 'ES256')).toEqual(['issuer ES256 current', 'issuer ES256 next']);
    const again = await keys('rotate', ...ACME, '--alg', 'ES256');
    expect(again.stdout).toMatch(/^acme {2}ES256 {2}\S+ is published already, signs from .*Z\n$/);
  });

  test("rotates a connection's own keys", async () => {
    const [next] = await shown('rotate', ...ACME, '--connection', 'okta');
    expect(next).toMatchObject({ connection: 'okta', alg: 'RS256', did: 'publish' });
  });

  test('in an emergency the old key is gone at once, and the audit log says who did it', async () => {
    const before = await shown('list', ...ACME, '--alg', 'RS256');
    const { code, stdout } = await keys('rotate', ...ACME, '--alg', 'RS256', '--emergency');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^acme {2}RS256 {2}\S+ signs; all before it are published no more/),
    ]);
    expect(await states('--alg', 'RS256')).toEqual([
      'issuer RS256 current',
      'okta RS256 current',
      'okta RS256 next',
    ]);
    expect(await states('--alg', 'RS256', '--retired')).toContain('issuer RS256 retired');
    const [event] = await ledger.rows<{ body: string }>(
      `SELECT body FROM audit_events WHERE action = 'signing_key.replaced_in_emergency'`,
    );
    const body = JSON.parse(event?.body ?? '{}');
    expect(body.actor).toMatchObject({ type: 'operator', id: expect.stringMatching(/^cli:/) });
    expect(body.details).toEqual({ alg: 'RS256', removed: [before[0]?.id] });
  });

  test('of all tenants at once, the deployment too, when somebody says so twice', async () => {
    const words = ['rotate', '--all-tenants', '--emergency', '--alg', 'EdDSA'];
    const refused = await keys(...words);
    expect([refused.code, refused.stderr]).toEqual([
      64,
      'give --yes: this voids what the issuers of all 3 tenants have signed\n',
    ]);
    const done = await shown(...words, '--yes');
    expect(done.map(({ tenant, did }) => `${tenant} ${did}`)).toEqual([
      'system replace',
      'acme replace',
      'globex replace',
    ]);
  });
});

describe('keys retire', () => {
  test('takes a key away that signs no more', async () => {
    await ledger.rows(`UPDATE signing_keys SET state = 'retiring', due_at = now() + interval '1 day'
      WHERE alg = 'ES256' AND state = 'current' AND tenant_id = (SELECT id FROM tenants WHERE slug = 'acme')`);
    await ledger.rows(
      `UPDATE signing_keys SET state = 'current', due_at = NULL WHERE alg = 'ES256' AND state = 'next'`,
    );
    const [retiring, current] = await shown('list', ...ACME, '--alg', 'ES256');
    const gentle = await keys('retire', retiring?.id ?? '', ...ACME);
    expect([gentle.code, gentle.stderr]).toEqual([64, expect.stringMatching(/^give --emergency: /)]);
    const wrong = await keys('retire', current?.id ?? '', ...ACME, '--emergency');
    expect([wrong.code, wrong.stderr]).toEqual([
      64,
      expect.stringMatching(/is the current key: rotate first/),
    ]);
    const done = await keys('retire', retiring?.id ?? '', ...ACME, '--emergency');
    expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/is published no more/)]);
    expect(await states('--alg', 'ES256')).toEqual(['issuer ES256 current']);
    expect((await keys('retire', ...ACME, '--emergency')).stderr).toBe('no such key is retiring\n');
  });
});

describe('nonsense', () => {
  test.each([
    [['list'], 'give --tenant SLUG: there are 2 tenants'],
    [['list', '--tenant', 'nobody'], "there is no tenant 'nobody'"],
    [['list', ...ACME, '--alg', 'HS256'], "--alg must be one of RS256, ES256, EdDSA, not 'HS256'"],
    [['rotate', ...ACME, '--alg', 'none'], "--alg must be one of RS256, ES256, EdDSA, not 'none'"],
    [['rotate', ...ACME, '--connection', 'x'], "'x' is no connection of the tenant"],
    [['rotate', ...ACME, '--connection', 'entra'], 'the connection has no key that signs'],
    [['rotate', ...ACME, '--all-tenants'], '--all-tenants goes with neither --tenant nor --connection'],
    [['rotate', ...ACME, '--yes'], '--yes goes with --all-tenants and --emergency'],
    [['retire', 'k', ...ACME, '--alg', 'RS256', '--emergency'], 'give a key, or --alg and --connection'],
    [['retire', 'k', ...ACME, '--emergency'], "'k' is no published key of the tenant"],
  ])('%j is refused with exit code 64', async (words, message) => {
    const { code, stdout, stderr } = await keys(...words);
    expect([code, stdout, stderr]).toEqual([64, '', `${message}\n`]);
  });

  test.each(['list', 'rotate', 'retire', 'rewrap'])('keys %s --help tells what it does', async (name) => {
    const { code, stdout } = await keys(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Usage: causeway keys/);
  });
});

const old = (): string => cli.variables['ENCRYPTION_KEYS'] ?? '';
const fresh = `k2:${randomBytes(32).toString('base64')}`;
const under = async (): Promise<readonly string[]> => {
  const rows = await ledger.rows<{ key: string }>(
    `SELECT DISTINCT split_part(data_key, '.', 2) AS key FROM tenants ORDER BY 1`,
  );
  return rows.map(({ key }) => key);
};
const rewrap = (env: Readonly<Record<string, string>>): Promise<Ended> =>
  cli.run(['keys', 'rewrap', '--json'], { env });

describe('F-17 keys rewrap', () => {
  test('has nothing to do while the key is the first', async () => {
    const { code, stdout } = await keys('rewrap');
    expect([code, stdout]).toEqual([0, 'Rewrapped 0; 0 of 3 data keys are on old keys.\n']);
  });

  test('moves all data keys under the first key, again after it was broken off; then the old one can go', async () => {
    const env = { ENCRYPTION_KEYS: `${fresh},${old()}` };
    const [spoilt] = await ledger.rows<{ id: string; data_key: string }>(
      `UPDATE tenants t SET data_key = 'cw1.lost.x.y' FROM (SELECT id, data_key FROM tenants WHERE slug = 'globex') b
        WHERE t.id = b.id RETURNING b.id, b.data_key`,
    );
    const first = await rewrap(env);
    expect(first.code).toBe(1);
    expect(JSON.parse(first.stdout)).toEqual({ tenants: 3, rewrapped: 2, onOtherKeys: 1 });
    expect(first.stderr).toMatch(/globex: data key was sealed by key 'lost', which ENCRYPTION_KEYS lacks/);
    await ledger.rows('UPDATE tenants SET data_key = $2 WHERE id = $1', [spoilt?.id, spoilt?.data_key]);
    const second = await rewrap(env);
    expect([second.code, JSON.parse(second.stdout)]).toEqual([
      0,
      { tenants: 3, rewrapped: 1, onOtherKeys: 0 },
    ]);
    expect(await under()).toEqual(['k2']);
    const without = await cli.run(['keys', 'rotate', ...ACME], { env: { ENCRYPTION_KEYS: fresh } });
    expect([without.code, without.stderr]).toEqual([0, '']);
    const back = await cli.run(['keys', 'rotate', ...ACME]);
    expect([back.code, back.stderr]).toEqual([78, expect.stringMatching(/sealed by key 'k2'/)]);
  });
});
