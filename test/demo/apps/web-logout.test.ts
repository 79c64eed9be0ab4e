import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import type { RunningApp } from '../../../demo/apps/shared/serve.js';
import { startWebApp } from '../../../demo/apps/web/server.js';
import { HttpBrowser, type Page } from '../../support/okta-sign-in.js';
import { startTinyIssuer, type TinyIssuer } from './tiny-issuer.js';

const CLIENT = { clientId: 'dashboards', clientSecret: 'a-secret-of-the-tests-0123456789' } as const;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

let issuer: TinyIssuer;
let app: RunningApp;
let errors: unknown[];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

beforeEach(async () => {
  const port = await freePort();
  errors = [];
  issuer = await startTinyIssuer([
    {
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      redirect_uris: [`http://localhost:${port}/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
      backchannel_logout_uri: `http://localhost:${port}/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
  ]);
  app = await startWebApp({
    look: { tenant: 'Acme', name: 'Dashboards', accent: 'blue' },
    issuer: issuer.issuer,
    ...CLIENT,
    port,
    onError: (error) => errors.push(error),
  });
});

afterEach(async () => {
  await app.stop();
  await issuer.stop();
});

const home = (browser: HttpBrowser): Promise<Page> => browser.open(`${app.url}/`);

/** A browser in which somebody has signed in, and the `sid` of that. */
async function signedIn(): Promise<{ browser: HttpBrowser; sid: string }> {
  const browser = new HttpBrowser();
  const page = await browser.travel(`${app.url}/login`, () => true);
  const sid = /<dt>sid<\/dt>\s*<dd>([\w-]+)/.exec(page.text)?.[1];
  if (sid === undefined) throw new Error(`no sid: ${page.text}`);
  return { browser, sid };
}

const now = (): number => Math.floor(Date.now() / 1000);

/** The claims of a sound logout token, changed; those that are undefined are left out. */
const claims = (more: Readonly<Record<string, unknown>>): JWTPayload => ({
  iss: issuer.issuer,
  aud: CLIENT.clientId,
  iat: now(),
  exp: now() + 120,
  jti: randomUUID(),
  events: { [EVENT]: {} },
  ...more,
});

const sound = (more: Readonly<Record<string, unknown>>): Promise<string> =>
  issuer.sign({ typ: 'logout+jwt' }, claims(more));

const tell = (token: string): Promise<Page> =>
  new HttpBrowser().open(`${app.url}/backchannel-logout`, { form: { logout_token: token } });

const ENDED = 'Your access was ended from elsewhere';

describe('a logout token', () => {
  test('ends the sign-in of its sid, which the next page says, and no other one', async () => {
    const [mine, other] = [await signedIn(), await signedIn()];
    const answer = await tell(await sound({ sid: mine.sid, sub: 'ada' }));
    expect([answer.status, answer.headers['cache-control'], answer.text]).toEqual([200, 'no-store', '']);
    expect((await home(mine.browser)).text).toContain(ENDED);
    expect((await home(other.browser)).text).toContain('<h1>Ada Byron</h1>');
    expect(errors).toEqual([]);
  });

  test('without a sid ends every sign-in of its sub', async () => {
    const ada = [await signedIn(), await signedIn()];
    issuer.person = { sub: 'grace', name: 'Grace Hall' };
    const grace = await signedIn();
    expect((await tell(await sound({ sub: 'ada' }))).status).toBe(200);
    for (const { browser } of ada) expect((await home(browser)).text).toContain(ENDED);
    expect((await home(grace.browser)).text).toContain('<h1>Grace Hall</h1>');
  });

  test('of a sign-in that is not here is answered the same', async () => {
    expect((await tell(await sound({ sid: 'unknown', sub: 'ada' }))).status).toBe(200);
    const { browser, sid } = await signedIn();
    expect((await tell(await sound({ sid, sub: 'grace' }))).status).toBe(200);
    expect((await home(browser)).text).toContain('<h1>Ada Byron</h1>');
  });

  test('is told of at each load and by a click, until the person signs in again', async () => {
    const { browser, sid } = await signedIn();
    await tell(await sound({ sid }));
    const click = { form: {}, headers: { Origin: app.url } };
    expect((await browser.open(`${app.url}/refresh`, click)).location?.pathname).toBe('/');
    for (const times of [1, 2])
      expect([times, (await home(browser)).text]).toEqual([times, expect.stringContaining(ENDED)]);
    const page = await browser.travel(`${app.url}/login`, () => true);
    expect(page.text).toContain('<h1>Ada Byron</h1>');
    expect(page.text).not.toContain(ENDED);
  });

  test('leaves a sign-in alone that began before it came', async () => {
    const { browser, sid } = await signedIn();
    const page = await browser.travel(`${app.url}/login`, (url) => url.pathname !== '/callback');
    await tell(await sound({ sid }));
    expect((await browser.travel(page.location ?? '', () => true)).text).toContain('<h1>Ada Byron</h1>');
  });
});

async function refused(make: (sid: string) => Promise<string>, reason: RegExp): Promise<void> {
  const { browser, sid } = await signedIn();
  const answer = await tell(await make(sid));
  expect([answer.status, answer.headers['cache-control']]).toEqual([400, 'no-store']);
  expect(JSON.parse(answer.text)).toEqual({
    error: 'invalid_request',
    error_description: expect.stringMatching(reason),
  });
  expect((await home(browser)).text).toContain('<h1>Ada Byron</h1>');
  expect(errors).toHaveLength(1);
}

describe('what is no logout token for us is a 400, and ends nothing', () => {
  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['of another issuer', { iss: 'https://evil.example' }, /"iss"/],
    ['for another application', { aud: 'notes' }, /"aud"/],
    ['that is over', { iat: now() - 300, exp: now() - 180 }, /"exp"|"iat"/],
    ['of the future', { iat: now() + 600, exp: now() + 720 }, /"iat"/],
    ['that is old, whatever its exp says', { iat: now() - 3_600, exp: now() + 3_600 }, /"iat"/],
    ['without exp', { exp: undefined }, /"exp"/],
    ['without iat', { iat: undefined }, /"iat"/],
    ['without jti', { jti: undefined }, /"jti"/],
    ['with an empty jti', { jti: '' }, /jti/],
    ['with a nonce', { nonce: 'n' }, /nonce/],
    ['without events', { events: undefined }, /no logout/],
    ['of another event', { events: { 'https://example.com/event': {} } }, /no logout/],
    ['with a text as event', { events: { [EVENT]: 'yes' } }, /no logout/],
    ['with a sid that is no text', { sid: 7 }, /sid/],
    ['about nobody', { sid: undefined, sub: undefined }, /nobody/],
  ])('one %s', async (_name, more, reason) => {
    await refused((sid) => sound({ sid, sub: 'ada', ...more }), reason);
  });

  test.each([['JWT'], ['at+jwt'], [undefined]])('one of type %s', async (typ) => {
    await refused((sid) => issuer.sign(typ === undefined ? {} : { typ }, claims({ sid })), /"typ"/);
  });

  test('one by a key of somebody else, under the name of the issuer’s', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    await refused(
      (sid) =>
        new SignJWT(claims({ sid }))
          .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'logout+jwt' })
          .sign(privateKey),
      /signature/,
    );
  });

  test('one without a signature', async () => {
    await refused(async (sid) => new UnsecuredJWT(claims({ sid })).encode(), /./);
  });

  test('one signed by the client secret', async () => {
    await refused(
      (sid) =>
        new SignJWT(claims({ sid }))
          .setProtectedHeader({ alg: 'HS256', kid: 'k1', typ: 'logout+jwt' })
          .sign(new TextEncoder().encode(CLIENT.clientSecret)),
      /./,
    );
  });

  test('anything else than a token', async () => {
    await refused(async () => 'x.y.z', /./);
  });

  test('the same one a second time', async () => {
    const first = await signedIn();
    const token = await sound({ sub: 'ada', sid: first.sid });
    expect((await tell(token)).status).toBe(200);
    await refused(async () => token, /came before/);
    expect(decodeJwt(token)['sid']).toBe(first.sid);
  });

  test.each<[string, URLSearchParams]>([
    ['no token', new URLSearchParams()],
    ['two tokens', new URLSearchParams('logout_token=a&logout_token=b')],
    ['a form that is too large', new URLSearchParams({ logout_token: 'x'.repeat(20_000) })],
  ])('%s', async (_name, form) => {
    expect((await new HttpBrowser().open(`${app.url}/backchannel-logout`, { form })).status).toBe(400);
  });

  test('a token that can’t be checked, because the issuer is away', async () => {
    const token = await sound({ sub: 'ada' });
    await issuer.stop();
    const answer = await tell(token);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('could not be checked')]);
  });

  test('a GET', async () => {
    expect((await new HttpBrowser().open(`${app.url}/backchannel-logout`)).status).toBe(404);
  });
});
