import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { apiClient, type ApiClient } from '../support/api.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { idOf } from '../scim/http/stage.js';
import { Ledger } from '../support/ledger.js';
import { oktaUser, ScimClient } from '../support/scim-client.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
const OKTA_SECRET = 'secret-of-the-okta-app-0123456789';
const FILE = `
tenants:
  - slug: acme
    name: Acme Inc.
    domains: [{ name: acme.example, verified: true }]
    connections:
      - { key: okta, issuer: https://acme.okta.com, clientId: 0oa1, clientSecret: { env: OKTA_SECRET }, status: enforced }
    roles: [{ key: admin, name: Administrator }, { key: viewer }]
    roleMappings: [{ group: { name: Engineering }, role: admin }]
    apis: [{ identifier: https://api.acme.example, scopes: [{ name: read }] }]
    applications:
      - { clientId: grafana, type: web, grantTypes: [authorization_code, device_code], redirectUris: [https://grafana.acme.example/cb], deviceWebhookUri: https://grafana.acme.example/device }
    scimTokens: [{ name: okta, connection: okta }]
---
tenants:
  - { slug: globex, name: Globex, connections: [{ key: okta, issuer: https://globex.okta.com, clientId: 0oa2, clientSecret: { env: OKTA_SECRET } }] }
`;

let node: TestNode;
let owner: ApiClient;

beforeAll(async () => {
  node = await startTestNode({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  owner = await apiClient(node);
});
afterAll(() => node.stop());

type Variables = Readonly<Record<string, string>>;

/** The command on a machine that knows nothing of the deployment but its address and a token. */
const afar = (words: readonly string[], input = '', env: Variables = {}): Promise<Ended> =>
  runHere(words, { CAUSEWAY_URL: node.url, CAUSEWAY_TOKEN: owner.token ?? '', ...env }, input);

/** The command where the deployment is configured. */
const here = (words: readonly string[], input = '', env: Variables = {}): Promise<Ended> =>
  runHere(
    words,
    {
      DATABASE_URL: node.databaseUrl,
      ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
      PUBLIC_URL: node.url,
      ...env,
    },
    input,
  );

const json = async (ended: Promise<Ended>): Promise<Record<string, never>> => {
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

const apply = ['apply', '-f', '-'];

describe('apply and export from elsewhere', () => {
  test('make what the file says, and say what the command says where the deployment is', async () => {
    const env = { OKTA_SECRET };
    const planned = await json(afar([...apply, '--dry-run', '--json'], FILE, env));
    expect(planned).toEqual(await json(here([...apply, '--dry-run', '--json'], FILE, env)));
    expect((await afar([...apply, '--dry-run'], FILE, env)).stdout).toBe(
      (await here([...apply, '--dry-run'], FILE, env)).stdout,
    );
    const { code, stdout } = await afar(apply, FILE, env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\+ acme: tenant$/m);
    expect(stdout).toContain(
      `Redirect URI of acme / okta, for the upstream: ${node.url}/t/acme/callback/okta`,
    );
    expect(stdout).toMatch(/^Client secret of acme \/ grafana, shown this once: \S{16,}$/m);
    expect(stdout).toMatch(/^SCIM token of acme \/ okta, shown this once: cw_scim_\S+$/m);
    expect(stdout).not.toContain(OKTA_SECRET);
    for (const words of [apply, [...apply, '--dry-run']])
      for (const where of [afar, here])
        expect((await where(words, FILE, env)).stdout).toBe('Nothing to do.\n');
  });

  test('what is exported here or there changes nothing, here or there', async () => {
    for (const words of [
      ['export'],
      ['export', '--json'],
      ['export', '--tenant', 'acme', '--secrets', 'env'],
    ]) {
      const [there, local] = [await afar(words), await here(words)];
      expect(there).toEqual(local);
      expect(there.stdout).not.toContain(OKTA_SECRET);
    }
    const exported = (await afar(['export'])).stdout;
    for (const where of [afar, here])
      expect((await where([...apply, '--dry-run'], exported)).stdout).toBe('Nothing to do.\n');
    const named = (await afar(['export', '--secrets', 'env', '--tenant', 'acme'])).stdout;
    expect(named).toMatch(/^# ACME_OKTA_CLIENT_SECRET$/m);
    expect(await afar(['export', '--tenant', 'nobody'])).toMatchObject({ code: 64, stdout: '' });
  });

  test('secrets are looked up on the machine of the command, and never on the server', async () => {
    process.env['CAUSEWAY_TEST_SECRET'] = 'a-secret-of-the-server-0123456789';
    const file = FILE.replaceAll('OKTA_SECRET', 'CAUSEWAY_TEST_SECRET');
    try {
      const unset = await afar(apply, file);
      expect(unset).toMatchObject({ code: 65, stdout: '' });
      expect(unset.stderr).toContain(
        'document 1: tenants[0].connections[0].clientSecret.env: the environment variable CAUSEWAY_TEST_SECRET is not set',
      );
      const body = {
        tenants: [
          { slug: 'acme', connections: [{ key: 'okta', clientSecret: { env: 'CAUSEWAY_TEST_SECRET' } }] },
        ],
      };
      const refused = await owner.post('/configuration/apply', body);
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({
        code: 'invalid_body',
        errors: [{ pointer: '/tenants/0/connections/0/clientSecret/env' }],
      });
    } finally {
      delete process.env['CAUSEWAY_TEST_SECRET'];
    }
    const changed = 'another-secret-of-the-app-0123456789';
    const { stdout, stderr, code } = await afar(apply, FILE, { OKTA_SECRET: changed });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('~ acme: connection okta: clientSecret');
    expect(stdout).not.toContain(changed);
  });

  test('faults are told as the file has them, a line each, and deletions need --allow-delete', async () => {
    const bad = `
tenants: [{ slug: initech, connections: [{ key: okta, issuer: https://initech.okta.com }] }]
---
tenants: [{ slug: acme, defaultRole: none, roleMappings: [{ group: { name: A }, role: none }] }]
`;
    const [there, local] = [await afar(apply, bad), await here(apply, bad)];
    expect(there).toMatchObject({ code: 65, stdout: '' });
    expect(there.stderr.split('\n').toSorted()).toEqual(local.stderr.split('\n').toSorted());
    expect(there.stderr).toMatch(/^document 2: tenants\[0\]\.roleMappings\[0\]/m);
    const fewer = 'tenants: [{ slug: acme, roles: [], roleMappings: [] }]';
    const kept = await afar(apply, fewer);
    expect(kept).toEqual(await here(apply, fewer));
    expect(kept.code).toBe(77);
    expect(kept.stderr).toMatch(/- acme: role admin/);
    expect((await afar([...apply, '--allow-delete'], fewer)).code).toBe(0);
    expect((await here([...apply, '--allow-delete'], fewer)).stdout).toBe('Nothing to do.\n');
  });
});

const of = (...words: readonly string[]): readonly string[] => [...words, '--tenant', 'hooli'];

/** Both ways of asking answer alike, for people and for machines. */
const alike = async (...words: readonly string[]): Promise<string> => {
  const [there, local] = [await afar(of(...words)), await here(of(...words))];
  expect(there).toEqual(local);
  expect(there.code).toBe(0);
  expect(await json(afar(of(...words, '--json')))).toEqual(await json(here(of(...words, '--json'))));
  return there.stdout;
};

describe('a tenant from elsewhere', () => {
  const SCIM_TOKEN = 'a-scim-token-of-hooli-0123456789-0123456789';
  const HOOLI = `
tenants:
  - slug: hooli
    connections: [{ key: okta, issuer: https://hooli.okta.com, clientId: 0oa1, status: enforced }]
    roles: [{ key: admin }, { key: viewer }]
    applications: [{ clientId: grafana, redirectUris: [https://grafana.hooli.example/cb], consent: true }]
    scimTokens: [{ name: okta, token: { env: SCIM_TOKEN } }]
`;
  let ledger: Ledger;
  let ada: string;

  beforeAll(async () => {
    ledger = await Ledger.open(node.databaseUrl);
    expect((await afar(apply, HOOLI, { SCIM_TOKEN })).code).toBe(0);
    const scim = new ScimClient(`${node.url}/t/hooli/scim/v2`, SCIM_TOKEN);
    ada = idOf(await scim.post('/Users', oktaUser('ada@hooli.example')));
    await scim.post('/Users', oktaUser('ada@hooli.example.org'));
    await scim.post('/Users', { userName: 7 });
    await ledger.rows(
      `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, ip, user_agent,
          absolute_expires_at, expires_at)
        SELECT tenant_id, 'uid-of-ada', sha256('cookie'), id, connection_id, '{}', '192.0.2.1', E'Browser\\x1b[2J',
          now() + interval '1 day', now() + interval '1 hour' FROM users WHERE id = $1`,
      [ada],
    );
    await ledger.rows(
      `INSERT INTO consents (tenant_id, user_id, application_id, scopes)
        SELECT u.tenant_id, u.id, a.id, '{openid,email}' FROM users u
        JOIN applications a ON a.tenant_id = u.tenant_id AND a.client_id = 'grafana' WHERE u.id = $1`,
      [ada],
    );
  });
  afterAll(() => ledger.close());

  test('is looked at as where it is configured', async () => {
    expect(await alike('sessions', 'list', '--user', 'ADA@hooli.example')).toMatch(/ada@hooli\.example/);
    expect(await alike('consents', 'list')).toContain('openid, email');
    expect(await alike('consents', 'list', '--user', ada, '--application', 'grafana')).toContain(ada);
    expect(await alike('claims', 'preview', '--application', 'grafana', '--user', ada)).toContain(
      'ID token: {',
    );
    expect(await alike('keys', 'list')).toContain('ID Tokens of grafana');
    expect(await alike('deliveries', 'list')).toContain('no such deliveries');
    expect(await alike('roles', 'list')).toContain('no such direct assignments');
    await node.node.scimRecorder.flush();
    const tail = (await afar(of('scim', 'tail'))).stdout;
    expect(tail).toBe((await here(of('scim', 'tail'))).stdout);
    const lines = tail.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/  400  POST .*  ! /);
    const [, id = ''] = lines[2]?.split('  ') ?? [];
    expect(await alike('scim', 'show', id)).toContain('token       okta');
    const [, , last = ''] = (await afar(of('scim', 'tail', '--json'))).stdout.split('\n');
    const {
      request: _,
      response: __,
      ...facts
    } = JSON.parse((await here(of('scim', 'tail', '--limit', '1', '--json'))).stdout);
    expect(JSON.parse(last)).toEqual(facts);
  });

  test('roles are given, explained and taken, and each is told as what it was', async () => {
    const ofAda = ['--user', 'ada@hooli.example', '--role', 'admin', '--application', 'grafana'];
    const change = async (...words: readonly string[]) =>
      (await afar(of('roles', ...words, ...ofAda))).stdout;
    expect(await change('assign')).toBe('ada@hooli.example has admin in grafana now.\n');
    expect(await change('assign')).toMatch(/^Nothing to do/);
    expect(await alike('roles', 'list', '--role', 'admin')).toContain(`(${ada})`);
    const [there, local] = [
      await afar(of('roles', 'explain', ...ofAda)),
      await here(of('roles', 'explain', ...ofAda)),
    ];
    expect(there).toEqual(local);
    expect(there.stdout).toContain('given directly by an operator');
    expect(await change('unassign')).toMatch(/^ada@hooli\.example is given admin in grafana no more/);
    expect(await change('unassign')).toMatch(/^Nothing to do/);
    const console = ['--user', ada, '--role', 'console:owner'];
    const admin = await apiClient(node, { tenant: 'hooli', role: 'console:admin' });
    const env = { CAUSEWAY_TOKEN: admin.token ?? '' };
    expect(await afar(['roles', 'assign', ...console], '', env)).toMatchObject({ code: 77, stdout: '' });
  });

  test('consents and sessions end, keys turn, and dead letters are asked for', async () => {
    expect((await afar(of('consents', 'revoke', '--application', 'grafana'))).code).toBe(64);
    const withdrawn = await json(afar(of('consents', 'revoke', '--user', ada, '--json')));
    expect(withdrawn).toEqual({ consents: 1, grants: 0 });
    expect((await afar(of('sessions', 'end', '--all'))).stderr).toContain('in tenant hooli');
    expect((await afar(of('sessions', 'end', '--session', 'nobody'))).code).toBe(64);
    expect((await afar(of('sessions', 'end', '--user', ada))).stdout).toBe('Ended 1 session and 0 grants.\n');
    expect((await afar(of('sessions', 'end', '--all', '--yes'))).stdout).toBe(
      'Ended 0 sessions and 0 grants.\n',
    );
    expect((await afar(of('deliveries', 'retry', '--all'))).stdout).toMatch(/^Nothing to do/);
    const rotated = await afar(of('keys', 'rotate', '--alg', 'RS256'));
    expect(rotated.stderr).toBe('');
    expect(rotated.stdout).toMatch(/^hooli {2}RS256 {2}\S+ is published.*, signs from \d{4}-/);
    expect(
      (await alike('keys', 'list', '--alg', 'RS256')).split('\n').filter((line) => line !== ''),
    ).toHaveLength(2);
    expect((await afar(of('keys', 'retire', '--emergency'))).code).toBe(64);
    const turn = of('secrets', 'rotate', '--application', 'grafana', '--overlap', '60');
    const made = await afar(turn);
    expect(made.stdout).toMatch(/^\S{16,}\n$/);
    expect(made.stderr).toMatch(/^The secret of before works until \d{4}-/);
    expect((await here(of('secrets', 'list'))).stdout.trim().split('\n')).toHaveLength(2);
    expect((await afar([...turn, '--application', 'nobody'])).code).toBe(64);
  });

  test('tokens are made, listed and revoked; who has none of the tenant’s own sees another’s as none', async () => {
    const made = [
      'token',
      'create',
      '--role',
      'console:read-only',
      '--name',
      'auditor',
      '--expires-days',
      '1',
    ];
    const { token = '' } = await json(afar([...of(...made), '--json']));
    expect(token).toMatch(/^cw_api_/);
    const env = { CAUSEWAY_TOKEN: token };
    // Its own tenant is the only one that it is good for.
    expect((await afar(['sessions', 'list'], '', env)).stdout).toBe('There are no such sessions.\n');
    expect((await afar(['sessions', 'list'])).stderr).toContain('--tenant SLUG');
    expect(await afar(['sessions', 'list', '--tenant', 'acme'], '', env)).toMatchObject({ code: 64 });
    expect(await afar(['sessions', 'end', '--user', ada], '', env)).toMatchObject({ code: 77, stdout: '' });
    const line =
      (await afar(of('token', 'list'))).stdout.split('\n').find((one) => one.includes('auditor')) ?? '';
    expect(line).toMatch(
      / {2}auditor {2}console:read-only {2}created \S+ by operator:token:\S+ {2}expires \S+ {2}last used /,
    );
    expect((await here(of('token', 'list'))).stdout).toContain(line);
    const [id = ''] = line.split(' ');
    expect((await afar(of('token', 'revoke', id))).code).toBe(0);
    expect((await afar(of('token', 'revoke', id))).code).toBe(64);
    expect(await afar(['sessions', 'list'], '', env)).toMatchObject({ code: 77, stdout: '' });
    const other = await json(here([...of(...made), '--json']));
    const shown =
      (await here(of('token', 'list'))).stdout.split('\n').find((one) => one.includes('auditor')) ?? '';
    expect((await here(of('token', 'revoke', shown.split(' ')[0] ?? ''))).stderr).toMatch(/^Revoked/);
    expect(await afar(['sessions', 'list'], '', { CAUSEWAY_TOKEN: other['token'] ?? '' })).toMatchObject({
      code: 77,
    });
  });

  test('what has no operation refuses, and touches nothing here', async () => {
    for (const words of [
      ['start', '--url', node.url],
      ['migrate'],
      ['keys', 'rewrap'],
      ['keys', 'rotate', '--all-tenants'],
      ['token', 'create', '--tenant', 'hooli', '--initial-access'],
      ['apply', '-f', '-', '--check'],
    ])
      expect(await afar(words, HOOLI)).toMatchObject({ code: 64, stdout: '' });
  });
});

describe('what goes wrong on the way', () => {
  const HUSH = 'cw_api_hush-hush-token-that-nobody-may-read';

  test.each([
    ['an unknown token', {}, 77, /unknown, expired, or was taken back/],
    ['nobody there', { CAUSEWAY_URL: 'http://127.0.0.1:1' }, 69, /127\.0\.0\.1 refused the connection/],
    ['a name that is none', { CAUSEWAY_URL: 'https://nobody.invalid' }, 69, /nobody\.invalid/],
    ['http beyond this machine', { CAUSEWAY_URL: 'http://sso.example.com' }, 64, /https/],
    ['another scheme', { CAUSEWAY_URL: 'ftp://sso.example.com' }, 64, /https/],
    ['no address', { CAUSEWAY_URL: 'sso.example.com' }, 64, /no address/],
    [
      'a password in the address',
      { CAUSEWAY_URL: 'https://me:hush-hush@sso.example.com' },
      64,
      /host and a path/,
    ],
    ['a token of two lines', { CAUSEWAY_TOKEN: `${HUSH}\r\nX-Evil: 1` }, 64, /--token/],
    ['a token without an address', { CAUSEWAY_URL: '' }, 64, /CAUSEWAY_URL/],
  ] as const)('%s', async (_case, env, code, said) => {
    for (const words of [
      ['apply', '-f', '-'],
      ['sessions', 'list'],
    ]) {
      const ended = await afar(words, FILE, { CAUSEWAY_TOKEN: HUSH, OKTA_SECRET, ...env });
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(said);
      expect(ended.stderr).not.toMatch(/hush-hush|X-Evil|okta-app/);
    }
  });

  test('what answers otherwise than a management API: no word of it reaches the terminal', async () => {
    const session = {
      id: 'a',
      userId: '01a20344-f675-70bb-9f76-3145696c5025',
      userName: 'ada',
      connection: null,
      applications: [],
      createdAt: '2026-11-22T10:00:00.000Z',
      expiresAt: '2026-11-22T10:00:00.000Z',
      ip: null,
      userAgent: null,
      ended: null,
    };
    const page = (more: object): string => JSON.stringify({ items: [{ ...session, ...more }], next: null });
    const nasty = '\u001b[2J\u009b1A\u202e';
    const type = { 'content-type': 'application/json' };
    const answers = [
      [301, { location: 'https://elsewhere.example/' }, ''],
      [200, { 'content-type': 'text/html' }, '<h1>\u001b[2J</h1>'],
      [200, type, JSON.stringify({ items: [{ id: nasty }], next: null })],
      [200, type, page({ createdAt: `2026-11-22 (${nasty})` })],
      [200, type, page({ id: nasty, userName: nasty, connection: nasty, applications: [nasty], ip: nasty })],
      [
        500,
        { 'content-type': 'application/problem+json' },
        '{"code":"x","detail":"d\\u001b[2J","requestId":"r"}',
      ],
    ] as const;
    const codes: (number | null)[] = [];
    for (const [status, headers, body] of answers) {
      const server = createServer((_request, response) => void response.writeHead(status, headers).end(body));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const env = { CAUSEWAY_URL: `http://127.0.0.1:${port}/` };
      const ended = await afar(['sessions', 'list', '--tenant', 'acme'], '', env);
      await new Promise((resolve) => server.close(resolve));
      codes.push(ended.code);
      const shown = `${ended.stdout}${ended.stderr}`;
      for (const word of ['\u001b', '\u009b', '\u202e', 'elsewhere']) expect(shown).not.toContain(word);
    }
    expect(codes).toEqual([69, 69, 69, 69, 0, 70]);
  });

  test('no name leads to another address', async () => {
    for (const name of ['..', '.', ''])
      expect(await afar(['token', 'revoke', name, '--tenant', 'acme'])).toMatchObject({ code: 64 });
    const climbing = await afar(['sessions', 'list', '--tenant', '../acme']);
    expect(climbing).toMatchObject({ code: 64, stdout: '' });
  });
});
