import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../src/core/ids.js';
import { OUTSIDE_ROW_SECURITY, rowSecurityFaults } from '../../src/storage/row-security.js';
import { asSuperuser } from '../support/prepare-database.js';
import { freshDeployment, type TestDeployment } from '../support/deployment.js';

let it: TestDeployment;
let acme: TenantId;
let globex: TenantId;
let tables: readonly string[];

beforeAll(async () => {
  it = await freshDeployment();
  await it.apply([aTenant('acme'), aTenant('globex')]);
  [acme, globex] = [await idOf('acme'), await idOf('globex')];
  const found = await it.database.query({
    text: `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
    values: [],
  });
  tables = found.map((row) => row['relname']);
});
afterAll(() => it.destroy());

/** A tenant with a row in every table that configuration writes. */
const aTenant = (slug: string) => ({
  slug,
  domains: [{ name: `${slug}.example` }],
  connections: [{ key: 'okta', issuer: `https://${slug}.okta.com`, clientId: '0oa1' }],
  roles: [{ key: 'admin' }],
  roleMappings: [{ group: { name: 'Eng' }, role: 'admin' }],
  apis: [{ identifier: 'urn:a', scopes: [{ name: 'r' }] }],
  accessPolicies: [{ api: 'urn:a', clients: 'all' as const, grants: [], scopes: [] }],
  applications: [{ clientId: 'app', redirectUris: ['https://a.example/cb'] }],
  scimTokens: [{ name: 's' }],
  grants: [{ group: { name: 'T' }, customers: 'all' as const, roles: ['admin'] }],
});

async function idOf(slug: string): Promise<TenantId> {
  const tenant = await it.deps.store.find(slug);
  if (tenant === undefined) throw new Error(`no tenant ${slug}`);
  return tenant.configuration.tenant.id;
}

/** Tenants whose rows of the table a role sees that has named this tenant, or none. */
async function tenantsSeen(table: string, named: string): Promise<readonly string[]> {
  return it.database.transact(async (query) => {
    await query({ text: 'SET LOCAL ROLE causeway_app', values: [] });
    await query({ text: `SELECT set_config('app.tenant_id', $1, true)`, values: [named] });
    const rows = await query({ text: `SELECT DISTINCT tenant_id FROM ${table}`, values: [] });
    return rows.map((row) => row['tenant_id']);
  });
}

describe('A-79 row security', () => {
  test('the database belongs to no superuser', async () => {
    const [row] = await it.database.query({
      text: 'SELECT rolsuper OR rolbypassrls OR rolcreaterole AS mighty FROM pg_roles WHERE rolname = current_user',
      values: [],
    });
    expect(row?.['mighty']).toBe(false);
  });

  test('covers every table of tenants, but those that are named here for a reason', async () => {
    const open = await it.database.query({
      text: `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY ($1) AND NOT relrowsecurity
        ORDER BY 1`,
      values: [tables],
    });
    expect(open.map((row) => row['relname'])).toEqual(OUTSIDE_ROW_SECURITY);
    expect(tables.length).toBeGreaterThan(25);
  });

  test('what is outside is found by the hash of a bearer value, or is the directory of domains', async () => {
    const keys = await it.database.query({
      text: `SELECT t.relname AS name, bool_or(a.attname LIKE '%hash') AS by_hash
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
        WHERE i.indisunique AND t.relname = ANY ($1) GROUP BY 1 ORDER BY 1`,
      values: [OUTSIDE_ROW_SECURITY],
    });
    expect(keys.filter((row) => row['by_hash'] !== true).map((row) => row['name'])).toEqual(['domains']);
  });

  test('shows nothing to who has named no tenant', async () => {
    for (const table of tables.filter((name) => !OUTSIDE_ROW_SECURITY.includes(name)))
      expect([table, await tenantsSeen(table, '')]).toEqual([table, []]);
  });

  test('shows a tenant its own rows only', async () => {
    let filled = 0;
    for (const table of tables.filter((name) => !OUTSIDE_ROW_SECURITY.includes(name))) {
      const seen = await tenantsSeen(table, acme);
      filled += seen.length;
      expect([table, seen.filter((id) => id !== acme)]).toEqual([table, []]);
    }
    expect(filled).toBeGreaterThan(10);
  });

  test('lets a tenant write no row of another', async () => {
    const write = (text: string) => it.database.inTenant(acme, [{ text, values: [globex] }]);
    await expect(
      write(`INSERT INTO roles (tenant_id, id, key, name) VALUES ($1, gen_random_uuid(), 'x', 'x')`),
    ).rejects.toMatchObject({ code: '42501' });
    await write(`UPDATE roles SET name = 'taken' WHERE tenant_id = $1`);
    await write('DELETE FROM applications WHERE tenant_id = $1');
    const left = await it.deps.store.find('globex');
    expect(left?.configuration.applications).toHaveLength(1);
    expect(left?.configuration.roles.map((role) => role.name)).not.toContain('taken');
  });

  test('holds even the owner of the tables back from people and roles', async () => {
    for (const table of [
      'roles',
      'role_mappings',
      'users',
      'groups',
      'group_members',
      'identities',
      'role_assignments',
    ])
      expect(await it.database.query({ text: `SELECT FROM ${table}`, values: [] })).toEqual([]);
  });

  test('a row can’t refer to another tenant’s', async () => {
    const [role] = await it.database.inTenant(globex, [
      { text: `SELECT id FROM roles WHERE key = 'admin'`, values: [] },
    ]);
    const steal = it.database.inTenant(acme, [
      {
        text: `INSERT INTO role_mappings (tenant_id, id, role_id, group_name) VALUES ($1, gen_random_uuid(), $2, 'G')`,
        values: [acme, role?.[0]?.['id']],
      },
    ]);
    await expect(steal).rejects.toMatchObject({ constraint: 'role_mappings_role_fkey' });
  });

  test('every key and unique index of a tenant’s table begins with the tenant', async () => {
    const wrong = await it.database.query({
      text: `SELECT i.indexrelid::regclass::text AS name FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND i.indrelid::regclass::text = ANY ($1) AND a.attname <> 'tenant_id' ORDER BY 1`,
      values: [tables],
    });
    // A verified domain is one tenant's; tokens, console sessions and links are looked up before their tenant is known.
    expect(wrong.map((row) => row['name'])).toEqual([
      'api_tokens_hash_key',
      'console_sessions_hash_key',
      'domains_verified_key',
      'links_bearer_key',
      'links_browser_key',
    ]);
  });
});

describe('the check at start and in doctor', () => {
  test('finds nothing where all is well', async () => {
    expect(await rowSecurityFaults(it.database)).toEqual([]);
  });

  test.each<[fault: string, breakIt: string, mendIt: string]>([
    [
      'row security is not active on roles',
      'ALTER TABLE roles DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE roles ENABLE ROW LEVEL SECURITY',
    ],
    [
      'causeway_app owns links',
      'ALTER TABLE links OWNER TO causeway_app',
      'ALTER TABLE links OWNER TO causeway_test',
    ],
    [
      'rows are visible to who has named no tenant',
      'CREATE POLICY everybody ON roles USING (true)',
      'DROP POLICY everybody ON roles',
    ],
  ])('%s', async (fault, breakIt, mendIt) => {
    await inDatabaseAsSuperuser(breakIt);
    const faults = await rowSecurityFaults(it.database);
    await inDatabaseAsSuperuser(mendIt);
    expect(faults).toContain(fault);
    expect(await rowSecurityFaults(it.database)).toEqual([]);
  });
});

async function inDatabaseAsSuperuser(text: string): Promise<void> {
  await asSuperuser(async (client) => {
    await client.query(text);
  }, new URL(it.url).pathname.slice(1));
}
