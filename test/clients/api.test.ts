import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, REDIRECT_URI, startAcme, type Acme } from '../support/acme.js';
import { post, signIn, type TestApplication } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { freePort, startProgram, type Program } from './support/program.js';

const ORDERS = 'https://orders.acme.example';
const LEDGER = 'https://ledger.acme.example';
const OKTA = 'api://default';
const everyGrant = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
const SCOPES = [{ name: 'read', default: true }, { name: 'write' }];

let acme: Acme;
let shop: TestApplication;
let bot: TestApplication;
const programs: Program[] = [];
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme();
  const secret = { clientSecret: APP_SECRET, apis: [ORDERS, LEDGER, OKTA] };
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [
        { identifier: ORDERS, scopes: SCOPES },
        { identifier: LEDGER, scopes: SCOPES, tokenFormat: 'opaque' },
        { identifier: OKTA, scopes: SCOPES, profile: 'okta' },
      ],
      accessPolicies: [ORDERS, LEDGER, OKTA].map((api) => ({
        api,
        clients: 'all' as const,
        grants: [...everyGrant],
        scopes: ['read', 'write'],
      })),
      applications: [
        { clientId: 'shop', type: 'web', redirectUris: [REDIRECT_URI], ...secret },
        { clientId: 'bot', type: 'service', ...secret },
      ],
    },
  ]);
  shop = { ...acme.app, clientId: 'shop' };
  bot = { ...acme.app, clientId: 'bot' };
}, 120_000);
afterAll(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  await acme.stop();
});

async function serve(name: string, audience: string): Promise<(token?: unknown) => Promise<Answer>> {
  const program = await startProgram(name, await freePort(), {
    ISSUER: acme.app.issuer,
    AUDIENCE: audience,
    CLIENT_ID: shop.clientId,
    CLIENT_SECRET: APP_SECRET,
  });
  programs.push(program);
  return (token) => orders(program.url, token);
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly challenge: string | undefined;
}

async function orders(url: string, token: unknown): Promise<Answer> {
  const headers = typeof token === 'string' ? { authorization: `Bearer ${token}` } : {};
  const { status, text, headers: answered } = await browser.open(`${url}/orders`, { headers });
  const challenge = answered['www-authenticate'];
  return { status, body: text === '' ? undefined : JSON.parse(text), challenge };
}

const REFUSED: Answer = { status: 401, body: undefined, challenge: 'Bearer error="invalid_token"' };

const tokensOfAda = (resource: string, scope: string): Promise<Readonly<Record<string, unknown>>> =>
  signIn(browser, shop, ADA, { resource, scope }).then(({ body }) => body);

const tokenOfBot = (resource: string): Promise<unknown> =>
  post(bot, 'token', { grant_type: 'client_credentials', resource }).then(({ body }) => body['access_token']);

describe('an API that verifies tokens with jose', () => {
  test('takes the tokens that are for it, and nothing else', async () => {
    const ask = await serve('api-jose.mjs', ORDERS);
    const good = await tokensOfAda(ORDERS, 'openid read');
    expect(await ask(good['access_token'])).toMatchObject({
      status: 200,
      body: { client: 'shop', roles: ['admin'] },
    });
    expect(await ask(await tokenOfBot(ORDERS))).toMatchObject({ status: 200, body: { client: 'bot' } });
    const others = await tokensOfAda(OKTA, 'openid read');
    for (const bad of [undefined, 'x.y.z', good['id_token'], others['access_token']])
      expect(await ask(bad)).toEqual(REFUSED);
    const narrow = await tokensOfAda(ORDERS, 'openid write');
    expect(await ask(narrow['access_token'])).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="read"',
    });
  });
});

describe('B2 an API that verifies tokens with @okta/jwt-verifier', () => {
  test('takes tokens of the new issuer, by cid, uid and scp', async () => {
    const ask = await serve('api-okta-jwt-verifier.mjs', OKTA);
    const good = await tokensOfAda(OKTA, 'openid profile read');
    const { status, body } = await ask(good['access_token']);
    expect([status, body]).toEqual([
      200,
      { cid: 'shop', uid: expect.any(String), scp: ['openid', 'profile', 'read'], roles: ['admin'] },
    ]);
    expect(await ask(await tokenOfBot(OKTA))).toMatchObject({
      status: 200,
      body: { cid: 'bot', scp: ['read'] },
    });
    const narrow = await tokensOfAda(OKTA, 'openid write');
    const others = await tokensOfAda(ORDERS, 'openid read');
    for (const bad of [undefined, 'x.y.z', good['id_token'], others['access_token'], narrow['access_token']])
      expect(await ask(bad)).toEqual(REFUSED);
  });
});

describe('an API that asks about opaque tokens', () => {
  test('hears what they are for, until they are revoked', async () => {
    const ask = await serve('api-introspection.mjs', LEDGER);
    const { access_token: token } = await tokensOfAda(LEDGER, 'openid read');
    expect(String(token)).not.toContain('.');
    expect(await ask(token)).toMatchObject({
      status: 200,
      body: { client: 'shop', scope: 'read', roles: ['admin'] },
    });
    const others = await tokensOfAda(ORDERS, 'openid read');
    for (const bad of [undefined, 'nonsense', others['access_token'], await tokenOfBot(LEDGER)])
      expect(await ask(bad)).toEqual(REFUSED);
    await post(shop, 'revoke', { token: String(token) });
    expect(await ask(token)).toEqual(REFUSED);
  });
});
