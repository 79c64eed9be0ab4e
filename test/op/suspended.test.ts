import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { runHere, type Ended } from '../cli/support.js';
import { ADA, CAT, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  refresh,
  signIn,
  type TokenAnswer,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { oktaUser, ScimClient } from '../support/scim-client.js';
import { arrive, goAndReturn, headingOf, redeemAt } from '../support/trip.js';
import { cookiesOf, sessionOf } from './support/session.js';
import { send } from './support/http.js';

const SCIM_TOKEN = 'a-scim-token-of-the-tests-0123456789';
const secret = randomBytes(32);
let acme: Acme;
let ledger: Ledger;
let body: TokenAnswer['body'];
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme({ keyRing: new KeyRing([{ id: 'test', secret }]) });
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
    const paths = ['/callback/okta', '/sign-in/abcdefghijk', '/oauth2/v1/logout', '/signed-out/okta'];
    for (const path of [...paths, '/frontchannel-logout/okta?iss=x&sid=y'])
      expect((await send(`${acme.app.issuer}${path}`)).status).toBe(403);
    const told = await send(`${acme.app.issuer}/backchannel-logout/okta`, { form: { logout_token: 'x' } });
    expect([told.status, told.json]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'tenant_suspended' },
    ]);
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

/** `causeway apply` beside the running node, which comes to know of it only when it looks again. */
function applyStatus(
  status: 'suspended' | 'active',
  options: readonly string[] = [],
  slug = 'acme',
): Promise<Ended> {
  const variables = {
    DATABASE_URL: acme.causeway.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: acme.causeway.url,
  };
  const file = JSON.stringify({ tenants: [{ slug, status }] });
  return runHere(['apply', '-f', '-', ...options], variables, file);
}

describe('a tenant that an operator suspends in its file', () => {
  const ada = new HttpBrowser();
  const cat = new HttpBrowser();
  let adas: TokenAnswer['body'];
  let cats: TokenAnswer['body'];
  let leaver: unknown;
  let scim: ScimClient;

  beforeAll(async () => {
    await acme.causeway.apply([
      { slug: 'acme', scimTokens: [{ name: 'okta', connection: 'okta', token: SCIM_TOKEN }] },
    ]);
    scim = new ScimClient(`${acme.app.issuer}/scim/v2`, SCIM_TOKEN);
    leaver = (await scim.post('/Users', oktaUser('leaver@acme.example'))).body['id'];
    ({ body: adas } = await signIn(ada, acme.app, ADA));
  });

  test('wants --allow-delete, because it ends access', async () => {
    const refused = await applyStatus('suspended');
    expect(refused).toMatchObject({ code: 77, stdout: '' });
    expect(refused.stderr).toMatch(/~ acme: tenant: status\n[^]*--allow-delete/);
    expect(await sessionOf(cookiesOf(ada, acme.app), acme.app)).toBe('open');
  });

  test('ends all access in the transaction of the change, whatever nodes know of it', async () => {
    await ledger.rows('TRUNCATE outbox');
    const { callback, request } = await goAndReturn(cat, acme.app, CAT);
    const before = await ledger.liveSessions();
    const { code, stdout } = await applyStatus('suspended', ['--allow-delete']);
    expect([code, stdout]).toEqual([0, '~ acme: tenant: status\n1 changes made.\n']);
    expect(before).toBeGreaterThan(0);
    expect(await ledger.liveSessions()).toBe(0);
    expect((await refresh(acme.app, adas['refresh_token'])).body['error']).toBe('invalid_grant');
    const told = await ledger.rows(`SELECT DISTINCT receiver, payload->>'reason' AS reason FROM outbox`);
    expect(told).toEqual([{ receiver: 'grafana', reason: 'tenant_suspended' }]);
    const [event] = (await ledger.audit('acme', { action: 'tenant.updated' })).slice(-1);
    expect(event?.details).toEqual({ before: { status: 'active' }, after: { status: 'suspended' } });
    const [ended] = (await ledger.audit('acme', { action: 'access.ended' })).slice(-1);
    expect(ended).toMatchObject({ reason: 'tenant_suspended', actor: { type: 'operator' } });
    // The node doesn't know yet, and lets somebody in who was on the way.
    ({ body: cats } = await redeemAt(acme.app, await arrive(cat, acme.app, callback), request));
    expect(cats['refresh_token']).toEqual(expect.any(String));
    await acme.causeway.node.directory.refresh();
  });

  test('lets nobody in while it lasts, and takes from Okta who leaves', async () => {
    const page = await new HttpBrowser().open(authorizationRequest(acme.app).url);
    expect([page.status, headingOf(page)]).toEqual([403, expect.stringMatching(/sign-in is paused/)]);
    expect((await refresh(acme.app, cats['refresh_token'])).status).toBe(400);
    const introspected = await post(acme.app, 'introspect', { token: String(cats['access_token']) });
    expect(introspected.body).toEqual({ active: false });
    const path = `/Users/${String(leaver)}`;
    expect((await scim.patch(path, [{ op: 'replace', value: { active: false } }])).status).toBe(200);
    expect((await ledger.user('acme', leaver)).active).toBe(false);
    expect((await applyStatus('suspended')).stdout).toBe('Nothing to do.\n');
  });

  test('opens again: people sign in anew as who they were, also who slipped in at its beginning', async () => {
    expect((await applyStatus('active')).code).toBe(0);
    await acme.causeway.node.directory.refresh();
    for (const [person, tokens] of [
      [ada, adas],
      [cat, cats],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await sessionOf(cookiesOf(person, acme.app), acme.app)).toBe('login_required');
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await refresh(acme.app, tokens['refresh_token'])).body['error']).toBe('invalid_grant');
    }
    const { body: again } = await signIn(ada, acme.app, ADA);
    expect(claimsOf(again['id_token'])['sub']).toBe(claimsOf(adas['id_token'])['sub']);
  });

  test('the deployment’s own tenant can’t be', async () => {
    const { code, stderr } = await applyStatus('suspended', ['--allow-delete'], 'system');
    expect([code, stderr]).toEqual([65, expect.stringMatching(/^tenants\[0\]\.status: 'system' is/)]);
  });
});
