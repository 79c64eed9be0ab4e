import { Router } from '@koa/router';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { ReportApi } from '../../../demo/apps/bot/report-api.js';
import { serve, type RunningApp } from '../../../demo/apps/shared/serve.js';
import { smallApp } from '../../../demo/apps/shared/small-app.js';
import { HttpBrowser, type Page } from '../../support/okta-sign-in.js';

const API = { identifier: 'https://reports.acme.example', scope: 'reports:file' } as const;

type Signer = (claims: JWTPayload, typ?: string) => Promise<string>;

let app: RunningApp;
let sign: Signer;
let signByAnother: Signer;

/** Signs as an issuer does whose key has this name. */
async function signer(): Promise<{ readonly sign: Signer; readonly jwk: object }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return {
    jwk: { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' },
    sign: (claims, typ = 'at+jwt') =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k', typ }).sign(privateKey),
  };
}

beforeAll(async () => {
  const [ours, another] = [await signer(), await signer()];
  ({ sign } = ours);
  signByAnother = another.sign;
  app = await serve(0, (url) => {
    const api = new ReportApi({ ...API, issuer: url, now: Date.now });
    const router = new Router();
    router.get('/oauth2/v1/keys', (ctx) => {
      ctx.body = { keys: [ours.jwk] };
    });
    router.post('/api/reports', (ctx) => api.file(ctx));
    return smallApp(router, { url, onError: () => undefined });
  });
});
afterAll(() => app.stop());

const now = (): number => Math.floor(Date.now() / 1000);

const good = (): JWTPayload => ({
  iss: app.url,
  aud: API.identifier,
  sub: 'bot',
  client_id: 'bot',
  scope: `openid ${API.scope}`,
  exp: now() + 60,
});

const file = (authorization?: string): Promise<Page> =>
  new HttpBrowser().open(`${app.url}/api/reports`, {
    form: {},
    ...(authorization === undefined ? {} : { headers: { Authorization: authorization } }),
  });

const without = (name: string): JWTPayload =>
  Object.fromEntries(Object.entries(good()).filter(([claim]) => claim !== name));

test('a good token files a report', async () => {
  const page = await file(`Bearer ${await sign(good())}`);
  expect([page.status, JSON.parse(page.text)]).toEqual([
    201,
    { report: expect.any(Number), filedBy: 'bot', at: expect.any(String) },
  ]);
});

test.each([
  ['none', async () => undefined],
  ['an empty one', async () => 'Bearer '],
  ['another scheme', async () => `Basic ${await sign(good())}`],
  ['something else', async () => 'Bearer x.y.z'],
  ['one of another key', async () => `Bearer ${await signByAnother(good())}`],
  ['one without signature', async () => `Bearer ${new UnsecuredJWT(good()).encode()}`],
  ['an ID token', async () => `Bearer ${await sign(good(), 'JWT')}`],
  ['a logout token', async () => `Bearer ${await sign(good(), 'logout+jwt')}`],
  ['one of another issuer', async () => `Bearer ${await sign({ ...good(), iss: `${app.url}/t/globex` })}`],
  ['one for another API', async () => `Bearer ${await sign({ ...good(), aud: 'https://api.acme.example' })}`],
  ['one that has ended', async () => `Bearer ${await sign({ ...good(), exp: now() - 60 })}`],
  ['one without end', async () => `Bearer ${await sign(without('exp'))}`],
  ['one of no client', async () => `Bearer ${await sign(without('client_id'))}`],
  ['one that is bound to a key', async () => `Bearer ${await sign({ ...good(), cnf: { jkt: 'x' } })}`],
])('%s is refused', async (_name, authorization) => {
  const page = await file(await authorization());
  expect([page.status, page.headers['www-authenticate'], page.text]).toEqual([
    401,
    'Bearer error="invalid_token"',
    '',
  ]);
});

test.each([
  ['no scope', () => without('scope')],
  ['other scopes', () => ({ ...good(), scope: 'openid reports:filed' })],
  ['scopes of another kind', () => ({ ...good(), scope: [API.scope] })],
])('with %s it is not let in', async (_name, claims) => {
  const page = await file(`Bearer ${await sign(claims())}`);
  expect([page.status, page.headers['www-authenticate']]).toEqual([
    403,
    'Bearer error="insufficient_scope", scope="reports:file"',
  ]);
});
