import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import type { UserId } from '../../src/core/ids.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { authorizationRequest, claimsOf, post, refresh, signIn } from '../support/application.js';
import { startBalancer, type Balancer } from '../support/balancer.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { travelOurs } from '../support/trip.js';

const TENANTS = 2_000;
const USERS = 5_000;
const GROUPS = 2_000;

let acme: Acme;
let balancer: Balancer;
let ledger: Ledger;

beforeAll(async () => {
  balancer = await startBalancer();
  acme = await startAcme({ settings: { publicUrl: balancer.url } });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
  await balancer.stop();
});

interface Cost {
  /** Trips to the database. */
  readonly flushes: number;
  /** Rows that the database read, by table. */
  readonly rows: ReadonlyMap<string, number>;
}

/** A backend tells its counts at the latest when it ends: also the one that set the stage. */
async function rowsRead(): Promise<Map<string, number>> {
  await ledger.close();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  await ledger.rows('SELECT pg_sleep(0.3)');
  const tables = await ledger.rows<{ name: string; n: string }>(
    `SELECT relname AS name, seq_tup_read + coalesce(idx_tup_fetch, 0) AS n FROM pg_stat_user_tables`,
  );
  return new Map(tables.map(({ name, n }) => [name, Number(n)]));
}

/** The end of a person's access, as SCIM would cause it. */
async function endAllOf({ node }: TestNode, user: UserId): Promise<void> {
  const tenant = await node.directory.find('acme');
  if (tenant === undefined) throw new Error('no tenant acme');
  const access = new PostgresAccessStore(node.database);
  await node.database.withTenant(tenant.id, (scope) => access.end(scope, { user }, 'scim_deprovisioned'));
}

/** What a sign-in, a renewal, a refresh, an introspection, an end of access and a sign-out cost a fresh node. */
async function costOfDay(): Promise<Cost> {
  const before = await rowsRead();
  const node = await acme.causeway.sibling();
  balancer.targets = [node.url];
  const browser = new HttpBrowser();
  const { body } = await signIn(browser, acme.app, ADA);
  await travelOurs(browser, acme.spa, authorizationRequest(acme.spa, { prompt: 'none' }).url);
  const renewed = await refresh(acme.app, body['refresh_token']);
  const { body: seen } = await post(acme.app, 'introspect', { token: String(renewed.body['access_token']) });
  expect(seen['active']).toBe(true);
  await node.node.directory.refresh();
  const { sub } = claimsOf(body['id_token']);
  await endAllOf(node, String(sub) as UserId);
  await signIn(browser, acme.app, ADA);
  await browser.open(`${acme.app.issuer}/oauth2/v1/logout?id_token_hint=${String(body['id_token'])}`);
  const [{ value: flushes } = { value: 0 }] = (await node.node.metrics.databaseFlushes.get()).values;
  await node.leave();
  const after = await rowsRead();
  return { flushes, rows: new Map([...after].map(([name, n]) => [name, n - (before.get(name) ?? 0)])) };
}

/** Other tenants, smaller ones; other people of this one, groups that each of them is in three of. */
async function crowd(): Promise<void> {
  await ledger.rows(
    `INSERT INTO tenants (id, slug, name, kind, parent_id, status, settings, data_key, config_changed_at)
    SELECT gen_random_uuid(), 'crowd-' || n, 'Crowd', kind, parent_id, status, settings, data_key, now() - interval '1 day'
    FROM tenants, generate_series(1, $1) n WHERE slug = 'acme'`,
    [TENANTS],
  );
  await ledger.rows(
    `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, external_id, active, profile)
    SELECT tenant_id, gen_random_uuid(), id, version, 'scim', 'crowd-' || n, 'crowd-' || n, true, '{}'
    FROM connections, generate_series(1, $1) n`,
    [USERS],
  );
  await ledger.rows(
    `INSERT INTO groups (tenant_id, id, connection_id, origin, name)
    SELECT tenant_id, gen_random_uuid(), id, CASE WHEN n % 2 = 0 THEN 'scim' ELSE 'token' END, 'Crowd ' || n
    FROM connections, generate_series(1, $1) n`,
    [GROUPS],
  );
  await ledger.rows(
    `INSERT INTO group_members (tenant_id, group_id, user_id, source)
    SELECT u.tenant_id, g.id, u.id, 'scim'
    FROM (SELECT *, row_number() OVER () AS n FROM users WHERE user_name LIKE 'crowd-%') u
    JOIN (SELECT *, row_number() OVER () AS n FROM groups WHERE name LIKE 'Crowd %') g
      ON g.n IN (u.n % $1 + 1, (u.n * 7) % $1 + 1, (u.n * 13) % $1 + 1)
    ON CONFLICT DO NOTHING`,
    [GROUPS],
  );
  await ledger.rows(
    `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, payload, absolute_expires_at, expires_at)
    SELECT u.tenant_id, u.user_name, sha256(convert_to($1 || u.user_name, 'UTF8')), u.id, '{}', now() + interval '1 d', now() + interval '1 h'
    FROM users u WHERE u.user_name LIKE 'crowd-%'`,
    [randomBytes(8).toString('hex')],
  );
  await ledger.rows(`INSERT INTO oidc_artifacts (tenant_id, hash, kind, user_id, client_id, payload, expires_at)
    SELECT tenant_id, sha256(convert_to('grant' || user_name, 'UTF8')), 'Grant', id, 'grafana', '{}', now() + interval '1 d'
    FROM users WHERE user_name LIKE 'crowd-%'`);
  // Other tenants have next to nothing: by the average, reading all that a tenant has is cheap.
  await ledger.rows(`INSERT INTO oidc_artifacts (tenant_id, hash, kind, payload, expires_at)
    SELECT id, sha256(convert_to(slug || n, 'UTF8')), 'AccessToken', '{}', now() + interval '1 d'
    FROM tenants, generate_series(1, 2) n WHERE slug LIKE 'crowd-%'`);
  await ledger.rows(`INSERT INTO sessions (tenant_id, uid, cookie_hash, payload, absolute_expires_at, expires_at)
    SELECT id, slug, sha256(convert_to(slug, 'UTF8')), '{}', now() + interval '1 d', now() + interval '1 h'
    FROM tenants WHERE slug LIKE 'crowd-%'`);
  await ledger.rows('ANALYZE');
}

test('invariant 10: what people do costs the same among thousands of tenants, people, groups and sessions', async () => {
  await costOfDay();
  const alone = await costOfDay();
  await crowd();
  const inTheCrowd = await costOfDay();
  expect(alone.flushes).toBeGreaterThan(5);
  expect(inTheCrowd.flushes).toBe(alone.flushes);
  const growth = [...inTheCrowd.rows].flatMap(([name, n]) => {
    const was = alone.rows.get(name) ?? 0;
    // Small tables are read whole, large ones by an index: some rows more or less, but never thousands.
    return n > was + 200 ? [[name, was, n]] : [];
  });
  expect(growth).toEqual([]);
}, 120_000);
