import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newUserCode } from '../../src/op/device-codes.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import type { TestApplication } from '../support/application.js';
import { testIds } from '../support/deployment.js';
import { approve, ask, deviceApplication, deviceOf, poll } from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { send, type Answer } from './support/http.js';
import { warm } from './support/warm.js';

let acme: Acme;
let tv: TestApplication;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme({ settings: { trustedProxies: { kind: 'hops', count: 1 } } });
  await warm(acme);
  const { applications = [] } = acme.tenant;
  await acme.causeway.apply([{ slug: 'acme', applications: [...applications, deviceApplication] }]);
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

const askFrom = (address: string, clientId = 'tv'): Promise<Answer> =>
  send(`${tv.issuer}/oauth2/v1/device/authorize`, {
    form: { client_id: clientId, scope: 'openid' },
    headers: { 'x-forwarded-for': address },
  });

/** Lets all counters stand as if so many had asked. */
const setCounts = (count: number) =>
  ledger.rows(
    `UPDATE oidc_artifacts SET payload = jsonb_build_object('count', $1::int) WHERE kind = 'Tries'`,
    [count],
  );

const codes = () => ledger.count('oidc_artifacts', `kind = 'DeviceCode'`);

describe('how many codes may be asked for', () => {
  test('sixty in a minute from one network; another network may ask, and the audit trail says so once', async () => {
    expect((await askFrom('2001:db8:1:1::5')).status).toBe(200);
    await setCounts(59);
    expect((await askFrom('2001:db8:1:1::6')).status).toBe(200);
    const before = await codes();
    const refused = await askFrom('2001:db8:1:1::7');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(refused.headers['cache-control']).toBe('no-store');
    expect(refused.json).toEqual({
      error: 'slow_down',
      error_description: 'too many codes were asked for: wait before you ask again',
    });
    expect((await askFrom('2001:db8:1:1::8')).status).toBe(429);
    expect(await codes()).toBe(before);
    expect((await askFrom('2001:db8:1:2::5')).status).toBe(200);
    const events = await ledger.audit('acme', { action: 'device.requests_exceeded' });
    expect(events).toEqual([expect.objectContaining({ outcome: 'refused', application: 'tv' })]);
  });

  test('twelve hundred in a minute for a tenant, from wherever', async () => {
    expect((await askFrom('192.0.2.1')).status).toBe(200);
    await setCounts(1_200);
    expect((await askFrom('198.51.100.1')).status).toBe(429);
  });

  test('one that is refused for its own network takes nothing of the tenant’s', async () => {
    expect((await askFrom('192.0.2.1')).status).toBe(200);
    await setCounts(1_000);
    for (let asked = 0; asked < 5; asked += 1) expect((await askFrom('192.0.2.1')).status).toBe(429);
    const counts = await ledger.rows<{ count: number }>(
      `SELECT (payload ->> 'count')::int AS count FROM oidc_artifacts WHERE kind = 'Tries' ORDER BY 1`,
    );
    expect(counts.map(({ count }) => count)).toEqual([1_000, 1_005]);
  });

  test('what gets no code is not counted: an unknown client, a wrong request', async () => {
    expect((await askFrom('192.0.2.1', 'nobody')).status).toBe(401);
    expect((await askFrom('192.0.2.1', 'grafana')).status).toBe(401);
    const wrong = await send(`${tv.issuer}/oauth2/v1/device/authorize`, {
      form: { client_id: 'tv', scope: 'openid', resource: 'https://nobody.example' },
    });
    expect(wrong.status).toBe(400);
    expect(await ledger.count('oidc_artifacts', `kind = 'Tries'`)).toBe(0);
  });
});

/** The next `times` codes to be made get the user code of the last one that was. */
const collide = async (times: number): Promise<void> => {
  await ledger.rows(`DROP TRIGGER IF EXISTS collide ON oidc_artifacts`);
  await ledger.rows(`DROP SEQUENCE IF EXISTS collisions`);
  await ledger.rows(`CREATE SEQUENCE collisions; GRANT USAGE ON SEQUENCE collisions TO PUBLIC`);
  await ledger.rows(`CREATE OR REPLACE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      IF NEW.user_code_hash IS NOT NULL AND nextval('collisions') <= ${times} THEN
        NEW.user_code_hash := (SELECT user_code_hash FROM oidc_artifacts WHERE user_code_hash IS NOT NULL LIMIT 1);
      END IF;
      RETURN NEW;
    END $$`);
  await ledger.rows(
    `CREATE TRIGGER collide BEFORE INSERT ON oidc_artifacts FOR EACH ROW EXECUTE FUNCTION collide()`,
  );
};

describe('a user code that a waiting device has', () => {
  test('is not given to another: it gets one that is free, and signs in with that', async () => {
    const first = await ask(tv);
    await collide(2);
    const asked = await ask(tv);
    await ledger.rows('DROP TRIGGER collide ON oidc_artifacts');
    expect(asked.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(asked.body['verification_uri_complete']).toBe(`${tv.issuer}/device?user_code=${asked.userCode}`);
    await approve(new HttpBrowser(), tv, asked.userCode, ADA);
    expect((await poll(tv, asked)).status).toBe(200);
    expect((await poll(tv, first)).body['error']).toBe('authorization_pending');
  });

  test('is not looked for without end', async () => {
    await ask(tv);
    await collide(100);
    const before = await codes();
    const { status, headers, json } = await askFrom('192.0.2.1');
    await ledger.rows('DROP TRIGGER collide ON oidc_artifacts');
    expect([status, headers['retry-after'], json]).toEqual([
      503,
      '2',
      { error: 'temporarily_unavailable', error_description: 'no free user code was found' },
    ]);
    expect(await codes()).toBe(before);
  });

  test('is made like the library’s: eight letters, all of them, none oftener than others', () => {
    const all = Array.from({ length: 2_000 }, () => newUserCode(testIds));
    expect(new Set(all).size).toBe(2_000);
    const counts = new Map<string, number>();
    for (const letter of all.join('')) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect([...counts.keys()].toSorted().join('')).toBe('BCDFGHJKLMNPQRSTVWXZ');
    // 800 of each: six standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(170);
    for (const code of all) expect(code).toMatch(/^[B-Z]{8}$/);
  });
});
