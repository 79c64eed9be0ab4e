import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cursors } from '../../../src/scim/cursor.js';
import { CLIENT_RATE, RateLimit, STRANGER_RATE, TooManyRequests } from '../../../src/http/rate-limit.js';
import { fromQuery } from '../../../src/scim/search-request.js';
import { Ledger } from '../../support/ledger.js';
import { oktaUser } from '../../support/scim-client.js';
import { BULK, clientOf, ERROR, filtered, idOf, SEARCH, startScim, TOKEN, type ScimStage } from './stage.js';

let stage: ScimStage;
let ledger: Ledger;

beforeAll(async () => {
  stage = await startScim();
  ledger = await Ledger.open(stage.node.databaseUrl);
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await stage.stop();
});

describe('the recorder', () => {
  const CANARY = 'c4n4ry-3f9a';

  test('keeps no password and no token, wherever they are sent', async () => {
    const { scim } = stage;
    const made = await scim.post('/Users', oktaUser('canary@acme.example', { password: CANARY }));
    const path = `/Users/${idOf(made)}`;
    await scim.put(path, oktaUser('canary@acme.example', { Password: CANARY }));
    await scim.patch(path, [{ op: 'replace', path: 'password', value: CANARY }]);
    await scim.patch(path, [{ Op: 'replace', Path: 'password', Value: CANARY }]);
    await scim.patch(path, [
      {
        op: 'replace',
        value: { password: CANARY, 'urn:ietf:params:scim:schemas:core:2.0:User:password': CANARY },
      },
    ]);
    await scim.patch(path, [{ op: 'replace', path: `password[value eq "${CANARY}"]`, value: 'x' }]);
    await scim.get(filtered('/Users', `password eq "${CANARY}"`));
    await scim.get(`/Users?access_token=${CANARY}&Token=${CANARY}&client_secret=${CANARY}`);
    await scim.post('/Users/.search', { schemas: [SEARCH], filter: `password sw "${CANARY}"` });
    await scim.post('/Bulk', {
      schemas: [BULK],
      Operations: [{ method: 'PUT', path, data: oktaUser('canary@acme.example', { password: CANARY }) }],
    });
    await clientOf(stage.node, `Bearer ${CANARY}`).get('/Users');
    await stage.node.node.scimRecorder.flush();
    const rows = await ledger.rows<{ all: string }>(
      'SELECT row_to_json(r)::text AS all FROM scim_requests r',
    );
    expect(rows.length).toBeGreaterThanOrEqual(11);
    for (const { all } of rows) {
      expect(all).not.toContain(CANARY);
      expect(all).not.toContain(TOKEN);
      expect(all).not.toContain('1mz050nq');
    }
    const users = await ledger.rows<{ all: string }>('SELECT row_to_json(r)::text AS all FROM users r');
    expect(users.every(({ all }) => !all.includes(CANARY))).toBe(true);
  });

  test('keeps requests whose bodies no database would take, and those that stood beside them', async () => {
    const { scim } = stage;
    await scim.post('/Users', { ...oktaUser('unfit@acme.example'), nickName: 'a\u0000b' });
    await scim.post('/Users', { ...oktaUser('unfit@acme.example'), nickName: '\ud800' });
    await scim.post('/Users', {
      ...oktaUser('unfit@acme.example'),
      [`\ud800${'😀'.repeat(9_000)}`]: '😀'.repeat(9_000),
    });
    await scim.get('/Users?filter=%00%ff%ed%a0%80');
    await scim.get('/Users?note=beside');
    await stage.node.node.scimRecorder.flush();
    const rows = await ledger.rows<{ target: string }>(
      `SELECT target FROM scim_requests WHERE target LIKE '%beside'`,
    );
    expect(rows).toHaveLength(1);
  });
});

const clockAt = (time: { ms: number }) => ({ now: () => new Date(time.ms) });

describe('fair shares', () => {
  test.each([
    ['a client', CLIENT_RATE],
    ['a stranger', STRANGER_RATE],
  ])('%s may burst, is then told in whole seconds when to come back, and may', (_who, rate) => {
    const time = { ms: 1_000_000 };
    const limit = new RateLimit(rate, clockAt(time));
    for (let n = 0; n < rate.burst; n += 1) limit.take('a');
    const refusal = (): TooManyRequests | undefined => {
      try {
        limit.take('a');
        return undefined;
      } catch (error) {
        if (error instanceof TooManyRequests) return error;
        throw error;
      }
    };
    const refused = refusal();
    expect(refused).toBeInstanceOf(TooManyRequests);
    expect(Number.isInteger(refused?.retryAfterSeconds)).toBe(true);
    limit.take('b');
    time.ms += (refused?.retryAfterSeconds ?? 0) * 1000;
    expect(refusal()).toBeUndefined();
    time.ms -= 3_600_000;
    for (let n = 0; n < rate.perSecond; n += 1) refusal();
    expect(refusal()).toBeDefined();
  });

  test('strangers are held off, a client from the same address is not', async () => {
    const stranger = clientOf(stage.node, 'wrong');
    let reply = await stranger.get('/Users');
    for (let n = 0; n < 2_000 && reply.status === 401; n += 1) reply = await stranger.get('/Users');
    expect(reply).toMatchObject({
      status: 429,
      body: { schemas: [ERROR], status: '429', detail: expect.any(String) },
    });
    expect(reply.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect((await stage.scim.get('/Users?count=0')).status).toBe(200);
  });
});

test('a cursor of more than an hour is refused as expired, and says so', async () => {
  const tenant = await stage.node.node.directory.find('acme');
  if (tenant === undefined) throw new Error('no tenant');
  const search = fromQuery(new URLSearchParams('cursor='));
  const time = { ms: 1_700_000_000_000 };
  const cursors = new Cursors(tenant, 'connection', () => new Date(time.ms));
  const key = { id: '0192a000-0000-7000-8000-000000000000', sortedBy: null };
  const cursor = cursors.write('User', search, key);
  time.ms += 3_599_000;
  expect(cursors.read('User', search, cursor)).toEqual(key);
  time.ms += 2_000;
  expect(() => cursors.read('User', search, cursor)).toThrow(
    expect.objectContaining({ status: 400, scimType: 'expiredCursor' }),
  );
});
