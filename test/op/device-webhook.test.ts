import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/ids.js';
import { silentLogger } from '../../src/core/logger.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { composeLogoutDeliveries } from '../../src/server/logout-deliveries.js';
import { PostgresArtifactStore } from '../../src/storage/artifact-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { PostgresDeliveryListStore } from '../../src/storage/delivery-list-store.js';
import { until } from '../events/support/receiver.js';
import { isGenuine, startWebhook, type Message, type WebhookReceiver } from '../events/support/webhook.js';
import { stopServers } from '../outbound/support/servers.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, type TestApplication } from '../support/application.js';
import { approve, ask, deviceApplication, deviceOf, poll, type Asked } from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { endPerson } from './support/end-person.js';
import { send } from './support/http.js';
import { warm } from './support/warm.js';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let acme: Acme;
let tv: TestApplication;
let ledger: Ledger;
let hook: WebhookReceiver;
const browser = new HttpBrowser();

const apply = (changes: Readonly<Record<string, unknown>> = {}) =>
  acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...(acme.tenant.applications ?? []),
        { ...deviceApplication, clientId: 'radio' },
        { ...deviceApplication, deviceWebhookUri: hook.uri, deviceWebhookSecret: SECRET, ...changes },
      ],
    },
  ]);

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  tv = deviceOf(acme.app.issuer);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
  await ledger.rows('TRUNCATE outbox');
  hook = await startWebhook();
  await apply();
});
afterEach(stopServers);

/** A person's yes to a device that asked, and its tokens. */
async function signInOn(
  device: TestApplication,
  form: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const asked = await ask(device, form);
  await approve(browser, device, asked.userCode, ADA);
  const { status } = await poll(device, asked);
  expect(status).toBe(200);
  return asked;
}

/** Delivers what waits, as a node does that has just started. */
async function deliver(condition: () => boolean | Promise<boolean>): Promise<void> {
  const { database, directory, metrics, ids } = acme.causeway.node;
  const artifacts = new PostgresArtifactStore(database);
  const audit = new PostgresAuditStore(database);
  const shared = { clock: systemClock, log: silentLogger };
  const outbound = createOutbound({ privateAddresses: 'allow', allowHttpLoopback: true, ...shared });
  const parts = { ...shared, database, directory, metrics, ids, artifacts, audit, outbound };
  const dispatcher = composeLogoutDeliveries(parts, { pollMs: 50 });
  dispatcher.start();
  try {
    await until(condition);
  } finally {
    await dispatcher.stop();
    await outbound.close();
  }
}
const waiting = () => ledger.count('outbox', 'settled_at IS NULL');
const settled = (outcome: string) => ledger.count('outbox', 'outcome = $1', [outcome]);
/** Lets what waits for its next try be due now; what is being sent at this moment is left to who sends it. */
const hurry = () =>
  ledger.rows('UPDATE outbox SET due_at = now() WHERE settled_at IS NULL AND lease IS NULL');

describe('what an application is told of a sign-in on a device (B8)', () => {
  test('is left with the tokens, in one row without anything personal but the person’s id', async () => {
    const asked = await ask(tv, { device_reference: 'kitchen-7' });
    await approve(browser, tv, asked.userCode, ADA);
    expect(await waiting()).toBe(0);
    const { body } = await poll(tv, asked);
    const rows = await ledger.rows<{ receiver: string; subject: string; row: string }>(
      'SELECT receiver, subject, o::text AS row FROM outbox o',
    );
    expect(rows).toEqual([
      expect.objectContaining({ receiver: 'device:tv', subject: claimsOf(body['id_token'])['sub'] }),
    ]);
    for (const personal of ['kitchen-7', 'Ada', 'ada@', 'Engineering', 'admin'])
      expect(rows[0]?.row).not.toContain(personal);
  });

  test('comes as a signed message: the person, roles, groups and the device’s own reference', async () => {
    await signInOn(tv, { device_reference: 'kitchen-7' });
    const [row] = await ledger.rows<{ id: string; subject: string; created_at: Date }>(
      'SELECT * FROM outbox',
    );
    await deliver(async () => (await settled('delivered')) === 1);
    const [message] = hook.told;
    expect(hook.told).toHaveLength(1);
    expect(message).toMatchObject({ method: 'POST', path: '/devices' });
    expect(message?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': row?.id });
    expect(message?.json).toEqual({
      type: 'device.signed_in',
      timestamp: row?.created_at.toISOString(),
      data: {
        tenant: 'acme',
        clientId: 'tv',
        user: { sub: row?.subject, userName: ADA.username, name: 'Ada Byron', email: ADA.username },
        roles: ['admin'],
        groups: ['Engineering', 'Everyone'],
        deviceReference: 'kitchen-7',
      },
    });
    expect(isGenuine(SECRET, message as Message)).toBe(true);
  });

  test('is no more than the device was given: its scopes, and the claims that its application has', async () => {
    await apply({ claims: { roles: false, groups: false } });
    await signInOn(tv, { scope: 'openid' });
    await deliver(() => hook.told.length === 1);
    expect(hook.told[0]?.json['data']).toEqual({
      tenant: 'acme',
      clientId: 'tv',
      user: { sub: expect.any(String) },
      deviceReference: null,
    });
  });

  test('is nothing for an application that wants none, and nothing of a device that got no tokens', async () => {
    await signInOn(deviceOf(acme.app.issuer, 'radio'));
    expect(await waiting()).toBe(0);
    const asked = await ask(tv);
    await approve(browser, tv, asked.userCode, ADA);
    const answers = await Promise.all(
      [1, 2, 3].map(() =>
        send(`${tv.issuer}/oauth2/v1/token`, {
          form: {
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            client_id: 'tv',
            device_code: asked.deviceCode,
          },
        }),
      ),
    );
    // Who polls twice at once is told once.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await waiting()).toBe(1);
  });

  test('is nothing once the person’s access has ended', async () => {
    await signInOn(tv);
    const [ada] = (await ledger.users('acme')).filter(({ user_name: name }) => name === ADA.username);
    const dataSource = await createDataSource(acme.causeway.databaseUrl).initialize();
    try {
      await endPerson(new Database(dataSource), ledger, ada?.id ?? '');
      await ledger.rows(`DELETE FROM outbox WHERE topic = 'session.ended'`);
      await deliver(async () => (await settled('obsolete')) === 1);
      expect(hook.told).toEqual([]);
    } finally {
      await ledger.rows('UPDATE users SET active = true WHERE id = $1', [ada?.id]);
      await dataSource.destroy();
    }
  });

  test('is nothing when the application wants it no more', async () => {
    await signInOn(tv);
    await apply({ deviceWebhookUri: null, deviceWebhookSecret: null });
    await deliver(async () => (await settled('no_endpoint')) === 1);
    expect(hook.told).toEqual([]);
  });
});

describe('delivery', () => {
  test('comes again with the same id, a fresh time and what is so by then', async () => {
    hook.answer = () => (hook.told.length < 3 ? 503 : 204);
    await signInOn(tv);
    await deliver(() => hook.told.length === 1);
    await ledger.rows('UPDATE users SET profile = profile || $2 WHERE user_name = $1', [
      ADA.username,
      { name: 'Ada King' },
    ]);
    await deliver(async () => {
      await hurry();
      return (await settled('delivered')) === 1;
    });
    const ids = new Set(hook.told.map(({ headers }) => headers['webhook-id']));
    expect([hook.told.length, ids.size]).toEqual([3, 1]);
    for (const message of hook.told) expect(isGenuine(SECRET, message)).toBe(true);
    const names = hook.told.map(({ json }) => (json['data'] as { user: { name: string } }).user.name);
    expect([names[0], names.at(-1)]).toEqual(['Ada Byron', 'Ada King']);
    const begun = hook.told.map(({ json }) => json['timestamp']);
    expect(new Set(begun).size).toBe(1);
  });

  test('A-45 a redirect is not followed', async () => {
    const elsewhere = await startWebhook();
    hook.answer = () => (response) => response.writeHead(307, { location: elsewhere.uri }).end();
    await signInOn(tv);
    await deliver(async () => (await ledger.count('outbox', `last_error = 'http_307'`)) === 1);
    expect(elsewhere.told).toEqual([]);
  });

  test('what is refused for good is a dead letter, with an audit event, that can be sent again', async () => {
    hook.answer = () => 410;
    await signInOn(tv);
    await deliver(async () => {
      await hurry();
      return (await settled('dead')) === 1;
    });
    const [event] = await ledger.audit('acme', { action: 'delivery.dead' });
    expect(event).toMatchObject({ application: 'tv', reason: 'http_410', details: { kind: 'device' } });
    const { database } = acme.causeway.node;
    const list = new PostgresDeliveryListStore(database);
    const [tenant] = await ledger.rows<{ id: TenantId }>(`SELECT id FROM tenants WHERE slug = 'acme'`);
    const id = tenant?.id as TenantId;
    expect(await list.list(id, { application: 'tv', limit: 5 })).toMatchObject([
      { kind: 'device', application: 'tv', reason: 'device.signed_in', state: 'dead', lastError: 'http_410' },
    ]);
    hook.answer = () => 200;
    const revived = await database.withTenant(id, async (scope) => {
      const found = await list.revive(scope, { application: 'tv' }, 5);
      list.hurry(scope, ['tv']);
      return found;
    });
    expect(revived).toMatchObject([{ application: 'tv' }]);
    await deliver(async () => (await settled('delivered')) === 1);
    expect(new Set(hook.told.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('A-115 forging and replaying', () => {
  let message: Message;
  beforeEach(async () => {
    await signInOn(tv);
    await deliver(() => hook.told.length === 1);
    message = hook.told[0] as Message;
  });

  test('what comes is genuine; what was altered, made up or kept is not', () => {
    expect(isGenuine(SECRET, message)).toBe(true);
    const { headers, body } = message;
    expect(isGenuine(SECRET, { headers, body: body.replace('admin', 'owner') })).toBe(false);
    expect(isGenuine(SECRET, { headers, body: `${body} ` })).toBe(false);
    for (const [name, value] of [
      ['webhook-id', 'another'],
      ['webhook-timestamp', String(Number(headers['webhook-timestamp']) + 1)],
      ['webhook-signature', 'v1,'],
      ['webhook-signature', String(headers['webhook-signature']).replace('v1,', 'v0,')],
    ])
      expect(isGenuine(SECRET, { headers: { ...headers, [name as string]: value }, body })).toBe(false);
    expect(isGenuine(`whsec_${randomBytes(32).toString('base64')}`, message)).toBe(false);
    expect(isGenuine(SECRET, message, Date.now() + 301_000)).toBe(false);
    expect(isGenuine(SECRET, message, Date.now() - 301_000)).toBe(false);
  });
});

const secretOf = async (): Promise<string | null> => {
  const [row] = await ledger.rows<{ sealed: string | null }>(
    `SELECT webhook_secret_sealed AS sealed FROM applications WHERE client_id = 'tv'`,
  );
  return row?.sealed ?? null;
};

describe('the secret', () => {
  test('is made when none is given, told once, and good', async () => {
    await apply({ deviceWebhookUri: null, deviceWebhookSecret: null });
    expect(await secretOf()).toBeNull();
    const outcome = await apply({ deviceWebhookSecret: null });
    const made =
      'tenants' in outcome
        ? outcome.tenants[0]?.applications.find(({ clientId }) => clientId === 'tv')?.deviceWebhookSecret
        : undefined;
    expect(made).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await apply({ deviceWebhookSecret: null })).toMatchObject({ outcome: 'applied', changes: [] });
    await signInOn(tv);
    await deliver(() => hook.told.length === 1);
    expect(isGenuine(String(made), hook.told[0] as Message)).toBe(true);
  });

  test('stands nowhere in clear: neither in its row nor in what is told of a change', async () => {
    const other = `whsec_${randomBytes(24).toString('base64')}`;
    const outcome = await apply({ deviceWebhookSecret: other });
    expect('changes' in outcome ? outcome.changes : []).toMatchObject([
      { action: 'update', kind: 'application', key: 'tv', changes: ['deviceWebhookSecret'] },
    ]);
    expect(await secretOf()).toEqual(expect.any(String));
    const rows = await ledger.rows<{ row: string }>(
      `SELECT a::text AS row FROM applications a UNION ALL SELECT e::text FROM audit_events e`,
    );
    const all = rows.map(({ row }) => row).join('\n') + JSON.stringify(outcome);
    for (const secret of [SECRET, other]) expect(all).not.toContain(secret.slice('whsec_'.length));
  });

  test('signs from its change on, and goes with its address', async () => {
    const other = `whsec_${randomBytes(64).toString('base64')}`;
    await apply({ deviceWebhookSecret: other });
    await signInOn(tv);
    await deliver(() => hook.told.length === 1);
    expect(isGenuine(other, hook.told[0] as Message)).toBe(true);
    const outcome = await apply({ deviceWebhookUri: null, deviceWebhookSecret: null });
    expect('changes' in outcome ? outcome.changes : []).toMatchObject([
      { changes: ['deviceWebhookSecret', 'deviceWebhookUri'] },
    ]);
    expect(await secretOf()).toBeNull();
  });
});
