import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { KeyRing } from '../../src/keys/sealing.js';
import { startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { apiClient } from '../support/api.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
let acme: Acme;

beforeAll(async () => {
  acme = await startAcme({ keyRing: new KeyRing([{ id: 'k1', secret }]) });
});
afterAll(() => acme.stop());

const connectionTest = (...words: readonly string[]): Promise<Ended> =>
  runHere(['connection', 'test', ...words], {
    DATABASE_URL: acme.causeway.databaseUrl,
    ENCRYPTION_KEYS: `k1:${secret.toString('base64')}`,
    PUBLIC_URL: acme.causeway.url,
  });

test('it prints each check, what was seen and what mends it, and ends with 1 when nobody could sign in', async () => {
  const well = await connectionTest();
  expect(well).toMatchObject({ code: 0, stderr: '' });
  expect(well.stdout).toMatch(/^ok +discovery: localhost:\d+ answers as /m);
  expect(well.stdout).toContain('Nothing stands in the way of a test sign-in.');

  acme.okta.org.app('Causeway').secrets.length = 0;
  const ill = await connectionTest('--tenant', 'acme', '--connection', 'okta');
  expect(ill.code).toBe(1);
  expect(ill.stdout).toMatch(
    /^fail client_authentication: .*\n +Okta refused the secret \(bad_secret\)\. Copy/m,
  );
  expect(ill.stdout).toContain('Okta: Applications and Resources → Applications → the app → General');
  expect(ill.stdout).toMatch(/^- +callback: Client authentication comes first$/m);

  const { code, stdout } = await connectionTest('--json');
  const told = JSON.parse(stdout) as {
    verdict: string;
    checks: { id: string; cause?: string }[];
  };
  expect([code, told.verdict]).toEqual([1, 'broken']);
  expect(told.checks.find(({ id }) => id === 'client_authentication')).toMatchObject({
    cause: 'bad_secret',
    cure: { mender: 'okta_admin', path: expect.arrayContaining([{ name: 'Client Secrets' }]) },
  });
  expect(stdout + ill.stdout).not.toContain(UPSTREAM_SECRET);
});

test('by the API of a running deployment: the same checks, and the address where a person goes on', async () => {
  acme.okta.org.addSecret('Causeway', UPSTREAM_SECRET);
  const { token } = await apiClient(acme.causeway);
  const there = ['--url', acme.causeway.url, '--token', token ?? ''];
  const { code, stdout } = await connectionTest('--tenant', 'acme', ...there);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok +client_authentication: /m)]);
  expect(stdout).toMatch(/\/t\/acme\/test-sign-in\/[\w.-]+$/m);
  const unknown = await connectionTest('--tenant', 'acme', '--connection', 'nope', ...there);
  expect(unknown.code).not.toBe(0);
});

test('what isn’t there is refused by name', async () => {
  expect(await connectionTest('--connection', 'nope')).toMatchObject({
    code: 64,
    stderr: "'nope' is no connection of the tenant\n",
  });
  expect(await connectionTest('--tenant', 'nope')).toMatchObject({ code: 64 });
});
