import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { post, refresh, type TestApplication } from '../support/application.js';
import {
  approve,
  ask,
  deviceApplication,
  deviceOf,
  fill,
  poll,
  reachConfirmation,
} from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { headingOf, travelOurs } from '../support/trip.js';
import { endPerson } from './support/end-person.js';
import { send } from './support/http.js';

const API = 'https://api.acme.example';
let acme: Acme;
let other: TestNode;
let tv: TestApplication;
let ledger: Ledger;
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme();
  other = await acme.causeway.sibling();
  const { applications = [] } = acme.tenant;
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'play', default: true }, { name: 'record' }] }],
      accessPolicies: [
        { api: API, clients: ['tv'], grants: ['device_code', 'refresh_token'], scopes: ['play'] },
      ],
      applications: [
        ...applications,
        { ...deviceApplication, apis: [API], allowedOrigins: ['http://localhost:5998'] },
        { ...deviceApplication, clientId: 'radio' },
        {
          ...deviceApplication,
          clientId: 'kiosk',
          tokenEndpointAuthMethod: 'client_secret_basic',
          clientSecret: APP_SECRET,
        },
      ],
    },
  ]);
  await other.node.directory.refresh();
  tv = deviceOf(acme.app.issuer);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
});

/** Lets the pause between two polls pass. */
const passInterval = () => ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'DevicePoll'`);

const errorOf = async (answer: ReturnType<typeof poll>): Promise<unknown> => (await answer).body['error'];

describe('what a device is told while it waits (RFC 8628 section 3.5)', () => {
  test('slow_down when it asks too often, at whichever node', async () => {
    const asked = await ask(tv);
    const there = { ...tv, issuer: tv.issuer.replace(acme.causeway.url, other.url) };
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
    expect(await errorOf(poll(tv, asked))).toBe('slow_down');
    const { origin } = new URL(acme.causeway.url);
    const elsewhere = await send(`${tv.issuer}/oauth2/v1/token`, {
      through: there.issuer,
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: 'tv',
        device_code: asked.deviceCode,
      },
    });
    expect([origin, elsewhere.status, elsewhere.json['error']]).toEqual([origin, 400, 'slow_down']);
    await passInterval();
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
  });

  test('other devices have a pace of their own', async () => {
    const [one, two] = [await ask(tv), await ask(tv)];
    expect(await errorOf(poll(tv, one))).toBe('authorization_pending');
    expect(await errorOf(poll(tv, two))).toBe('authorization_pending');
  });

  test('an answer is given at once, however soon', async () => {
    const asked = await ask(tv);
    await poll(tv, asked);
    await approve(browser, tv, asked.userCode, ADA);
    expect((await poll(tv, asked)).status).toBe(200);
  });

  test('expired_token when nobody came; later it is unknown', async () => {
    const asked = await ask(tv);
    const expire = (seconds: number) =>
      ledger.rows(
        `UPDATE oidc_artifacts SET expires_at = now() + make_interval(secs => $1)
        WHERE kind = 'DeviceCode' AND expires_at > now() + interval '19 minutes'`,
        [seconds],
      );
    await expire(599);
    expect(await errorOf(poll(tv, asked))).toBe('expired_token');
    expect(await errorOf(poll(tv, asked))).toBe('expired_token');
    await ledger.rows(`UPDATE oidc_artifacts SET expires_at = now() WHERE kind = 'DeviceCode'`);
    expect(await errorOf(poll(tv, asked))).toBe('invalid_grant');
  });

  test('access_denied when the person says that it was not them, and again; it is in the audit trail', async () => {
    const asked = await ask(tv, { device_reference: 'hall' });
    const page = await reachConfirmation(new HttpBrowser(), tv, asked.userCode, ADA);
    const stopping = new HttpBrowser();
    const own = await reachConfirmation(stopping, tv, asked.userCode, ADA);
    const answer = await fill(stopping, own, { device: 'stop' });
    const last = await travelOurs(stopping, tv, answer.location ?? '');
    expect([headingOf(page), headingOf(last)]).toEqual(['Sign in on Living-room TV?', 'Stopped']);
    expect(await errorOf(poll(tv, asked))).toBe('access_denied');
    expect(await errorOf(poll(tv, asked))).toBe('access_denied');
    const events = await ledger.audit('acme', { action: 'device.denied' });
    expect(events).toEqual([
      expect.objectContaining({ outcome: 'refused', reason: 'stopped_by_person', application: 'tv' }),
    ]);
  });

  test('invalid_grant for a code of nobody, and of another application', async () => {
    const asked = await ask(tv);
    expect(await errorOf(poll({ ...tv, clientId: 'radio' }, asked))).toBe('invalid_grant');
    expect(await errorOf(poll(tv, { ...asked, deviceCode: 'x'.repeat(43) }))).toBe('invalid_grant');
    // The other application's try says nothing about the device's own pace.
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
  });
});

/** A device that is a page, asking from an origin. */
const askFrom = (origin: string) =>
  send(`${tv.issuer}/oauth2/v1/device/authorize`, {
    form: { client_id: 'tv', scope: 'openid' },
    headers: { origin },
  });

describe('what a device may ask', () => {
  test.each([
    ['too long', 'x'.repeat(201)],
    ['with a control character', 'a\u0007b'],
    ['with a change of direction', 'a\u202eb'],
    ['over two lines', 'a\nb'],
  ])('A-104 a reference of its own that is %s is refused', async (_name, device_reference) => {
    const { status, body } = await post(tv, 'device/authorize', { scope: 'openid', device_reference });
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  test('a parameter given twice is refused', async () => {
    const form = new URLSearchParams('client_id=tv&scope=openid&device_reference=a&device_reference=b');
    const { status, json } = await send(`${tv.issuer}/oauth2/v1/device/authorize`, { form });
    expect([status, json['error']]).toEqual([400, 'invalid_request']);
  });

  test.each([
    ['an unknown API', { resource: 'https://nobody.example' }, 'invalid_target'],
    ['another way of signing in', { request_uri: 'urn:x' }, 'request_uri_not_supported'],
  ])('%s is refused', async (_name, form, error) => {
    const { status, body } = await post(tv, 'device/authorize', { scope: 'openid', ...form });
    expect([status, body['error']]).toEqual([400, error]);
  });

  test('an application without the grant gets no code', async () => {
    const { status, body } = await post(acme.app, 'device/authorize', { scope: 'openid' });
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
    const nobody = await post({ ...tv, clientId: 'nobody' }, 'device/authorize', {});
    expect([nobody.status, nobody.body['error']]).toEqual([401, 'invalid_client']);
  });

  test('a confidential one proves itself', async () => {
    const kiosk = { ...tv, clientId: 'kiosk', clientSecret: APP_SECRET };
    const asked = await ask(kiosk);
    await approve(browser, kiosk, asked.userCode, ADA);
    const stranger = await post({ ...tv, clientId: 'kiosk' }, 'token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: asked.deviceCode,
    });
    expect([stranger.status, stranger.body['error']]).toEqual([401, 'invalid_client']);
    expect((await poll(kiosk, asked)).status).toBe(200);
  });

  test('an API by its policy: the default scope of those that this grant may have', async () => {
    const asked = await ask(tv, { scope: 'openid offline_access record', audience: API });
    await approve(browser, tv, asked.userCode, ADA);
    const { status, body } = await poll(tv, asked);
    expect([status, String(body['scope']).split(' ').toSorted()]).toEqual([
      200,
      ['offline_access', 'openid'],
    ]);
    const byDefault = await ask(tv, { scope: 'openid', resource: API });
    await approve(browser, tv, byDefault.userCode, ADA);
    const tokens = await poll(tv, byDefault);
    expect(String(tokens.body['scope']).split(' ').toSorted()).toEqual(['openid', 'play']);
    expect(tokens.body['refresh_token']).toBeUndefined();
  });

  test('a page of an allowed origin may ask, another may not', async () => {
    const allowed = await askFrom('http://localhost:5998');
    expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([
      200,
      'http://localhost:5998',
    ]);
    expect((await askFrom('https://evil.example')).status).toBe(400);
  });
});

/** Three at once, at two nodes. */
const polls = (asked: Awaited<ReturnType<typeof ask>>) =>
  [acme.causeway.url, other.url, acme.causeway.url].map((through) =>
    send(`${tv.issuer}/oauth2/v1/token`, {
      through,
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: 'tv',
        device_code: asked.deviceCode,
      },
    }),
  );

describe('invariant 3: a device code gives tokens once', () => {
  test('A-50 of three polls at once, at two nodes, one gets tokens, and the reuse ends them', async () => {
    const asked = await ask(tv);
    await approve(browser, tv, asked.userCode, ADA);
    const answers = await Promise.all(polls(asked));
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status !== 200);
    expect([won.length, lost.map(({ json }) => json['error'])]).toEqual([
      1,
      ['invalid_grant', 'invalid_grant'],
    ]);
    const refreshed = await refresh(tv, won[0]?.json['refresh_token']);
    expect(refreshed.body['error']).toBe('invalid_grant');
    expect(await ledger.audit('acme', { action: 'device_code.reused' })).not.toEqual([]);
  });

  test('A-50 a second time, all that it gave dies', async () => {
    const asked = await ask(tv);
    await approve(browser, tv, asked.userCode, ADA);
    const { body } = await poll(tv, asked);
    expect(await errorOf(poll(tv, asked))).toBe('invalid_grant');
    expect((await post(tv, 'introspect', { token: String(body['access_token']) })).body).toEqual({
      active: false,
    });
    expect((await refresh(tv, body['refresh_token'])).body['error']).toBe('invalid_grant');
  });
});

test('invariant 6: nothing that opens something stands in the database in clear', async () => {
  const asked = await ask(tv);
  await reachConfirmation(new HttpBrowser(), tv, asked.userCode, ADA);
  const rows = await ledger.rows<{ row: string }>('SELECT a::text AS row FROM oidc_artifacts a');
  const all = rows.map(({ row }) => row).join('\n');
  for (const value of [asked.deviceCode, asked.userCode, asked.userCode.replace('-', '')])
    expect(all).not.toContain(value);
});

test('invariant 5: somebody who was switched off between their yes and the poll gets nothing', async () => {
  const asked = await ask(tv);
  await approve(browser, tv, asked.userCode, ADA);
  const [ada] = (await ledger.users('acme')).filter(({ user_name: name }) => name === ADA.username);
  const dataSource = await createDataSource(acme.causeway.databaseUrl).initialize();
  try {
    await endPerson(new Database(dataSource), ledger, ada?.id ?? '');
  } finally {
    await dataSource.destroy();
  }
  expect(await errorOf(poll(tv, asked))).toBe('invalid_grant');
});
