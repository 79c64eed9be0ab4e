import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, post, refresh, type TestApplication } from '../support/application.js';
import { approve, ask, deviceApplication, deviceOf, poll, reachConfirmation } from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { headingOf, readable } from '../support/trip.js';

let acme: Acme;
let tv: TestApplication;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  const { applications = [] } = acme.tenant;
  await acme.causeway.apply([{ slug: 'acme', applications: [...applications, deviceApplication] }]);
  tv = deviceOf(acme.app.issuer);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

describe('a device signs its person in (RFC 8628)', () => {
  test('from the code on its screen, through Okta, to tokens', async () => {
    const asked = await ask(tv, { device_reference: 'kitchen-7' }, { 'user-agent': 'LivingTV/3.1' });
    expect(asked.body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${tv.issuer}/device`,
      verification_uri_complete: `${tv.issuer}/device?user_code=${asked.userCode}`,
      expires_in: 600,
      interval: 5,
    });
    const waiting = await poll(tv, asked);
    expect([waiting.status, waiting.body['error']]).toEqual([400, 'authorization_pending']);
    const browser = new HttpBrowser();
    const page = await reachConfirmation(
      browser,
      tv,
      ` ${asked.userCode.toLowerCase().replace('-', ' ')}`,
      ADA,
    );
    expect(headingOf(page)).toBe('Sign in on Living-room TV?');
    const words = readable(page);
    for (const shown of [asked.userCode, 'LivingTV/3.1', '127.0.0.1', 'kitchen-7', ADA.username])
      expect(words).toContain(shown);
    expect(words).toContain('Only continue if you started this');
    const again = await approve(browser, tv, asked.userCode, undefined);
    expect(headingOf(again)).toBe('Done');
    const tokens = await poll(tv, asked);
    expect(tokens.status).toBe(200);
    expect(claimsOf(tokens.body['id_token'])).toMatchObject({
      aud: 'tv',
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin'],
      groups: ['Engineering', 'Everyone'],
      email: ADA.username,
      auth_time: expect.any(Number),
    });
    const { body } = await post(tv, 'introspect', { token: String(tokens.body['access_token']) });
    expect(body).toMatchObject({ active: true, client_id: 'tv', roles: ['admin'] });
    const [approved] = await ledger.audit('acme', { action: 'device.approved' });
    expect(approved).toMatchObject({
      outcome: 'success',
      application: 'tv',
      actor: { type: 'user', id: claimsOf(tokens.body['id_token'])['sub'] },
      details: {},
    });
    const refreshed = await refresh(tv, tokens.body['refresh_token']);
    expect(refreshed.status).toBe(200);
  });

  test('A-137 a tenant without devices has none of its addresses', async () => {
    await acme.causeway.apply([{ slug: 'plain', name: 'Plain', applications: [] }]);
    const plain = tv.issuer.replace('/t/acme', '/t/plain');
    for (const path of ['/device', '/device/nothing', '/oauth2/v1/device/authorize'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await new HttpBrowser().open(`${plain}${path}`)).status).toBe(404);
    const metadata = await new HttpBrowser().open(`${tv.issuer}/.well-known/openid-configuration`);
    expect(JSON.parse(metadata.text)).toMatchObject({
      device_authorization_endpoint: `${tv.issuer}/oauth2/v1/device/authorize`,
    });
  });

  test('A-56 while the tenant is suspended, devices are refused and their people read why', async () => {
    const asked = await ask(tv);
    await ledger.rows(
      `UPDATE tenants SET status = 'suspended', config_version = config_version + 1, config_changed_at = now()
      WHERE slug = 'acme'`,
    );
    await acme.causeway.node.directory.refresh();
    const { status, body } = await post(tv, 'device/authorize', { scope: 'openid' });
    expect([status, body['error']]).toEqual([400, 'access_denied']);
    expect((await poll(tv, asked)).body['error']).toBe('invalid_grant');
    const page = await new HttpBrowser().open(`${tv.issuer}/device`);
    expect([page.status, readable(page)]).toEqual([403, expect.stringContaining('paused')]);
  });
});
