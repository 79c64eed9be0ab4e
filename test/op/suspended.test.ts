import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, post, refresh, signIn, type TokenAnswer } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { cookiesOf, sessionOf } from './support/session.js';
import { send } from './support/http.js';

let acme: Acme;
let ledger: Ledger;
let body: TokenAnswer['body'];
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  ({ body } = await signIn(browser, acme.app, ADA));
  await suspend('suspended');
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

async function suspend(status: 'suspended' | 'active'): Promise<void> {
  await ledger.rows(
    `UPDATE tenants SET status = $1, config_version = config_version + 1, config_changed_at = now()
    WHERE slug = 'acme'`,
    [status],
  );
  await acme.causeway.node.directory.refresh();
}

describe('A-56: a suspended tenant', () => {
  test('tells people so on a page', async () => {
    const page = await new HttpBrowser().open(authorizationRequest(acme.app).url, {
      headers: { accept: 'text/html' },
    });
    expect([page.status, page.location]).toEqual([403, undefined]);
    for (const path of ['/callback/okta', '/sign-in/abcdefghijk', '/oauth2/v1/logout'])
      expect((await send(`${acme.app.issuer}${path}`)).status).toBe(403);
  });

  test('gives applications nothing more, in the words of OAuth', async () => {
    const refreshed = await refresh(acme.app, body['refresh_token']);
    expect([refreshed.status, refreshed.body]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'tenant_suspended' },
    ]);
    const introspected = await post(acme.app, 'introspect', { token: String(body['access_token']) });
    expect([introspected.status, introspected.body]).toEqual([200, { active: false }]);
    expect((await post(acme.app, 'revoke', { token: 'x' })).status).toBe(200);
    const pushed = await post(acme.app, 'par', {});
    expect([pushed.status, pushed.body['error']]).toEqual([400, 'access_denied']);
    const userinfo = await send(`${acme.app.issuer}/oauth2/v1/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(userinfo.status).toBe(401);
    expect(userinfo.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(userinfo.headers['cache-control']).toBe('no-store');
  });

  test('still publishes its keys, so that what it signed can be checked', async () => {
    for (const path of ['/.well-known/openid-configuration', '/oauth2/v1/keys'])
      expect((await send(`${acme.app.issuer}${path}`)).status).toBe(200);
  });

  test('takes up where it was', async () => {
    await suspend('active');
    expect(await sessionOf(cookiesOf(browser, acme.app), acme.app)).toBe('open');
    expect((await refresh(acme.app, body['refresh_token'])).status).toBe(200);
  });
});
