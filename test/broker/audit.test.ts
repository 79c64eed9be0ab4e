import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, BOB, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, claimsOf } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { goAndReturn, headingOf, redeemAt, referenceOf, travelOurs } from '../support/trip.js';

const AGENT = 'Mozilla/5.0 (Test)\u202e "quoted"';

let acme: Acme;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme({
    settings: { trustedProxies: { kind: 'hops', count: 1 } },
    okta: { settings: { sid: 'all' } },
  });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const headers = { 'user-agent': encodeURI(AGENT), 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };

/** Opens an address and what it leads to here, as a browser behind a trusted proxy. */
async function openBehindProxy(browser: HttpBrowser, address: URL | string): Promise<Page> {
  let page = await browser.open(address, { headers });
  while (page.location !== undefined && page.location.href.startsWith(acme.app.issuer))
    page = await browser.open(page.location, { headers });
  return page;
}

/** What an event keeps of a person, opened. */
async function personalOf(action: string): Promise<Record<string, unknown>> {
  const [row] = await ledger.rows<{ id: string; sealed: string; tenant: string }>(
    `SELECT e.id, p.sealed, e.tenant_id AS tenant FROM audit_events e
    JOIN audit_personal p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
    WHERE e.action = $1 ORDER BY e.xid DESC LIMIT 1`,
    [action],
  );
  const tenant = await acme.causeway.node.directory.find('acme');
  if (row === undefined || tenant === undefined) throw new Error(`no event ${action}`);
  const place = { tenantId: row.tenant, table: 'audit_personal', column: 'sealed', row: row.id };
  return JSON.parse(tenant.vault.open(place, row.sealed)) as Record<string, unknown>;
}

describe('H1 what the audit trail keeps of a sign-in', () => {
  test('that succeeded: who, where, through which session of Okta’s; names and addresses only sealed', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA, {
      acr_values: 'urn:okta:loa:2fa:any',
    });
    const { body } = await redeemAt(acme.app, await openBehindProxy(browser, callback), request);
    const claims = claimsOf(body['id_token']);
    const [event] = await ledger.audit('acme', { action: 'sign_in.succeeded' });
    expect(event).toMatchObject({
      outcome: 'success',
      actor: { type: 'user', id: claims['sub'] },
      target: 'application:grafana',
      application: 'grafana',
      connection: 'okta',
      details: {
        by: 'upstream',
        acr: 'urn:okta:loa:2fa:any',
        amr: claims['amr'],
        authTime: claims['auth_time'],
      },
    });
    expect(String(event?.details['upstreamSession'])).toMatch(/^\S{8,}$/);
    expect(JSON.stringify(event)).not.toMatch(/ada@|Ada|203\.0\.113|Mozilla/);
    expect(await personalOf('sign_in.succeeded')).toMatchObject({
      ip: '203.0.113.9',
      userAgent: expect.stringContaining('Mozilla'),
    });
  });

  test('by a session that lives: that too, with the session of before', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    await openBehindProxy(browser, callback);
    const before = await ledger.audit('acme', { action: 'sign_in.succeeded' });
    await travelOurs(browser, acme.spa, authorizationRequest(acme.spa).url);
    const events = await ledger.audit('acme', { action: 'sign_in.succeeded' });
    expect(events).toHaveLength(before.length + 1);
    expect(events.at(-1)).toMatchObject({
      application: 'spa',
      connection: 'okta',
      details: { by: 'session', upstreamSession: before.at(-1)?.details['upstreamSession'] },
    });
  });

  test('that was refused: why, with the reference that the person has; whom Okta named only sealed', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, BOB);
    const page = await openBehindProxy(browser, callback);
    expect(headingOf(page)).toBe("You don't have access to Grafana");
    const events = await ledger.audit('acme', { reference: referenceOf(page) });
    expect(events).toMatchObject([
      {
        action: 'sign_in.refused',
        outcome: 'refused',
        reason: 'not_assigned',
        application: 'grafana',
        connection: 'okta',
        details: { cause: 'user_not_assigned', step: 'authorization' },
      },
    ]);
    expect(await personalOf('sign_in.refused')).toMatchObject({ ip: '203.0.113.9' });
  });

  test('A-108 an address that a client makes up counts nothing', async () => {
    const browser = new HttpBrowser();
    const forged = { 'x-forwarded-for': '10.0.0.1, 198.51.100.77', 'user-agent': 'x'.repeat(5_000) };
    await browser.open(`${acme.app.issuer}/callback/okta?state=nobodys`, { headers: forged });
    const personal = await personalOf('sign_in.refused');
    expect(personal['ip']).toBe('198.51.100.77');
    expect(String(personal['userAgent']).length).toBeLessThanOrEqual(300);
  });

  test('the event names the request, as its answer and its log line do', async () => {
    const page = await new HttpBrowser().open(`${acme.app.issuer}/callback/okta?state=nobodys`);
    const [row] = await ledger.rows<{ body: string }>('SELECT body FROM audit_events WHERE reference = $1', [
      referenceOf(page),
    ]);
    const { origin } = JSON.parse(row?.body ?? '{}') as { origin: { requestId: string } };
    expect(origin.requestId).toBe(page.headers['x-request-id']);
  });
});
