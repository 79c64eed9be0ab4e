import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { commandLine, type CommandLine } from './support.js';

let cli: CommandLine;
beforeAll(async () => {
  cli = await commandLine();
  await cli.json(['apply', '-f', '-'], FILE);
});
afterAll(() => cli.drop());

const FILE = `
tenants:
  - slug: acme
    name: Acme Inc.
    apis:
      - { identifier: "https://api.acme.example", scopes: [{ name: read }, { name: write }] }
`;
const API = 'https://api.acme.example';

async function rows(text: string, ...values: readonly unknown[]) {
  const client = new Client({ connectionString: cli.url });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

const create = (...words: readonly string[]): readonly string[] => [
  'token',
  'create',
  '--tenant',
  'acme',
  '--initial-access',
  ...words,
];

describe('A-64: a token for registering applications', () => {
  test('lets services register, unless said otherwise; only its hash is kept', async () => {
    const { token } = await cli.json(create('--name', 'bots', '--expires-in', '3600'));
    expect(token).toMatch(/^cw_iat_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/);
    const [row] = await rows(
      `SELECT name, settings, expires_at BETWEEN now() + interval '59 minutes' AND now() + interval '61 minutes' AS hour
      FROM initial_access_tokens WHERE hash = sha256(convert_to($1, 'UTF8'))`,
      token,
    );
    expect(row).toEqual({
      name: 'bots',
      settings: { types: ['service'], grants: ['client_credentials'], apis: [], scopes: null },
      hour: true,
    });
    const [event] = await rows(`SELECT body FROM audit_events WHERE action = 'initial_access_token.created'`);
    expect(JSON.parse(event.body)).toMatchObject({
      actor: { type: 'operator', id: `cli:${userInfo().username}` },
      details: { name: 'bots', types: ['service'] },
    });
    expect(event.body).not.toContain(token);
  });

  test('has the bounds that are named, and the grants of its types', async () => {
    await cli.json(create('--type', 'web,spa', '--api', API, '--scope', 'read', '--name', 'apps'));
    const { initialAccessTokens } = await cli.json(['token', 'list', '--tenant', 'acme']);
    expect(initialAccessTokens).toContainEqual({
      id: expect.any(String),
      name: 'apps',
      bounds: {
        types: ['web', 'spa'],
        grants: ['authorization_code', 'refresh_token'],
        apis: [API],
        scopes: ['read'],
      },
      createdAt: expect.any(String),
      expiresAt: null,
      lastUsedAt: null,
    });
  });

  test('is listed without its value, and revoked by its id', async () => {
    const { token } = await cli.json(create('--name', 'short-lived', '--grant', 'client_credentials'));
    const listed = await cli.run(['token', 'list', '--tenant', 'acme']);
    expect(listed.stdout).not.toContain(token);
    const line = listed.stdout.split('\n').find((one) => one.includes('short-lived')) ?? '';
    expect(line).toMatch(/registers service with client_credentials .* never expires {2}never used$/);
    const [id = ''] = line.split(' ');
    const revoked = await cli.run(['token', 'revoke', id, '--tenant', 'acme']);
    expect([revoked.code, revoked.stdout]).toEqual([0, '']);
    expect((await cli.run(['token', 'list', '--tenant', 'acme'])).stdout).not.toContain('short-lived');
    const again = await cli.run(['token', 'revoke', id, '--tenant', 'acme']);
    expect(again).toMatchObject({ code: 64, stdout: '' });
    const events = await rows(`SELECT body FROM audit_events WHERE action = 'initial_access_token.deleted'`);
    expect(events.map(({ body }) => JSON.parse(body).target)).toEqual([`initial_access_token:${id}`]);
  });

  test.each([
    ['an unknown type', ['--type', 'web,robot'], /--type must be/],
    ['an unknown grant', ['--grant', 'password'], /--grant must be/],
    ['an unknown API', ['--api', 'https://nobody.example'], /no API of the tenant/],
    ['a scope of no such API', ['--scope', 'read'], /no scope of those APIs/],
    ['a role', ['--role', 'console:owner'], /no --role/],
    ['all tenants', ['--system'], /one tenant/],
    ['no time', ['--expires-in', '0'], /--expires-in/],
    ['two times', ['--expires-in', '60', '--expires-days', '1'], /not both/],
  ])('%s is refused', async (_case, words, line) => {
    const { code, stdout, stderr } = await cli.run(create(...words));
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(line);
  });

  test('revoking what is none is refused', async () => {
    expect(await cli.run(['token', 'revoke', 'x', '--tenant', 'acme'])).toMatchObject({ code: 64 });
  });

  test('without --initial-access a role is needed', async () => {
    expect((await cli.run(['token', 'create', '--system'])).stderr).toMatch(/--role/);
  });
});
