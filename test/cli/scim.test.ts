import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startTestNode, type TestNode } from '../support/node.js';
import { oktaUser, ScimClient } from '../support/scim-client.js';
import { runHere, type Ended } from './support.js';

const TOKEN = 'a-scim-token-of-the-tests-0123456789';
let it: TestNode;
let scim: ScimClient;
let env: Record<string, string>;

beforeAll(async () => {
  it = await startTestNode();
  const connection = { issuer: 'https://acme.okta.com', clientId: '0oa1' };
  await it.apply([
    {
      slug: 'acme',
      connections: [
        { key: 'okta', ...connection },
        { key: 'entra', ...connection, issuer: 'https://other.okta.com' },
      ],
      scimTokens: [
        { name: 'okta-2026', connection: 'okta', token: TOKEN },
        { name: 'entra', connection: 'entra', token: `${TOKEN}-of-entra` },
      ],
    },
  ]);
  scim = new ScimClient(`${it.url}/t/acme/scim/v2`, TOKEN);
  env = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: it.databaseUrl,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PUBLIC_URL: 'https://sso.example.com',
  };
});
afterAll(() => it.stop());

const causeway = (...words: readonly string[]): Promise<Ended> => runHere(['scim', ...words], env);

async function lines(...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await causeway(...words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
}

async function jsonLines(...words: readonly string[]) {
  return (await lines(...words, '--json')).map((line) => JSON.parse(line));
}

async function targets(...words: readonly string[]): Promise<readonly string[]> {
  return (await jsonLines('tail', ...words)).map(({ target }) => target);
}

/** What a command that is used wrongly says. */
async function told(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await causeway(...words);
  expect([code, stdout]).toEqual([64, '']);
  return stderr.trim();
}

async function pushed(): Promise<void> {
  await it.node.scimRecorder.flush();
}

describe('scim tail and scim show', () => {
  test('a request, what it did and what was wrong, in a line each', async () => {
    const made = await scim.post('/Users', oktaUser('ada@acme.example', { nickname2: 'x' }));
    const { id } = made.body as { readonly id: string };
    expect((await scim.post('/Users', oktaUser('ada@acme.example'))).status).toBe(409);
    await pushed();
    const [first, second] = await lines('tail', '--tenant', 'acme');
    expect(first).toMatch(
      new RegExp(`^\\d{4}-\\S+Z {2}[0-9a-f-]{36} {2}201 {2}POST {4}/Users {2}→ User ${id} created`),
    );
    expect(second).toMatch(/ {2}409 {2}POST {4}\/Users {2}! .+/);
  });

  test('JSON, a line each, names connection and token', async () => {
    const [first] = await jsonLines('tail');
    expect(first).toMatchObject({
      at: expect.stringMatching(/Z$/),
      method: 'POST',
      target: '/Users',
      status: 201,
      connection: 'okta',
      token: 'okta-2026',
      effects: [{ action: 'created', resourceType: 'User' }],
    });
    expect(JSON.stringify(first)).not.toContain('1mz050nq');
  });

  test('--limit takes the latest, --connection only those of its tokens', async () => {
    await new ScimClient(scim.baseUrl, `${TOKEN}-of-entra`).get('/Users?count=1');
    await new ScimClient(scim.baseUrl, 'nobody').get('/Users?count=2');
    await pushed();
    expect(await targets()).toEqual(['/Users', '/Users', '/Users?count=1', '/Users?count=2']);
    expect(await targets('--limit', '2')).toEqual(['/Users?count=1', '/Users?count=2']);
    expect(await targets('--connection', 'entra')).toEqual(['/Users?count=1']);
    expect(await targets('--connection', 'okta', '--limit', '1')).toEqual(['/Users']);
  });

  test('show prints all of one request, bodies redacted', async () => {
    const [first] = await jsonLines('tail', '--connection', 'okta');
    const shown = await causeway('show', first.id, '--tenant', 'acme');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^status {6}201$/m);
    expect(shown.stdout).toMatch(/^connection {2}okta$/m);
    expect(shown.stdout).toMatch(/^token {7}okta-2026$/m);
    expect(shown.stdout).toContain('"userName": "ada@acme.example"');
    expect(shown.stdout).not.toContain('1mz050nq');
    const asJson = await causeway('show', first.id, '--json');
    expect(JSON.parse(asJson.stdout)).toEqual(first);
  });

  test('A-101 A-127 text of the request moves no cursor and no direction, in lines and in JSON', async () => {
    const nasty = 'x\u001b[31m\u009b2J\u202eevil\r\nFORGED';
    await scim.post('/Users', oktaUser('nasty@acme.example', { displayName: nasty, [nasty]: 1 }));
    await scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${nasty}"`)}`, {
      'user-agent': 'a\u009bb',
    });
    await pushed();
    const latest = await jsonLines('tail', '--limit', '2');
    const outputs = [
      await lines('tail', '--limit', '2'),
      await lines('tail', '--limit', '2', '--json'),
      ...(await Promise.all(latest.map(({ id }) => lines('show', id)))),
      ...(await Promise.all(latest.map(({ id }) => lines('show', id, '--json')))),
    ];
    for (const output of outputs)
      // oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
      for (const line of output) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(outputs[0]).toHaveLength(2);
    expect(latest[0].request.displayName).toBe(nasty);
  });

  test('an unknown tenant, connection, request or number is told: 64', async () => {
    const nobody = '019ab3c4-5d6e-7f80-9123-456789abcdef';
    expect(await told('tail', '--tenant', 'nope')).toBe("there is no tenant 'nope'");
    expect(await told('tail', '--connection', 'nope')).toBe("'nope' is no connection of the tenant");
    expect(await told('tail', '--limit', '0')).toMatch(/--limit/);
    expect(await told('tokens', '--tenant', 'nope')).toBe("there is no tenant 'nope'");
    expect(await told('show', nobody)).toContain(nobody);
    expect(await told('show', "'; --")).toMatch(/no SCIM request/);
    await it.apply([{ slug: 'globex' }]);
    expect(await told('tail')).toMatch(/--tenant SLUG/);
    const [of] = await jsonLines('tail', '--tenant', 'acme');
    expect(await told('show', of.id, '--tenant', 'globex')).toMatch(/no SCIM request/);
  });

  test.each([['tail'], ['show'], ['tokens']])('%s --help tells its options', async (command) => {
    const { code, stdout } = await causeway(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--tenant <slug>');
  });
});

test('scim tail --follow tells what comes, once, and ends well by SIGINT', async () => {
  const words = ['--import', 'tsx', 'src/main.ts', 'scim', 'tail', '--tenant', 'acme', '--follow'];
  const child = spawn(process.execPath, [...words, '--limit', '1', '--json'], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  const seen = () =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).target);
  const until = async (count: number): Promise<void> => {
    for (let tries = 0; seen().length < count && tries < 600; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await until(1);
  await scim.get('/Users?count=7');
  await pushed();
  await until(2);
  await scim.get('/Users?count=8');
  await pushed();
  await until(3);
  child.kill('SIGINT');
  expect([await ended, stderr]).toEqual([0, '']);
  expect(seen().slice(1)).toEqual(['/Users?count=7', '/Users?count=8']);
}, 120_000);

describe('scim tokens', () => {
  test('tells when they were last used, and neither value nor hash', async () => {
    await pushed();
    const { code, stdout } = await causeway('tokens', '--tenant', 'acme', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      scimTokens: ['entra', 'okta-2026'].map((name) => ({
        name,
        connection: name.replace('-2026', ''),
        createdAt: expect.stringMatching(/Z$/),
        expiresAt: null,
        lastUsedAt: expect.stringMatching(/Z$/),
      })),
    });
    const people = await lines('tokens', '--tenant', 'acme');
    expect(people[1]).toMatch(
      /^okta-2026 {2}connection okta {2}created \S+ {2}never expires {2}last used \S+Z$/,
    );
    expect(stdout + people.join()).not.toContain(TOKEN);
  });

  test('one that was never used says so', async () => {
    const client = new Client({ connectionString: it.databaseUrl });
    await client.connect();
    await client.query('UPDATE scim_tokens SET last_used_at = NULL');
    await client.end();
    expect((await lines('tokens', '--tenant', 'acme'))[0]).toMatch(/never used$/);
    expect(await lines('tokens', '--tenant', 'globex')).toEqual(['The tenant has no SCIM tokens.']);
  });
});
