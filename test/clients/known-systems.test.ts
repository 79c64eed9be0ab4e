import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readApplyFile } from '../../src/management/apply-file/read-apply-file.js';
import { startAcme, type Acme } from '../support/acme.js';
import {
  claimsOf,
  post,
  refresh,
  signIn,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { freePort, SNIPPETS, startProgram, type Program } from './support/program.js';
import { finishAtOkta, signInThrough, told } from './support/visit.js';

/** The systems of known-systems.md: what the page says is applied as it stands there, but for the addresses. */
const SECRET = 'known-system-secret-of-32-chars-1';
const PEOPLE = {
  ada: ['Engineering', 'Akto admins', 'Console admins'],
  ben: ['Engineering', 'Akto members', 'Console auditors'],
  eve: ['Engineering'],
  tec: ['Engineering', 'Service provider'],
};
type Name = keyof typeof PEOPLE;
const person = (name: Name): OktaPerson => ({ username: `${name}@acme.example`, password: 'Okta-demo-1' });

let acme: Acme;
const programs: Program[] = [];

beforeAll(async () => {
  const names = [...new Set(Object.values(PEOPLE).flat()), 'Support'];
  acme = await startAcme({
    okta: {
      groups: names.map((name) => ({ name })),
      users: Object.entries(PEOPLE).map(([name, groups]) => ({
        login: `${name}@acme.example`,
        firstName: name,
        groups,
      })),
    },
  });
}, 120_000);
afterAll(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  await acme.stop();
});

/** Applies a file of the guides, with another address in place of the one that it names. */
async function applied(file: string, from: string, to: string): Promise<void> {
  const text = (await readFile(`${SNIPPETS}${file}`, 'utf8')).replaceAll(`"${from}`, `"${to}`);
  const read = readApplyFile(text.replaceAll(` ${from}/initiate`, ` ${to}/initiate`), () => SECRET);
  if (read.faults !== undefined) throw new Error(JSON.stringify(read.faults));
  // Each system has the tenant for itself: what the one before it had is taken away.
  const bare = { apis: [], accessPolicies: [], defaultRole: null };
  await acme.causeway.apply(read.tenants.map((tenant) => ({ ...bare, ...tenant })));
}

async function startConsole(clientId: string, file: string, from: string): Promise<string> {
  const port = await freePort();
  await applied(file, from, `http://localhost:${port}`);
  const environment = { ISSUER: acme.app.issuer, CLIENT_ID: clientId, CLIENT_SECRET: SECRET };
  const program = await startProgram('console.mjs', port, environment);
  programs.push(program);
  return program.url;
}

/** A token for the application itself. */
const askAsItself = (application: TestApplication): Promise<TokenAnswer> =>
  post(application, 'token', { grant_type: 'client_credentials', scope: 'ingest' });

/** The link behind the tile at Okta, as Okta completes it. */
const tile = (iss: string): string =>
  `${acme.app.issuer}/initiate/okta/akto?${new URLSearchParams({ iss }).toString()}`;

describe('OpenMetadata', () => {
  const ours = 'http://localhost:5996';
  let web: TestApplication;
  let spa: TestApplication;
  const browser = new HttpBrowser();
  beforeAll(async () => {
    await applied('openmetadata.yaml', 'https://metadata.acme.example', ours);
    const common = { issuer: acme.app.issuer, redirectUri: `${ours}/callback` };
    web = { ...common, clientId: 'openmetadata', clientSecret: SECRET };
    spa = { ...common, clientId: 'openmetadata-ui' };
  });

  test('nobody is asked for consent, and the token is for its own audience, with the default scope', async () => {
    const { body } = await signIn(browser, web, person('ada'), { scope: 'openid email' });
    expect(claimsOf(body['access_token'])).toMatchObject({ aud: `${ours}/api`, scope: 'read' });
  });

  test.each<[client: string, scope: string, given: string]>([
    ['openmetadata', 'openid read write', 'read write'],
    ['openmetadata', 'openid write ingest', 'write'],
    ['openmetadata-ui', 'openid read write', 'read'],
  ])('B7 %s asks for %s and gets %s', async (client, scope, given) => {
    const application = client === 'openmetadata' ? web : spa;
    const { body } = await signIn(browser, application, person('ada'), { scope });
    expect(claimsOf(body['access_token'])['scope']).toBe(given);
  });

  test('B7 the bot gets its scope by its grant, people’s applications don’t', async () => {
    const bot = { ...web, clientId: 'ingestion-bot' };
    expect(claimsOf((await askAsItself(bot)).body['access_token'])).toMatchObject({ scope: 'ingest' });
    expect(await askAsItself(web)).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  });

  test('B4 the single-page one uses each refresh token once', async () => {
    const first = await signIn(browser, spa, person('ada'), { scope: 'openid offline_access' });
    const next = await refresh(spa, first.body['refresh_token']);
    expect(next.body['refresh_token']).not.toBe(first.body['refresh_token']);
    expect(claimsOf(next.body['access_token'])['scope']).toBe('read');
  });

  test('signing out leads back to it', async () => {
    const mine = new HttpBrowser();
    const { body } = await signIn(mine, web, person('ada'), { scope: 'openid' });
    const address = new URL(`${web.issuer}/oauth2/v1/logout`);
    address.searchParams.set('id_token_hint', String(body['id_token']));
    address.searchParams.set('post_logout_redirect_uri', `${ours}/signed-out`);
    const { location } = await mine.travel(address, (url) => url.origin !== ours);
    expect(location?.href).toBe(`${ours}/signed-out`);
  });
});

describe('Akto', () => {
  let url = '';
  beforeAll(async () => {
    url = await startConsole('akto', 'akto.yaml', 'https://app.akto.example');
  });

  test('A7 the tile leads to the application with its account, and from there to Okta and back', async () => {
    const browser = new HttpBrowser();
    const leaving = await browser.travel(tile(acme.okta.issuer), (to) => to.origin !== acme.okta.url);
    expect(told(await finishAtOkta(browser, leaving, person('ada')))).toEqual({
      name: expect.stringContaining('ada'),
      roles: ['admin'],
      groups: ['Akto admins'],
      tenant: 'acme',
      account: '1000000',
    });
  });

  test('A-38 a link in the name of another issuer starts nothing', async () => {
    expect((await new HttpBrowser().open(tile('https://attacker.example'))).status).toBe(400);
    const forged = await new HttpBrowser().open(`${url}/initiate?iss=https://attacker.example&account=1`);
    expect([forged.status, forged.location]).toEqual([400, undefined]);
  });

  test.each([
    ['ben', ['member'], ['Akto members']],
    ['eve', ['guest'], []],
  ] as const)('%s: roles decide, groups are told as far as they are Akto’s', async (name, roles, groups) => {
    const home = await signInThrough(new HttpBrowser(), `${url}/login`, acme.okta, person(name));
    expect(told(home)).toMatchObject({ roles, groups });
  });
});

describe('Codeproof', () => {
  let url = '';
  beforeAll(async () => {
    url = await startConsole('console', 'codeproof.yaml', 'https://console.acme.example');
  });

  test.each([
    ['ada', 'admin', [200, 201, 201]],
    ['ben', 'read-only', [200, 403, 403]],
    ['tec', 'msp', [200, 201, 403]],
  ] as const)('%s is %s by a group of Okta, and may do what that is for', async (name, role, expected) => {
    const browser = new HttpBrowser();
    const home = await signInThrough(browser, `${url}/login`, acme.okta, person(name));
    expect(told(home)).toMatchObject({ roles: [role] });
    const list = await browser.open(`${url}/devices`);
    const device = await browser.open(`${url}/devices`, { form: {} });
    const user = await browser.open(`${url}/users`, { form: {} });
    expect([list.status, device.status, user.status]).toEqual(expected);
  });

  test('B13 who has none of the roles is told so by a page', async () => {
    const page = await signInThrough(new HttpBrowser(), `${url}/login`, acme.okta, person('eve'));
    expect(page.url.origin).toBe(new URL(acme.app.issuer).origin);
    expect(page.status).toBe(403);
  });
});
