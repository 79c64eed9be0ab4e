import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';
import { DomainError } from '../../src/core/errors.js';
import { canonicalJson, type Json } from '../../src/core/json.js';
import type { ApplyOutcome } from '../../src/domain/configuration/apply-configuration.js';
import type { ConfiguredTenant } from '../../src/domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { connectionSecretPlace, signingKeyPlace } from '../../src/domain/keys/sealed-places.js';
import { sha256 } from '../../src/keys/hash.js';
import { PostgresTenantStore } from '../../src/storage/tenant-store.js';
import { arbitraryTenant } from '../support/arbitrary-tenants.js';
import { freshDeployment, testIds, type TestDeployment } from '../support/deployment.js';

let it: TestDeployment;
beforeAll(async () => {
  it = await freshDeployment();
});
afterAll(() => it.destroy());

type Wanted = Omit<DesiredTenant, 'path'>;

let made = 0;
const newSlug = (): string => `tenant-${(made += 1)}`;
const rows = (text: string, ...values: readonly unknown[]) => it.database.query({ text, values });

async function get(slug: string): Promise<ConfiguredTenant> {
  const tenant = await it.deps.store.find(slug);
  if (tenant === undefined) throw new Error(`no tenant ${slug}`);
  return tenant;
}

/** Applies what must go well. */
async function apply(...tenants: readonly Wanted[]) {
  const outcome = await it.apply(tenants);
  if (outcome.outcome !== 'applied') throw new Error(JSON.stringify(outcome));
  return outcome;
}

async function actionsOf(slug: string): Promise<readonly string[]> {
  const { configuration } = await get(slug);
  const found = await rows(
    'SELECT action FROM audit_events WHERE tenant_id = $1 ORDER BY at, id',
    configuration.tenant.id,
  );
  return found.map((row) => row['action']);
}

const okta = { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' };
const app = { clientId: 'app', redirectUris: ['https://a.example/cb'] };

/** The configuration without what differs from row to row: ids, versions, the slug. */
function essence({ configuration }: ConfiguredTenant): string {
  const { tenant, ...rest } = configuration;
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.map(strip).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (value === null || typeof value !== 'object') return value;
    const members = Object.entries(value).filter(([name]) => name !== 'id' && name !== 'version');
    return Object.fromEntries(members.map(([name, member]) => [name, strip(member)]));
  };
  return canonicalJson(strip({ ...rest, settings: tenant.settings, name: tenant.name }) as Json);
}

describe('a new tenant', () => {
  test('has a data key, keys that sign, console roles, and an audit trail', async () => {
    const slug = newSlug();
    await apply({ slug, name: 'Acme' });
    const { configuration, wrappedDataKey, signingKeys } = await get(slug);
    const { tenant } = configuration;
    expect(tenant).toMatchObject({ slug, name: 'Acme', kind: 'organization', status: 'active' });
    expect(configuration.parentSlug).toBeNull();
    expect(configuration.roles.map((role) => role.key)).toEqual([
      'console:admin',
      'console:help-desk',
      'console:owner',
      'console:read-only',
      'console:technician',
    ]);
    expect(signingKeys.map((key) => `${key.alg} ${key.state} ${key.connectionId}`).toSorted()).toEqual([
      'ES256 current null',
      'EdDSA current null',
      'RS256 current null',
    ]);
    const vault = it.ring.openDataKey(tenant.id, wrappedDataKey);
    for (const key of signingKeys) {
      const jwk: unknown = JSON.parse(vault.open(signingKeyPlace(tenant.id, key.id), key.sealedPrivateJwk));
      expect(jwk).toMatchObject({ kid: key.id, alg: key.alg, d: expect.any(String) });
      expect(key.publicJwk).not.toHaveProperty('d');
    }
    expect(await actionsOf(slug)).toEqual(['tenant.created']);
  });

  test('below an MSP that the same file makes', async () => {
    const [msp, customer] = [newSlug(), newSlug()];
    await apply({ slug: customer, parent: msp }, { slug: msp });
    expect((await get(customer)).configuration.parentSlug).toBe(msp);
    expect(await it.deps.store.places([msp, customer, 'nobody'])).toEqual([
      { slug: msp, id: expect.any(String), parentSlug: null, hasCustomers: true },
      { slug: customer, id: expect.any(String), parentSlug: msp, hasCustomers: false },
    ]);
  });
});

describe('what was applied', () => {
  test('is what is served, and the second time nothing happens', async () => {
    const slug = newSlug();
    const file: Wanted = {
      slug,
      name: 'Acme',
      domains: [{ name: `${slug}.example`, verified: true, connection: 'okta' }],
      signIn: { default: 'okta', local: 'disabled' },
      connections: [{ ...okta, clientSecret: 'connection-secret-1', secondarySecret: 'connection-secret-2' }],
      roles: [{ key: 'admin', name: 'Administrator' }],
      roleMappings: [
        { group: { name: 'Eng' }, role: 'admin', application: 'app' },
        { group: { upstream: '00g1' }, role: 'console:owner' },
      ],
      defaultRole: 'admin',
      apis: [
        { identifier: 'urn:api', scopes: [{ name: 'read', default: true }, { name: 'a' }], default: true },
      ],
      accessPolicies: [
        { api: 'urn:api', clients: ['app'], grants: ['client_credentials'], scopes: ['read'] },
      ],
      applications: [{ ...app, clientSecret: 'application-secret', apis: ['urn:api'] }],
      scimTokens: [{ name: 'okta', token: 'scim-token-of-acme' }],
      grants: [{ group: { name: 'T' }, customers: 'all', roles: ['console:technician'] }],
    };
    await apply(file);
    const first = await get(slug);
    expect(first.configuration).toMatchObject({
      domains: [{ name: `${slug}.example`, verified: true, connection: 'okta' }],
      roleMappings: expect.arrayContaining([
        { group: { name: 'Eng' }, role: 'admin', application: 'app' },
        { group: { upstream: '00g1' }, role: 'console:owner', application: null },
      ]),
      apis: [
        {
          identifier: 'urn:api',
          isDefault: true,
          scopes: [
            { name: 'a', isDefault: false },
            { name: 'read', isDefault: true },
          ],
        },
      ],
      scimTokens: [{ name: 'okta', connection: 'okta' }],
      grants: [{ group: { name: 'T' }, customers: 'all', roles: ['console:technician'] }],
    });
    expect(await new PostgresTenantStore(it.database).find(slug)).toMatchObject({
      configuration: first.configuration,
    });

    const before = await actionsOf(slug);
    expect((await apply(file)).changes).toEqual([]);
    const again = await get(slug);
    expect(again.configuration.tenant.configVersion).toBe(first.configuration.tenant.configVersion);
    expect(await actionsOf(slug)).toEqual(before);
  });

  test('keeps secrets sealed or hashed, and tells those that it made once', async () => {
    const slug = newSlug();
    const { tenants } = await apply({
      slug,
      connections: [{ ...okta, clientSecret: 'connection-secret-1' }],
      applications: [app, { ...app, clientId: 'mine', clientSecret: 'application-secret' }],
      scimTokens: [{ name: 'okta' }, { name: 'mine', token: 'scim-token-of-mine' }],
    });
    const [told] = tenants;
    const clientSecret = told?.applications[0]?.clientSecret ?? '';
    const token = told?.scimTokens[0]?.token ?? '';
    expect(clientSecret).toMatch(/^[\w-]{43}$/);
    expect(token).toMatch(/^cw_scim_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/);
    expect([told?.applications[1], told?.scimTokens[1]]).toEqual([{ clientId: 'mine' }, { name: 'mine' }]);

    const stored = await get(slug);
    const { tenant, applications, connections } = stored.configuration;
    const hashes = applications.map((one) => stored.applicationSecrets.get(one.id)?.map(({ hash }) => hash));
    expect(hashes).toEqual([[sha256(clientSecret)], [sha256('application-secret')]]);
    expect(stored.scimTokenHashes.get('okta')).toEqual(sha256(token));
    const place = connectionSecretPlace(tenant.id, connections[0]?.id ?? '', 'clientSecret');
    const sealed = stored.connectionSecrets[0]?.clientSecret ?? '';
    expect(it.ring.openDataKey(tenant.id, stored.wrappedDataKey).open(place, sealed)).toBe(
      'connection-secret-1',
    );

    const again = await apply({
      slug,
      applications: [app, { ...app, clientId: 'mine' }],
      scimTokens: [{ name: 'okta' }, { name: 'mine' }],
    });
    expect(again.changes).toEqual([]);
    expect(again.tenants[0]?.applications[0]).toEqual({ clientId: 'app' });
    for (const secret of [
      'connection-secret-1',
      'application-secret',
      'scim-token-of-mine',
      clientSecret,
      token,
    ])
      expect(JSON.stringify(await rows('SELECT body FROM audit_events'))).not.toContain(secret);
  });

  test('a changed secret takes the place of the old one', async () => {
    const slug = newSlug();
    await apply({ slug, applications: [{ ...app, clientSecret: 'application-secret' }] });
    await apply({ slug, applications: [{ ...app, clientSecret: 'another-secret-here' }] });
    const { applicationSecrets } = await get(slug);
    expect([...applicationSecrets.values()].flat().map(({ hash }) => hash)).toEqual([
      sha256('another-secret-here'),
    ]);
  });

  test('a connection that begins to use private_key_jwt gets a key, once', async () => {
    const slug = newSlug();
    await apply({ slug, connections: [okta] });
    for (const clientAuth of ['private_key_jwt', 'client_secret_post', 'private_key_jwt'] as const)
      await apply({ slug, connections: [{ key: 'okta', clientAuth }] });
    const { signingKeys, configuration } = await get(slug);
    expect(signingKeys.filter((key) => key.connectionId === configuration.connections[0]?.id)).toMatchObject([
      { alg: 'RS256', state: 'current' },
    ]);
  });

  test('audit events hold before and after', async () => {
    const slug = newSlug();
    await apply({ slug, connections: [okta] });
    await apply({
      slug,
      connections: [{ key: 'okta', clientId: '0oa2', clientSecret: 'connection-secret-1' }],
    });
    const { configuration } = await get(slug);
    const [row] = await rows(
      `SELECT body FROM audit_events WHERE tenant_id = $1 AND action = 'connection.updated'`,
      configuration.tenant.id,
    );
    expect(JSON.parse(row?.['body'])).toMatchObject({
      actor: { type: 'operator', id: 'cli:tester' },
      target: 'connection:okta',
      connection: 'okta',
      details: {
        before: { clientId: '0oa1' },
        after: { clientId: '0oa2', clientSecret: '[secret changed]' },
      },
    });
  });

  test('nodes see a new version', async () => {
    const slug = newSlug();
    await apply({ slug });
    const { configVersion } = (await get(slug)).configuration.tenant;
    await apply({ slug, name: 'Other' });
    const changed = await new PostgresTenantStore(it.database).changedWithin(5);
    expect(changed.find((tenant) => tenant.slug === slug)?.configVersion).toBe(configVersion + 1);
  });
});

describe('whatever the files say, on the real tables', () => {
  test('the last one decides, and is then in force without a change', async () => {
    const [slug, fresh] = [newSlug(), newSlug()];
    await apply({ slug });
    await fc.assert(
      fc.asyncProperty(arbitraryTenant(slug), arbitraryTenant(slug), async (before, file) => {
        await apply(before);
        await apply(file);
        expect((await apply(file)).changes).toEqual([]);
        const state = essence(await get(slug));
        // Its domains belong to one tenant at a time.
        await apply({ slug, domains: [] });
        await apply({
          ...file,
          slug: fresh,
          connections: [],
          scimTokens: [],
          domains: [],
          signIn: { default: null },
        });
        await apply({ ...file, slug: fresh });
        expect(essence(await get(fresh)).replaceAll(fresh, slug)).toBe(state.replaceAll(fresh, slug));
        await apply({ slug: fresh, domains: [] });
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

describe('parallel applies', () => {
  test('of a tenant that is new to all: it is made once, and every one counts', async () => {
    const slug = newSlug();
    const parts: Wanted[] = [
      { slug, name: 'Acme' },
      { slug, roles: [{ key: 'admin' }] },
      { slug, connections: [okta] },
      { slug, applications: [app] },
      { slug, apis: [{ identifier: 'urn:a' }] },
      { slug, whenNoRole: 'deny' },
    ];
    const outcomes = await Promise.all(parts.map((part) => it.apply([part])));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(parts.map(() => 'applied'));
    const { configuration } = await get(slug);
    expect(configuration).toMatchObject({
      tenant: { name: 'Acme', settings: { whenNoRole: 'deny' } },
      connections: [{ key: 'okta' }],
      applications: [{ clientId: 'app' }],
      apis: [{ identifier: 'urn:a' }],
    });
    expect(configuration.roles.map((role) => role.key)).toContain('admin');
    expect(await rows('SELECT FROM tenants WHERE slug = $1', slug)).toHaveLength(1);
  });

  test('of an existing tenant: versions count every one, no event is missing', async () => {
    const slug = newSlug();
    await apply({ slug, connections: [okta] });
    const { configVersion } = (await get(slug)).configuration.tenant;
    const names = Array.from({ length: 12 }, (_, index) => `Name ${index}`);
    await Promise.all(names.map((name) => apply({ slug, name })));
    expect((await get(slug)).configuration.tenant.configVersion).toBe(configVersion + 12);
    expect((await actionsOf(slug)).filter((action) => action === 'tenant.updated')).toHaveLength(12);
  });

  test('of the same new connection: one makes it, the others find it', async () => {
    const slug = newSlug();
    await apply({ slug });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => apply({ slug, connections: [okta] })));
    expect(outcomes.filter(({ changes }) => changes.length > 0)).toHaveLength(1);
  });

  test('sign-ins of the tenant go on while its configuration is being changed', async () => {
    const slug = newSlug();
    await apply({ slug });
    const client = new Client({ connectionString: it.url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM tenants WHERE slug = $1 FOR NO KEY UPDATE', [slug]);
    const { configuration } = await get(slug);
    const write = it.database.inTenant(configuration.tenant.id, [
      { text: 'SET LOCAL lock_timeout = 500', values: [] },
      {
        text: `INSERT INTO outbox (tenant_id, id, topic, subject, payload) VALUES ($1, $2, 't', 's', '{}')`,
        values: [configuration.tenant.id, testIds.uuid()],
      },
    ]);
    await expect(write).resolves.toBeDefined();
    await client.query('ROLLBACK');
    await client.end();
  });

  test('A-83 two that race to stand below each other: at most one gets there', async () => {
    const [one, two] = [newSlug(), newSlug()];
    await apply({ slug: one }, { slug: two });
    const outcomes: readonly ApplyOutcome[] = await Promise.all([
      it.apply([{ slug: one, parent: two }]),
      it.apply([{ slug: two, parent: one }]),
    ]);
    expect(outcomes.filter(({ outcome }) => outcome === 'applied').length).toBeLessThanOrEqual(1);
    const parents = [(await get(one)).configuration.parentSlug, (await get(two)).configuration.parentSlug];
    expect(parents.filter((parent) => parent !== null).length).toBeLessThanOrEqual(1);
  });

  test('A-12 two that race for a domain: one has it', async () => {
    const [one, two] = [newSlug(), newSlug()];
    await apply({ slug: one }, { slug: two });
    const domains = [{ name: 'contested.example', verified: true }];
    const outcomes = await Promise.all([
      it.apply([{ slug: one, domains }]),
      it.apply([{ slug: two, domains }]),
    ]);
    expect(outcomes.filter(({ outcome }) => outcome === 'applied')).toHaveLength(1);
    expect(await it.deps.store.verifiedDomains(['contested.example'])).toHaveLength(1);
  });
});

describe('what goes wrong half-way', () => {
  test('leaves nothing of the tenant, keeps the tenants before it, and tells their secrets', async () => {
    const [one, two] = [newSlug(), newSlug()];
    const broken = {
      ...it.deps.keys,
      createSigningKey: (alg: 'RS256' | 'ES256' | 'EdDSA') => {
        failures += 1;
        if (failures > 3) throw new DomainError('upstream_unavailable', 'no more keys');
        return it.deps.keys.createSigningKey(alg);
      },
    };
    let failures = 0;
    const outcome = await it.apply([{ slug: one, applications: [app] }, { slug: two }], {}, { keys: broken });
    expect(outcome).toMatchObject({
      outcome: 'interrupted',
      slug: two,
      tenants: [{ slug: one, applications: [{ clientId: 'app', clientSecret: expect.any(String) }] }],
    });
    expect(await it.deps.store.find(two)).toBeUndefined();
    expect(await it.deps.store.find(one)).toBeDefined();
  });

  test('the application’s role can’t make or change a tenant by itself', async () => {
    const slug = newSlug();
    await apply({ slug });
    const { configuration } = await get(slug);
    for (const text of [`UPDATE tenants SET name = 'x'`, 'DELETE FROM domains', 'DELETE FROM tenants'])
      await expect(
        it.database.inTenant(configuration.tenant.id, [{ text, values: [] }]),
      ).rejects.toMatchObject({
        code: '42501',
      });
  });
});
