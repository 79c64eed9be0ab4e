import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { acmeOrg, DEMO_ORGS, globexOrg } from '../../../demo/okta/demo-orgs.js';
import { startOktaOrg } from '../../../demo/okta/server.js';
import { formsOf, HttpBrowser, signInAtOkta } from '../../support/okta-sign-in.js';
import { ADA, anOrg, authorizeUrl, claimsOf, CLIENT_ID, signIn } from './support.js';

describe('several orgs in one process', () => {
  test('start in no time', async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const before = performance.now();
      const okta = await startOktaOrg();
      times.push(performance.now() - before);
      await okta.stop();
    }
    expect(Math.min(...times)).toBeLessThan(100);
  });

  test('share nothing: people, sessions, ids', async () => {
    const [first, second] = [await anOrg(), await anOrg({ host: 'second.localhost' })];
    const browser = new HttpBrowser();
    const one = claimsOf((await signIn(first, {}, { browser }))['id_token']);
    const silent = await browser.open(authorizeUrl(second, { prompt: 'none' }));
    expect(silent.location?.searchParams.get('error')).toBe('login_required');
    const two = claimsOf((await signIn(second, {}, { browser }))['id_token']);
    expect(two['iss']).toBe(second.url);
    expect(two['sub']).not.toBe(one['sub']);
    const still = await browser.open(authorizeUrl(first, { prompt: 'none' }));
    expect(still.location?.searchParams.has('code')).toBe(true);
  });

  test('on one host keep their sessions apart, though browsers send cookies to all ports', async () => {
    const [first, second] = [await anOrg(), await anOrg()];
    const browser = new HttpBrowser();
    await signIn(first, {}, { browser });
    await signIn(second, {}, { browser });
    for (const okta of [first, second]) {
      const { location } = await browser.open(authorizeUrl(okta, { prompt: 'none' }));
      expect(location?.searchParams.has('code')).toBe(true);
    }
  });

  test('ids look like those of Okta', async () => {
    const { org } = await anOrg();
    expect([org.id, org.user(ADA.username).id, org.directory.group('Engineering').id]).toEqual([
      expect.stringMatching(/^00o\w{17}$/),
      expect.stringMatching(/^00u\w{17}$/),
      expect.stringMatching(/^00g\w{17}$/),
    ]);
    expect(org.addApp({ label: 'x' }).clientId).toMatch(/^0oa\w{17}$/);
  });

  test('names that are taken or missing are errors at once', async () => {
    const { org } = await anOrg();
    expect(() => org.addUser({ login: ADA.username })).toThrow('exists already');
    expect(() => org.addApp({ label: 'x', clientId: CLIENT_ID })).toThrow('exists already');
    expect(() => org.user('nobody')).toThrow('no user nobody');
    expect(() => org.app('nothing')).toThrow('no app nothing');
  });
});

describe('the orgs of the demo', () => {
  test.each([
    ['acme', acmeOrg],
    ['globex', globexOrg],
  ] as const)('%s: someone is assigned to the broker, and signs in with a click', async (key, config) => {
    const okta = await startOktaOrg({ ...config({ brokerUrl: 'http://localhost:3000' }), port: 0 });
    const { clientId, host } = DEMO_ORGS[key];
    expect(new URL(okta.url).hostname).toBe(host);
    const address = authorizeUrl(okta, {
      client_id: clientId,
      redirect_uri: `http://localhost:3000/t/${key}/callback/okta`,
    });
    const browser = new HttpBrowser();
    const clicks = formsOf(await browser.open(address)).filter(({ fields }) => fields.has('password'));
    expect(clicks.length).toBeGreaterThan(1);
    const [first] = clicks;
    const person = {
      username: first?.fields.get('identifier') ?? '',
      password: first?.fields.get('password') ?? '',
    };
    const callback = await signInAtOkta(browser, address, person);
    expect(callback.searchParams.has('code')).toBe(true);
    await okta.stop();
  });

  test('run as a process, and stop when told to', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'demo/okta/main.ts', 'initech=0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    const url = /http:\/\/initech-okta\.localhost:\d+/.exec(line)?.[0] ?? '';
    expect((await new HttpBrowser().open(`${url}/.well-known/openid-configuration`)).status).toBe(200);
    const exit = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });
});

test('the simulator is a counterpart, not a mirror: it imports nothing from src', () => {
  const root = join(process.cwd(), 'demo/okta');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(50);
  const guilty = files.filter((name) => /from '[^']*\/src\//.test(readFileSync(join(root, name), 'utf8')));
  expect(guilty).toEqual([]);
});
