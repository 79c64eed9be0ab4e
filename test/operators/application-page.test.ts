import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAcme, type Acme } from '../support/acme.js';
import { apiClient } from '../support/api.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { codeOf, enrolByPassword, invite, PASSWORD } from '../support/operator.js';
import { headingOf } from '../support/trip.js';
import { Ledger } from '../support/ledger.js';

let acme: Acme;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

async function signedIn(userName: string, tenant: string): Promise<HttpBrowser> {
  const { seed } = await enrolByPassword((await invite(acme.causeway, userName, { tenant })).link);
  await ledger.rows('UPDATE local_accounts SET totp_last_step = NULL');
  const browser = new HttpBrowser();
  await browser.open(`${acme.causeway.url}/console/sign-in?tenant=${tenant}&by=password`, {
    form: { user_name: userName, password: PASSWORD, code: codeOf(seed) },
  });
  return browser;
}

const visit = (browser: HttpBrowser, path: string): Promise<Page> =>
  browser.open(`${acme.causeway.url}/console/t/${path}`);

test('an application’s page has its issuer, endpoints and programs for its kind (B17)', async () => {
  const browser = await signedIn('desk', 'acme');
  const page = await visit(browser, 'acme/applications/grafana');
  expect(page.status).toBe(200);
  expect(headingOf(page)).toContain('Connect ');
  for (const told of [acme.app.issuer, 'grafana', `${acme.app.issuer}/oauth2/v1/token`, 'openid-client'])
    expect(page.text).toContain(told);
  expect(page.text).not.toContain(acme.app.clientSecret);
  expect((await visit(browser, 'acme/applications/none')).status).toBe(404);
  expect((await visit(browser, 'system/applications/grafana')).status).toBe(404);
  const away = await visit(new HttpBrowser(), 'acme/applications/grafana');
  expect(away.text).not.toContain(`${acme.app.issuer}/oauth2`);
});

test('the API gives the same, for each kind of application what suits it', async () => {
  const api = await apiClient(acme.causeway, { tenant: 'acme', role: 'console:help-desk' });
  const of = async (clientId: string) =>
    (await api.get(`/tenants/acme/applications/${clientId}/integration`)).body;
  expect(await of('grafana')).toMatchObject({
    issuer: acme.app.issuer,
    environment: { ISSUER: acme.app.issuer, CLIENT_ID: 'grafana', CLIENT_SECRET: '(the client secret)' },
    endpoints: { authorize: `${acme.app.issuer}/oauth2/v1/authorize` },
    page: `${acme.causeway.url}/console/t/acme/applications/grafana`,
  });
  const files = async (clientId: string) =>
    ((await of(clientId))['snippets'] as readonly { file: string; text: string }[]).map(({ file }) => file);
  expect(await files('grafana')).toContain('web-openid-client.mjs');
  expect(await files('spa')).toEqual(['single-page.js', 'okta-auth-js.js']);
});
