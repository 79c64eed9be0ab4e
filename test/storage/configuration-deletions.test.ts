import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../src/core/ids.js';
import type { ConfiguredTenant } from '../../src/domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
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

const file = (slug: string): Wanted => ({
  slug,
  connections: [okta],
  applications: [app],
  scimTokens: [{ name: 's' }],
});

/** A person with a session and a grant on the tenant's connection. */
async function signIn(slug: string): Promise<{ readonly tenantId: TenantId; readonly userId: string }> {
  const { configuration } = await get(slug);
  const tenantId = configuration.tenant.id;
  const connectionId = configuration.connections[0]?.id;
  const userId = testIds.uuid();
  const insert = (text: string, ...values: readonly unknown[]) =>
    it.database.inTenant(tenantId, [{ text, values: [tenantId, ...values] }]);
  await insert(
    `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
      VALUES ($1, $2::uuid, $3, 1, 'scim', $2::text, true, '{}')`,
    userId,
    connectionId,
  );
  await insert(
    `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, absolute_expires_at, expires_at)
      VALUES ($1, $2::text, sha256(convert_to($2::text, 'UTF8')), $3, $4, '{}', now() + interval '1 hour', now() + interval '1 hour')`,
    `s-${userId}`,
    userId,
    connectionId,
  );
  await insert(
    `INSERT INTO session_applications (tenant_id, session_uid, client_id, sid) VALUES ($1, $2, 'app', 'sid')`,
    `s-${userId}`,
  );
  await insert(
    `INSERT INTO oidc_artifacts (tenant_id, hash, kind, user_id, client_id, payload, expires_at)
      VALUES ($1, sha256(convert_to($2::text, 'UTF8')), 'Grant', $3, 'app', '{}', now() + interval '1 hour')`,
    userId,
    userId,
  );
  return { tenantId, userId };
}

const livingSessions = async (tenantId: TenantId): Promise<number> =>
  (await rows('SELECT FROM sessions WHERE tenant_id = $1 AND ended_at IS NULL', tenantId)).length;
const grants = async (tenantId: TenantId): Promise<number> =>
  (await rows(`SELECT FROM oidc_artifacts WHERE tenant_id = $1 AND kind = 'Grant'`, tenantId)).length;
const told = async (tenantId: TenantId) =>
  (await rows('SELECT payload FROM outbox WHERE tenant_id = $1', tenantId)).map(
    (row) => row['payload']['reason'],
  );

describe('deletions', () => {
  test('need to be allowed; refused, nothing is done at all', async () => {
    const [one, two] = [newSlug(), newSlug()];
    await apply(file(one), file(two));
    const outcome = await it.apply(
      [
        { slug: one, name: 'New' },
        { slug: two, applications: [] },
      ],
      { allowDelete: false },
    );
    expect(outcome).toMatchObject({
      outcome: 'refused',
      deletions: [{ kind: 'application', key: 'app', tenant: two }],
    });
    expect((await get(one)).configuration.tenant.name).toBe(one);
  });

  test('a dry run tells them and does nothing', async () => {
    const slug = newSlug();
    await apply(file(slug));
    const outcome = await it.apply([{ slug, connections: [] }], { dryRun: true, allowDelete: false });
    expect(outcome).toMatchObject({
      outcome: 'planned',
      changes: [
        { action: 'delete', kind: 'scimToken' },
        { action: 'delete', kind: 'connection' },
      ],
    });
    expect((await get(slug)).configuration.connections).toHaveLength(1);
  });

  test.each<[what: string, wanted: Wanted, reason: string]>([
    ['a deleted connection', { slug: '', connections: [], scimTokens: [] }, 'connection_deleted'],
    [
      'a disabled connection',
      { slug: '', connections: [{ key: 'okta', status: 'disabled' }] },
      'connection_disabled',
    ],
    [
      'a connection that is a draft again',
      { slug: '', connections: [{ key: 'okta', status: 'draft' }] },
      'connection_disabled',
    ],
    [
      'A-10 another issuer',
      { slug: '', connections: [{ key: 'okta', issuer: 'https://other.okta.com' }] },
      'connection_changed',
    ],
  ])('%s ends sessions and grants, and applications are told', async (_what, wanted, reason) => {
    const slug = newSlug();
    await apply(file(slug));
    const { tenantId } = await signIn(slug);
    await apply({ ...wanted, slug });
    expect([await livingSessions(tenantId), await grants(tenantId), await told(tenantId)]).toEqual([
      0,
      0,
      [reason],
    ]);
    expect(await actionsOf(slug)).toContain('access.ended');
  });

  test('a deleted application ends its grants, and the session goes on', async () => {
    const slug = newSlug();
    await apply(file(slug));
    const { tenantId } = await signIn(slug);
    await apply({ slug, applications: [] });
    expect([await livingSessions(tenantId), await grants(tenantId)]).toEqual([1, 0]);
  });

  test('A-10 another issuer is another version of the connection; anything else is not', async () => {
    const slug = newSlug();
    await apply(file(slug));
    const versionOf = async () => (await get(slug)).configuration.connections[0]?.version;
    await apply({ slug, connections: [{ key: 'okta', clientId: '0oa2', name: 'New' }] });
    expect(await versionOf()).toBe(1);
    await apply({ slug, connections: [{ key: 'okta', issuer: 'https://other.okta.com' }] });
    expect(await versionOf()).toBe(2);
    await apply({ slug, connections: [{ key: 'okta', issuer: 'https://acme.okta.com' }] });
    expect(await versionOf()).toBe(3);
  });
});
