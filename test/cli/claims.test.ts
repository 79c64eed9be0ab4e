import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { KeyRing } from '../../src/keys/sealing.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, signIn, type TestApplication } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { send } from '../op/support/http.js';
import { runHere, type Ended } from './support.js';

const API = 'https://api.acme.example';
const OKTA_API = 'https://okta-style.acme.example';
const secret = randomBytes(32);
let acme: Acme;
let ledger: Ledger;
let app: TestApplication;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme({ keyRing: new KeyRing([{ id: 'k1', secret }]) });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: ['https://app.example/cb'] } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [
        { identifier: API, scopes: [{ name: 'read', default: true }, { name: 'write' }] },
        { identifier: OKTA_API, scopes: [{ name: 'read' }], profile: 'okta' },
      ],
      accessPolicies: [API, OKTA_API].map((api) => ({
        api,
        clients: 'all',
        grants: ['authorization_code'],
        scopes: ['read'],
      })),
      applications: [
        {
          ...web,
          clientId: 'app',
          apis: [API, OKTA_API],
          claims: { roles: 'permissions', groups: { prefix: 'Eng' } },
        },
        { ...web, clientId: 'viewers', assignment: { roles: ['viewer'] } },
      ],
    },
  ]);
  app = {
    issuer: acme.app.issuer,
    clientId: 'app',
    clientSecret: APP_SECRET,
    redirectUri: 'https://app.example/cb',
  };
  browser = new HttpBrowser();
  await signIn(browser, app, ADA);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const run = (...words: readonly string[]): Promise<Ended> =>
  runHere(['claims', 'preview', '--tenant', 'acme', '--user', ADA.username, ...words], {
    DATABASE_URL: acme.causeway.databaseUrl,
    ENCRYPTION_KEYS: `k1:${secret.toString('base64')}`,
    PUBLIC_URL: acme.causeway.url,
    ALLOW_PRIVATE_UPSTREAMS: 'true',
  });

async function preview(...words: readonly string[]): Promise<Record<string, Record<string, unknown>>> {
  const { code, stdout, stderr } = await run('--json', ...words);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

/** Claims of a real token but those that only a sign-in makes. */
function lasting(claims: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const made = ['iat', 'exp', 'jti', 'sid', 'auth_time', 'amr', 'acr', 'nonce', 'at_hash'];
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !made.includes(name)));
}

describe('claims preview', () => {
  test.each<[string, string, string | undefined]>([
    ['no API', 'openid profile email', undefined],
    ['fewer scopes', 'openid', undefined],
    ['an API, its default scope', 'openid email', API],
    ['an API, a scope that no policy gives', 'openid read write', API],
    ['an API with Okta’s profile', 'openid read', OKTA_API],
  ])('says what the tokens of a sign-in say: %s', async (_case, scope, resource) => {
    const words = ['--scope', scope, ...(resource === undefined ? [] : ['--resource', resource])];
    const told = await preview('--application', 'app', ...words);
    const { body } = await signIn(browser, app, ADA, {
      scope,
      ...(resource === undefined ? {} : { resource }),
    });
    const { aud: _aud, iss: _iss, ...idToken } = lasting(claimsOf(body['id_token']));
    expect(told).toMatchObject({ allowed: true, reason: null, application: 'app', idToken });
    expect(Object.keys(told['idToken'] ?? {}).toSorted()).toEqual(Object.keys(idToken).toSorted());
    if (resource === undefined) {
      const { json } = await send(`${app.issuer}/oauth2/v1/userinfo`, {
        headers: { authorization: `Bearer ${String(body['access_token'])}` },
      });
      expect(told['userinfo']).toEqual(lasting(json));
    } else expect(told['accessToken']).toEqual(lasting(claimsOf(body['access_token'])));
  });

  test('follows the application’s names and filters', async () => {
    expect((await preview('--application', 'app'))['idToken']).toMatchObject({
      permissions: ['admin'],
      groups: ['Engineering'],
      email: ADA.username,
    });
  });

  test('says that the person may not use an application, and why', async () => {
    expect(await preview('--application', 'viewers')).toMatchObject({
      allowed: false,
      reason: 'not_assigned',
    });
    const { stdout } = await run('--application', 'viewers');
    expect(stdout).toContain('May use viewers: no: in no group and with no role');
  });

  test('says that nothing would be told of somebody who was switched off', async () => {
    await ledger.rows('UPDATE users SET active = false');
    expect(await preview('--application', 'app')).toMatchObject({
      allowed: false,
      reason: 'no_access',
      idToken: null,
      userinfo: null,
      accessToken: null,
    });
    await ledger.rows('UPDATE users SET active = true');
  });

  test('says that an API refuses the application, and writes nothing', async () => {
    const before = [await ledger.count('oidc_artifacts'), await ledger.count('audit_events')];
    expect((await preview('--application', 'viewers', '--resource', API))['accessToken']).toEqual({
      refused: 'invalid_target',
    });
    expect([await ledger.count('oidc_artifacts'), await ledger.count('audit_events')]).toEqual(before);
  });

  test.each([
    [['--application', 'nobody'], "'nobody' is no application of the tenant"],
    [['--application', 'app', '--connection', 'nobody'], "'nobody' is no connection of the tenant"],
    [['--application', 'app', '--resource', 'x'], "'x' is no API of the tenant"],
    [['--application', 'app', '--user', 'x'], "'x' is no user of the tenant"],
  ])('%j is refused', async (words, message) => {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout, stderr.trim()]).toEqual([64, '', message]);
  });
});
