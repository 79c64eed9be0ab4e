import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { run } from '../../src/cli/run.js';
import { KeyRing } from '../../src/keys/sealing.js';
import { ADA, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { apiClient } from '../support/api.js';
import { signIn } from '../support/application.js';
import { HttpBrowser, signInAtOkta } from '../support/okta-sign-in.js';
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

const PUBLIC = () => acme.causeway.url;

/** The command elsewhere, or where the deployment is configured. */
const wherever = async () => {
  const { token } = await apiClient(acme.causeway);
  const there = (...words: readonly string[]): Promise<Ended> =>
    runHere(['connection', ...words], {
      CAUSEWAY_URL: PUBLIC(),
      CAUSEWAY_TOKEN: token ?? '',
      NEW_SECRET: 'another-secret-of-the-upstream-1',
    });
  const here = (...words: readonly string[]): Promise<Ended> =>
    runHere(['connection', ...words], {
      DATABASE_URL: acme.causeway.databaseUrl,
      ENCRYPTION_KEYS: `k1:${secret.toString('base64')}`,
      PUBLIC_URL: PUBLIC(),
    });
  return { there, here };
};

test('a person’s sign-in at the address that is printed ends the test, and its end is told', async () => {
  const { there, here } = await wherever();
  let opened: Promise<unknown> = Promise.resolve();
  const { token } = await apiClient(acme.causeway);
  let stdout = '';
  const code = await run(['connection', 'test', '--sign-in'], {
    terminal: {
      out: (line) => void (stdout += `${line}\n`),
      err(line) {
        const browser = new HttpBrowser();
        const url = line.slice(line.indexOf('http'));
        opened = browser
          .open(url)
          .then(({ location }) => signInAtOkta(browser, location ?? '', ADA))
          .then((back) => browser.open(back));
      },
      readInput: () => Promise.resolve(''),
    },
    variables: { CAUSEWAY_URL: PUBLIC(), CAUSEWAY_TOKEN: token ?? '' },
  });
  await opened;
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^The test has passed\.\nSigned in: .*ada@acme/m),
  ]);
  expect((await here('test', '--sign-in')).code).toBe(64);
  const listed = await there('list');
  expect(listed).toEqual(await here('list'));
  expect(listed.stdout).toMatch(/^okta {2}okta {2}\w+ {2}http\S+ {2}tested /);
  expect(await there('list', '--json')).toEqual(await here('list', '--json'));
});

test('states change, here and there, once what they do to people is confirmed', async () => {
  const { there, here } = await wherever();
  await signIn(new HttpBrowser(), acme.app, ADA);
  const dry = await there('disable', '--dry-run');
  expect(dry).toEqual(await here('disable', '--dry-run'));
  expect(dry.stdout).toMatch(/^1 person .*\nConfirm it with: --confirm \S+\n$/);
  for (const where of [there, here]) {
    const blind = await where('disable');
    expect(blind).toMatchObject({ code: 77, stdout: '' });
    const [, confirmation = ''] = /--confirm (\S+)/.exec(blind.stderr) ?? [];
    expect((await where('disable', '--confirm', confirmation)).stdout).toBe('okta is disabled now.\n');
    expect((await where('disable')).stdout).toBe('Nothing to do: okta is disabled.\n');
    expect((await where('enable')).stdout).toBe('okta is enabled now.\n');
    expect((await where('enforce', '--yes')).stdout).toBe('okta is enforced now.\n');
    // oxlint-disable-next-line no-await-in-loop -- the other one needs somebody who has signed in, too
    await signIn(new HttpBrowser(), acme.app, ADA);
  }
});

test('outages, candidates and secrets, here and there', async () => {
  const { there, here } = await wherever();
  for (const where of [there, here]) {
    expect((await where('outage', 'begin', '--reason', 'Okta is down', '--for', '600')).code).toBe(0);
    expect((await here('list')).stdout).toMatch(/outage until \S+: Okta is down$/m);
    expect((await where('outage', 'end')).stdout).toBe('The outage of okta is over.\n');
    expect((await where('outage', 'end')).code).toBe(65);
    expect((await where('outage', 'begin', '--reason', 'x', '--for', '5')).code).toBe(64);
    expect((await where('candidate', 'drop')).code).toBe(64);
  }
  const api = await apiClient(acme.causeway);
  const okta = '/tenants/acme/connections/okta';
  for (const [where, serve] of [
    [there, here],
    [here, there],
  ] as const) {
    await api.patch(okta, { clientId: '0oaanother00000001' }, (await api.get(okta)).etag);
    const shown = await where('candidate', 'show');
    expect(shown.stdout).toMatch(/^clientId {2}"0oaanother00000001"$/m);
    expect(shown).toEqual(await serve('candidate', 'show'));
    expect(await serve('candidate', 'serve')).toMatchObject({ code: 65, stdout: '' });
    expect((await where('candidate', 'drop')).code).toBe(0);
    expect((await where('candidate', 'show')).stdout).toContain('what is served is all there is');
  }
  expect((await there('secret', 'add', '--secret-env', 'NONE')).code).toBe(64);
  const added = await there('secret', 'add', '--secret-env', 'NEW_SECRET');
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('uses the new secret')]);
  expect((await here('secret', 'retire')).stdout).toBe('The second secret of okta is gone.\n');
  expect((await there('secret', 'retire')).code).toBe(65);
});

test('what isn’t there is refused by name', async () => {
  expect(await connectionTest('--connection', 'nope')).toMatchObject({
    code: 64,
    stderr: "'nope' is no connection of the tenant\n",
  });
  expect(await connectionTest('--tenant', 'nope')).toMatchObject({ code: 64 });
});
