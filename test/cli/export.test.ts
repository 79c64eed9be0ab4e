import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { TenantEntry } from '../../src/management/contract/apply-file.js';
import { arbitraryTenant } from '../support/arbitrary-tenants.js';
import { Ledger } from '../support/ledger.js';
import { commandLine, type CommandLine } from './support.js';

let here: CommandLine;
let there: CommandLine;
beforeAll(async () => {
  [here, there] = await Promise.all([commandLine(), commandLine()]);
});
afterAll(async () => {
  await here.drop();
  await there.drop();
});

type Plain = Readonly<Record<string, unknown>>;

/** Values of secrets, which no export may hold. */
const SECRET = /secret-of-16|token-of-/;

const secret = (value: string | null | undefined): unknown =>
  value === null || value === undefined ? value : { value };

const withSecrets = (entry: Plain): Plain =>
  Object.fromEntries(
    Object.entries(entry).map(([name, value]) =>
      ['clientSecret', 'secondarySecret', 'token'].includes(name)
        ? [name, secret(value as string | null)]
        : [name, value],
    ),
  );

/** A document as an operator would write it. */
function fileOf({ path: _path, ...tenant }: DesiredTenant): string {
  const { connections = [], applications = [], scimTokens = [] } = tenant;
  return JSON.stringify({
    tenants: [
      {
        ...tenant,
        connections: connections.map((entry) => withSecrets({ ...entry })),
        applications: applications.map((entry) => withSecrets({ ...entry })),
        scimTokens: scimTokens.map((entry) => withSecrets({ ...entry })),
      },
    ],
  });
}

const apply = async (at: CommandLine, input: string, env: Readonly<Record<string, string>> = {}) => {
  const ended = await at.run(['apply', '-f', '-', '--allow-delete', '--json'], { input, env });
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  return JSON.parse(ended.stdout).plan as unknown[];
};

const exported = async (at: CommandLine, ...words: readonly string[]): Promise<string> => {
  const ended = await at.run(['export', ...words]);
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  expect(ended.stdout).not.toMatch(SECRET);
  return ended.stdout;
};

/** Connections of these keys, made one after the other; the export then. */
async function madeInTurn(at: CommandLine, ...keys: readonly string[]): Promise<string> {
  for (const count of keys.keys()) {
    const connections = keys
      .slice(0, count + 1)
      .map((key) => ({ key, issuer: `https://${key}.okta.com`, clientId: '0oa1' }));
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await apply(at, JSON.stringify({ tenants: [{ slug: 'aged', connections }] }));
  }
  return exported(at, '--tenant', 'aged');
}

/** A value for each environment variable that a file names. */
const variablesOf = (file: string): Record<string, string> =>
  Object.fromEntries(
    [...file.matchAll(/env: (\w+)/g)].map(([, name = '']) => [name, `value-of-${name}-0123456789`]),
  );

const LISTS = [
  'connections',
  'applications',
  'roles',
  'roleMappings',
  'apis',
  'accessPolicies',
  'scimTokens',
  'grants',
] as const;

/** Secrets that nobody else knows before they are told: each deployment makes its own. */
const MADE_ANEW: ReadonlySet<string> = new Set(['deviceWebhookSecret']);

const EMPTY = JSON.stringify({
  tenants: [
    {
      slug: 'acme',
      domains: [],
      signIn: { default: null },
      defaultRole: null,
      ...Object.fromEntries(LISTS.map((list) => [list, []])),
    },
  ],
});

describe('an export', () => {
  test('of anything changes nothing where it comes from, and makes the same elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTenant('acme'), async (tenant) => {
        // What a file leaves out stays as an earlier one made it: each run begins with nothing.
        await apply(there, EMPTY);
        await apply(here, fileOf(tenant));
        const yaml = await exported(here, '--tenant', 'acme');
        expect(await apply(here, yaml)).toEqual([]);
        expect(await apply(here, await exported(here, '--tenant', 'acme', '--json'))).toEqual([]);
        const named = await exported(here, '--tenant', 'acme', '--secrets', 'env');
        await apply(there, named, variablesOf(named));
        expect(await exported(there, '--tenant', 'acme')).toBe(yaml);
        expect(await exported(there, '--tenant', 'acme', '--secrets', 'env')).toBe(named);
      }),
      { numRuns: 5 },
    );
  }, 280_000);

  test('holds every member that a file may have: none can be forgotten', async () => {
    await apply(here, FULL);
    const [tenant] = parse(await exported(here, '--tenant', 'full', '--secrets', 'env')).tenants;
    expect(Object.keys(tenant).toSorted()).toEqual(Object.keys(TenantEntry.properties).toSorted());
    for (const list of LISTS) {
      const { properties } = (TenantEntry.properties[list] as unknown as { items: { properties: Plain } })
        .items;
      const expected = Object.keys(properties).filter((member) => !MADE_ANEW.has(member));
      expect([list, Object.keys(tenant[list][0]).toSorted()]).toEqual([list, expected.toSorted()]);
    }
  });

  test('names a variable for each secret, and says which to set', async () => {
    await apply(here, FULL);
    const file = await exported(here, '--tenant', 'full', '--secrets', 'env');
    const named = Object.keys(variablesOf(file));
    expect(named).toEqual([
      'FULL_OKTA_CLIENT_SECRET',
      'FULL_OKTA_SECONDARY_SECRET',
      'FULL_GRAFANA_CLIENT_SECRET',
      'FULL_GRAFANA_SECONDARY_SECRET',
      'FULL_OKTA_TOKEN',
    ]);
    for (const name of named) expect(file.slice(0, file.indexOf('tenants:'))).toContain(`# ${name}`);
  });

  test('is the same whatever was made first', async () => {
    expect(await madeInTurn(there, 'okta', 'entra')).toBe(await madeInTurn(here, 'entra', 'okta'));
  });

  test('leaves out what machines have registered; for another deployment also what names it', async () => {
    const ledger = await Ledger.open(here.url);
    await apply(here, MACHINES);
    await ledger.rows(`UPDATE applications SET source = 'registration' WHERE client_id = 'bot'`);
    await ledger.close();
    const yaml = await exported(here, '--tenant', 'machines');
    const [same] = parse(yaml).tenants;
    expect(same.applications.map(({ clientId }: { clientId: string }) => clientId)).toEqual(['grafana']);
    expect(same.accessPolicies).toMatchObject([{ clients: ['bot', 'grafana'] }]);
    expect(await apply(here, yaml)).toEqual([]);
    const named = await exported(here, '--tenant', 'machines', '--secrets', 'env');
    expect(parse(named).tenants[0].accessPolicies).toMatchObject([{ clients: ['grafana'] }]);
    await apply(there, named, variablesOf(named));
  });

  test('of all holds every tenant but the deployment’s own, MSPs before their customers', async () => {
    await apply(
      there,
      JSON.stringify({ tenants: [{ slug: 'zeta-msp' }, { slug: 'alpha', parent: 'zeta-msp' }] }),
    );
    const slugs = parse(await exported(there)).tenants.map(({ slug }: { slug: string }) => slug);
    expect(slugs).not.toContain('system');
    expect(slugs.indexOf('zeta-msp')).toBeLessThan(slugs.indexOf('alpha'));
  });

  test.each([
    [['--tenant', 'nobody'], "there is no tenant 'nobody'"],
    [['--secrets', 'value'], "--secrets takes 'env'"],
  ])('%j is refused', async (words, message) => {
    const { code, stdout, stderr } = await here.run(['export', ...words]);
    expect([code, stdout, stderr.trim()]).toEqual([64, '', message]);
  });
});

const FULL = `
tenants:
  - slug: full
    domains: [{ name: full.example, verified: true, connection: okta }]
    signIn: { default: okta }
    connections:
      - key: okta
        issuer: https://full.okta.com
        clientId: 0oa1
        clientSecret: { value: first-secret-of-16 }
        secondarySecret: { value: second-secret-of-16 }
    roles: [{ key: admin, name: Administrator }]
    roleMappings: [{ group: { name: Eng }, role: admin }]
    apis: [{ identifier: "https://api.full.example", scopes: [{ name: read }] }]
    accessPolicies: [{ api: "https://api.full.example", clients: all, grants: [client_credentials], scopes: [read] }]
    applications:
      - clientId: grafana
        redirectUris: ["https://grafana.full.example/cb"]
        clientSecret: { value: first-secret-of-16 }
        secondarySecret: { value: second-secret-of-16 }
    scimTokens: [{ name: okta, token: { value: token-of-okta-0123456 } }]
    grants: [{ group: { name: Technicians }, customers: all, roles: [admin] }]
`;

const MACHINES = `
tenants:
  - slug: machines
    apis: [{ identifier: "https://api.example", scopes: [{ name: read }] }]
    accessPolicies: [{ api: "https://api.example", clients: [grafana, bot], grants: [client_credentials], scopes: [read] }]
    applications: [{ clientId: bot, type: service }, { clientId: grafana, redirectUris: ["https://g.example/cb"] }]
`;
