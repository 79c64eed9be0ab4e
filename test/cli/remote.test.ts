import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { apiClient, type ApiClient } from '../support/api.js';
import { startTestNode, type TestNode } from '../support/node.js';
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
