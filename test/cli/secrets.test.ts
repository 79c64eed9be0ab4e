import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ledger } from '../support/ledger.js';
import { commandLine, type CommandLine, type Ended } from './support.js';

const app = { redirectUris: ['https://a.example/cb'] };
const FIRST = 'first-secret-of-16-chars';
const file = (grafana: object) =>
  JSON.stringify({
    tenants: [
      {
        slug: 'acme',
        applications: [
          { clientId: 'grafana', ...app, ...grafana },
          { clientId: 'spa', type: 'spa', ...app },
        ],
      },
      { slug: 'globex' },
    ],
  });

let cli: CommandLine;
let ledger: Ledger;

beforeAll(async () => {
  cli = await commandLine();
  ledger = await Ledger.open(cli.url);
  expect((await apply({ clientSecret: { value: FIRST } })).code).toBe(0);
});
afterAll(async () => {
  await ledger.close();
  await cli.drop();
});

const apply = (grafana: object, ...words: readonly string[]): Promise<Ended> =>
  cli.run(['apply', '-f', '-', ...words], { input: file(grafana) });
const secrets = (...words: readonly string[]): Promise<Ended> =>
  cli.run(['secrets', ...words, '--tenant', 'acme']);
const hashOf = async (secret: string): Promise<number> =>
  (await ledger.rows('SELECT 1 FROM application_secrets WHERE hash = sha256($1::text::bytea)', [secret]))
    .length;
const listed = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const { code, stdout } = await secrets('list', '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout).secrets;
};

describe('secrets rotate and list', () => {
  test('prints the new secret once, and when the one of before ends', async () => {
    const { code, stdout, stderr } = await secrets('rotate', '--application', 'grafana');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(stderr).toMatch(/^The secret of before works until .*Z\.\n$/);
    expect(await hashOf(stdout.trim())).toBe(1);
    expect(await listed()).toMatchObject([
      { clientId: 'grafana', slot: 'primary', expiresAt: null, lastUsedAt: null, isExpired: false },
      { clientId: 'grafana', slot: 'secondary', expiresAt: expect.any(String), isExpired: false },
    ]);
    const [, before] = await listed();
    const days = (Date.parse(String(before?.['expiresAt'])) - Date.now()) / 86_400_000;
    expect(Math.abs(days - 7)).toBeLessThan(0.1);
    const list = await secrets('list');
    expect(list.stdout).not.toContain(stdout.trim());
    expect(list.stdout).toMatch(/^grafana {2}primary {4}\S+ {2}made \S+Z {2}no end {2}never used$/m);
    expect(list.stdout).toMatch(/^grafana {2}secondary {2}\S+ {2}made \S+Z {2}ends \S+Z {2}never used$/m);
  });

  test('refuses a third one, and takes --now', async () => {
    const third = await secrets('rotate', '--application', 'grafana', '--overlap', '60');
    expect([third.code, third.stdout]).toEqual([64, '']);
    expect(third.stderr).toMatch(/^'grafana' has two secrets already, and the second one ends at .*--now/);
    const now = await secrets('rotate', '--application', 'grafana', '--now', '--json');
    expect(now.code).toBe(0);
    expect(JSON.parse(now.stdout)).toEqual({
      clientId: 'grafana',
      id: expect.any(String),
      clientSecret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      previousExpiresAt: expect.any(String),
    });
    expect((await secrets('list', '--application', 'grafana')).stdout).toMatch(/ENDED/);
  });

  test('a file that still names a secret that was replaced is refused, in a dry run too, and by name', async () => {
    await secrets('rotate', '--application', 'grafana', '--now');
    const { clientSecret } = JSON.parse(
      (await secrets('rotate', '--application', 'grafana', '--overlap', '60', '--json')).stdout,
    );
    await ledger.rows(
      `UPDATE application_secrets SET hash = sha256($1::text::bytea) WHERE slot = 'secondary'`,
      [FIRST],
    );
    for (const words of [[], ['--dry-run']]) {
      const { code, stderr } = await apply({ clientSecret: { value: FIRST } }, ...words);
      expect(code).toBe(65);
      expect(stderr).toMatch(
        /tenants\[0\]\.applications\[0\]\.clientSecret: was replaced by 'causeway secrets rotate' and ends at/,
      );
      expect(stderr).not.toContain(FIRST);
    }
    expect((await apply({})).code).toBe(0);
    expect((await apply({ clientSecret: { value: clientSecret } })).code).toBe(0);
    expect(await listed()).toHaveLength(2);
    const plan = await apply({ secondarySecret: null }, '--dry-run', '--json');
    expect(JSON.parse(plan.stdout).plan).toMatchObject([
      { action: 'update', kind: 'application', key: 'grafana', changes: ['secondarySecret'] },
    ]);
  });
});

describe('nonsense', () => {
  test.each([
    [['rotate', '--application', 'nobody'], "'nobody' is no application of the tenant"],
    [['rotate', '--application', 'spa'], "'spa' has no secret: it proves itself by none"],
    [['list', '--application', 'nobody'], "'nobody' is no application of the tenant"],
    [['rotate', '--application', 'grafana', '--now', '--overlap', '5'], 'give --overlap or --now, not both'],
    [
      ['rotate', '--application', 'grafana', '--overlap', '0'],
      '--overlap must be a whole number of seconds from 1 to 2592000; --now for none',
    ],
    [
      ['rotate', '--application', 'grafana', '--overlap', '1h'],
      '--overlap must be a whole number of seconds from 1 to 2592000; --now for none',
    ],
  ])('%j is refused with exit code 64', async (words, message) => {
    const { code, stdout, stderr } = await secrets(...words);
    expect([code, stdout, stderr]).toEqual([64, '', `${message}\n`]);
  });

  test.each(['list', 'rotate'])('secrets %s --help tells what it does', async (name) => {
    const { code, stdout } = await cli.run(['secrets', name, '--help']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Usage: causeway secrets/)]);
  });

  test('rotate wants an application', async () => {
    expect((await secrets('rotate')).code).toBe(64);
  });
});
