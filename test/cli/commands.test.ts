import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { commandLine, runHere, type CommandLine } from './support.js';

let cli: CommandLine;
beforeAll(async () => {
  cli = await commandLine();
});
afterAll(() => cli.drop());

async function rows(text: string, ...values: readonly unknown[]) {
  const client = new Client({ connectionString: cli.url });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

const FILE = `
tenants:
  - slug: acme
    name: Acme Inc.
    domains: [{ name: acme.example, verified: true }]
    connections:
      - { key: okta, issuer: https://127.0.0.1:9, clientId: 0oa1, clientSecret: { env: ACME_SECRET } }
    roles: [{ key: admin }]
    roleMappings: [{ group: { name: Engineering }, role: admin }]
    applications:
      - { clientId: grafana, redirectUris: ["https://grafana.example/cb"] }
    scimTokens: [{ name: okta }]
`;
const ENV = { ACME_SECRET: 'secret-from-the-environment' };

describe('before the first start', () => {
  test('doctor says that there is no schema yet, and makes none', async () => {
    const { code, stdout } = await cli.run(['doctor', '--json']);
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout);
    expect(checks).toContainEqual({
      id: 'schema',
      status: 'fail',
      detail: expect.stringMatching(/causeway migrate/),
    });
    expect(await rows(`SELECT to_regclass('tenants') AS tenants`)).toEqual([{ tenants: null }]);
  });

  test('audit verify wants a schema', async () => {
    expect(await cli.run(['audit', 'verify'])).toMatchObject({ code: 78, stdout: '' });
  });

  test('token create makes the schema, and prints one token', async () => {
    const { token } = await cli.json([
      'token',
      'create',
      '--system',
      '--role',
      'console:owner',
      '--expires-days',
      '30',
    ]);
    expect(token).toMatch(/^cw_api_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/);
    const [row] = await rows(
      `SELECT t.slug, a.name, a.hash = sha256(convert_to($1, 'UTF8')) AS kept,
      a.expires_at BETWEEN now() + interval '29 days' AND now() + interval '31 days' AS month
      FROM api_tokens a JOIN tenants t ON t.id = a.tenant_id`,
      token,
    );
    expect(row).toEqual({ slug: 'system', name: 'cli', kept: true, month: true });
    const [event] = await rows(`SELECT body FROM audit_events WHERE action = 'api_token.created'`);
    expect(JSON.parse(event.body)).toMatchObject({
      actor: { type: 'operator', id: `cli:${userInfo().username}` },
      details: { role: 'console:owner', name: 'cli' },
    });
    expect(event.body).not.toContain(token);
  });
});

describe('apply', () => {
  test('a dry run tells the plan and makes nothing', async () => {
    const { code, stdout } = await cli.run(['apply', '-f', '-', '--dry-run', '--json'], {
      input: FILE,
      env: ENV,
    });
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer.plan).toContainEqual({
      action: 'create',
      kind: 'connection',
      tenant: 'acme',
      key: 'okta',
      changes: [],
    });
    expect(answer.tenants[0]).toMatchObject({ slug: 'acme', id: null });
    expect(await rows(`SELECT slug FROM tenants WHERE slug = 'acme'`)).toEqual([]);
  });

  test('prints the plan, the addresses, and the secrets that it made', async () => {
    const { code, stdout, stderr } = await cli.run(['apply', '-f', '-', '--json'], { input: FILE, env: ENV });
    expect([code, stderr]).toEqual([0, '']);
    const issuer = 'https://sso.example.com/t/acme';
    expect(JSON.parse(stdout)).toEqual({
      plan: ['tenant', 'connection', 'role', 'application', 'roleMapping', 'scimToken'].map((kind) => ({
        action: 'create',
        kind,
        tenant: 'acme',
        key: expect.any(String),
        changes: [],
      })),
      tenants: [
        {
          slug: 'acme',
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          issuer,
          scimBaseUrl: `${issuer}/scim/v2`,
          connections: [
            {
              key: 'okta',
              redirectUri: `${issuer}/callback/okta`,
              initiateLoginUri: `${issuer}/initiate/okta`,
              postLogoutRedirectUri: `${issuer}/signed-out/okta`,
            },
          ],
          applications: [{ clientId: 'grafana', clientSecret: expect.any(String) }],
          scimTokens: [{ name: 'okta', token: expect.stringMatching(/^cw_scim_/) }],
        },
      ],
    });
  });

  test('the second time there is nothing to do', async () => {
    expect(await cli.run(['apply', '-f', '-'], { input: FILE, env: ENV })).toEqual({
      code: 0,
      stdout: 'Nothing to do.\n',
      stderr: '',
    });
  });

  test('a deletion needs --allow-delete', async () => {
    const input = 'tenants: [{ slug: acme, applications: [] }]';
    const refused = await cli.run(['apply', '-f', '-'], { input });
    expect(refused).toMatchObject({ code: 77, stdout: '' });
    expect(refused.stderr).toMatch(/- acme: application grafana/);
    const planned = await cli.run(['apply', '-f', '-', '--dry-run', '--json'], { input });
    expect(JSON.parse(planned.stdout).plan).toEqual([
      { action: 'delete', kind: 'application', tenant: 'acme', key: 'grafana', changes: [] },
    ]);
    const done = await cli.run(['apply', '-f', '-', '--allow-delete'], { input });
    expect(done).toMatchObject({ code: 0, stdout: '- acme: application grafana\n1 changes made.\n' });
  });

  test('--check probes the upstreams, and a dead one is no failure of apply', async () => {
    const { code, stdout } = await cli.run(['apply', '-f', '-', '--check', '--json'], {
      input: 'tenants: [{ slug: acme }]',
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).checks).toEqual([
      { id: 'upstream:acme/okta', status: 'fail', detail: expect.stringMatching(/^discovery: /) },
    ]);
  });

  test.each<[what: string, input: string, line: string]>([
    ['a fault of form', 'tenants: [{ slug: acme, nmae: x }]', 'tenants[0].nmae: is not known here'],
    [
      'a secret that isn’t there',
      FILE,
      'tenants[0].connections[0].clientSecret.env: the environment variable ACME_SECRET is not set',
    ],
    [
      'a fault of meaning',
      'tenants: [{ slug: acme, signIn: { default: nope } }]',
      "tenants[0].signIn.default: 'nope' is no connection of the tenant",
    ],
    [
      'a fault between tenants',
      'tenants: [{ slug: new, parent: nobody }]',
      "tenants[0].parent: there is no tenant 'nobody'",
    ],
    [
      'no YAML',
      'tenants: [',
      'line 1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('%s: 65, a line that says where', async (_what, input, line) => {
    expect(await cli.run(['apply', '-f', '-'], { input })).toEqual({
      code: 65,
      stdout: '',
      stderr: `${line}\n`,
    });
  });

  test('a file that isn’t there: 65', async () => {
    expect(await cli.run(['apply', '-f', '/nowhere.yaml'])).toMatchObject({ code: 65 });
  });
});

describe('doctor and audit verify', () => {
  test('doctor finds all well, but the upstream that does not answer', async () => {
    const { code, stdout } = await cli.run(['doctor', '--json']);
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout);
    expect(checks.map((check: { id: string; status: string }) => `${check.status} ${check.id}`)).toEqual([
      'ok configuration',
      'ok database',
      'ok clock',
      'ok schema',
      'ok row_security',
      'ok encryption_keys',
      'ok signing_keys',
      'ok role_mapping_pins',
      'fail upstream:acme/okta',
    ]);
    expect(await cli.run(['doctor', '--no-upstreams'])).toMatchObject({ code: 0 });
  });

  test('doctor finds other keys, and a key that is missing', async () => {
    const env = { ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 9).toString('base64')}` };
    const other = await cli.run(['doctor', '--json'], { env });
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout).checks).toContainEqual({
      id: 'encryption_keys',
      status: 'fail',
      detail: expect.stringMatching(/not the keys/),
    });
    await rows(
      `UPDATE signing_keys SET state = 'retiring' WHERE alg = 'ES256' 
        AND tenant_id = (SELECT id FROM tenants WHERE slug = 'acme')`,
    );
    const { stdout } = await cli.run(['doctor', '--no-upstreams']);
    expect(stdout).toMatch(/fail signing_keys: acme: no ES256 key signs/);
    await rows(`UPDATE signing_keys SET state = 'current' WHERE alg = 'ES256'`);
    expect((await cli.run(['doctor', '--no-upstreams'])).stdout).toMatch(/ok +signing_keys/);
    await rows(
      `UPDATE signing_keys SET state_changed_at = now() - interval '91 days' WHERE alg = 'EdDSA'
        AND tenant_id = (SELECT id FROM tenants WHERE slug = 'acme')`,
    );
    const late = await cli.run(['doctor', '--no-upstreams']);
    expect(late.stdout).toMatch(
      /fail signing_keys: no node rotates keys: acme: EdDSA key \S+ is due since \S+Z/,
    );
  });

  test('audit verify is sound, counts what waits, and finds what was changed', async () => {
    const sound = await cli.json(['audit', 'verify', '--tenant', 'acme']);
    expect(sound).toMatchObject({
      checks: [
        { id: 'audit:acme', status: 'ok', verified: 0, unchained: expect.any(Number), firstBadSeq: null },
      ],
    });
    await rows(
      `INSERT INTO audit_chain SELECT tenant_id, 1, id, hash, hash FROM audit_events
        WHERE action = 'role.created'`,
    );
    const { code, stdout } = await cli.run(['audit', 'verify', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({
        tenant: 'acme',
        status: 'fail',
        firstBadSeq: 1,
        detail: expect.stringMatching(/^first bad seq 1: /),
      }),
    );
    await rows('DELETE FROM audit_chain');
  });

  test('migrate has nothing to do, and says so', async () => {
    expect(await cli.json(['migrate'])).toEqual({ migrated: [] });
  });
});

describe('as the shell sees it', () => {
  test('answers on standard output, faults on standard error, exit codes', async () => {
    const done = await cli.spawn(['apply', '-f', '-', '--json'], { input: 'tenants: [{ slug: acme }]' });
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout)).toMatchObject({ plan: [], tenants: [{ slug: 'acme' }] });
    const bad = await cli.spawn(['apply', '-f', '-'], { input: 'tenants: []' });
    expect(bad).toEqual({ code: 65, stdout: '', stderr: 'tenants: must have at least 1 entry\n' });
    expect(await cli.spawn(['apply'])).toMatchObject({ code: 64, stdout: '' });
    expect(await cli.spawn(['start'], { env: { PORT: 'x' } })).toMatchObject({ code: 78, stdout: '' });
  });
});

describe('exit codes', () => {
  test.each<[words: readonly string[], code: number]>([
    [[], 64],
    [['nonsense'], 64],
    [['token'], 64],
    [['token', 'create', '--system'], 64],
    [['token', 'create', '--role', 'console:owner'], 64],
    [['token', 'create', '--system', '--tenant', 'acme', '--role', 'console:owner'], 64],
    [['token', 'create', '--system', '--role', 'console:god'], 64],
    [['token', 'create', '--tenant', 'nobody', '--role', 'console:owner'], 64],
    [['token', 'create', '--system', '--role', 'console:owner', '--expires-days', '0'], 64],
    [['audit', 'verify', '--tenant', 'nobody'], 64],
    [['apply'], 64],
    [['apply', '--file', '-', '--frobnicate'], 64],
    [['--help'], 0],
    [['apply', '--help'], 0],
    [['token', 'create', '--help'], 0],
    [['--version'], 0],
  ])('%j ends with %i', async (words, code) => {
    expect(await cli.run(words)).toMatchObject({ code });
  });

  test('what works on the database alone refuses --url, CAUSEWAY_URL and CAUSEWAY_TOKEN, instead of working here', async () => {
    const url = 'https://sso.example.com';
    for (const [words, env, said] of [
      [['--url', url, '--token', 'cw_api_x'], {}, /works on the database alone/],
      [[], { CAUSEWAY_URL: url, CAUSEWAY_TOKEN: 'cw_api_x' }, /works on the database alone/],
      [[], { CAUSEWAY_URL: url }, /CAUSEWAY_TOKEN/],
      [[], { CAUSEWAY_TOKEN: 'cw_api_x' }, /CAUSEWAY_URL/],
    ] as const) {
      const { code, stderr, stdout } = await cli.run(['keys', 'rewrap', ...words], { env });
      expect([code, stdout]).toEqual([64, '']);
      expect(stderr).toMatch(said);
      expect(stderr).not.toContain('cw_api_x');
    }
  });

  test('78 with a line for every fault of the configuration', async () => {
    const { code, stderr } = await cli.run(['migrate'], {
      env: { PORT: 'x', PUBLIC_URL: 'http://sso.example.com' },
    });
    expect(code).toBe(78);
    expect(stderr.trim().split('\n')).toEqual([
      "PORT: must be a whole number from 1 to 65535, not 'x'",
      'PUBLIC_URL: must be https; http is only for loopback hosts',
    ]);
  });

  test('69 where the database can’t be reached', async () => {
    const env = { DATABASE_URL: 'postgres://nobody:hush-hush@127.0.0.1:1/none' };
    const { code, stderr } = await cli.run(['apply', '-f', '-'], { env, input: 'tenants: [{ slug: acme }]' });
    expect(code).toBe(69);
    expect(stderr).not.toContain('hush-hush');
  });

  test('doctor tells a bad configuration as a finding', async () => {
    const { code, stdout } = await runHere(['doctor', '--json'], { PORT: 'x' });
    expect(code).toBe(1);
    expect(JSON.parse(stdout).checks).toEqual([
      {
        id: 'configuration',
        status: 'fail',
        detail: "PORT: must be a whole number from 1 to 65535, not 'x'",
      },
    ]);
  });
});
