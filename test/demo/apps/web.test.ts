import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningApp } from '../../../demo/apps/shared/serve.js';
import { startWebApp } from '../../../demo/apps/web/server.js';
import { formsOf, HttpBrowser, type Page } from '../../support/okta-sign-in.js';
import { startTinyIssuer, type TinyIssuer } from './tiny-issuer.js';

const CLIENT = { clientId: 'dashboards', clientSecret: 'a-secret-of-the-tests-0123456789' } as const;
const LOOK = { tenant: 'Acme', name: 'Dashboards', accent: 'blue' } as const;

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
  const url = `http://localhost:${port}`;
  errors = [];
  issuer = await startTinyIssuer([
    {
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      redirect_uris: [`${url}/callback`],
      post_logout_redirect_uris: [`${url}/signed-out`],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ]);
  app = await startWebApp({
    look: LOOK,
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

const everywhere = (): boolean => true;

/** Opens an address and follows the redirects wherever they lead. */
const go = (browser: HttpBrowser, path: string): Promise<Page> => browser.travel(app.url + path, everywhere);

async function signedIn(browser = new HttpBrowser()): Promise<HttpBrowser> {
  const page = await go(browser, '/login');
  expect(page.url.href).toBe(`${app.url}/`);
  return browser;
}

/** Presses a button of the page: posts its form from the page's own origin, and follows. */
async function press(browser: HttpBrowser, page: Page, action: string): Promise<Page> {
  const form = formsOf(page).find((candidate) => candidate.action.pathname === action);
  if (form === undefined) throw new Error(`no form for ${action}`);
  const answer = await browser.open(form.action, {
    form: Object.fromEntries(form.fields),
    headers: { Origin: form.action.origin },
  });
  return answer.location === undefined ? answer : browser.travel(answer.location, everywhere);
}

const sessionCookie = (browser: HttpBrowser): string => browser.cookies(new URL(app.url));

/** The callback address of a sign-in that is under way in this browser, not opened. */
async function answerFor(browser: HttpBrowser): Promise<URL> {
  const page = await browser.travel(`${app.url}/login`, (url) => url.pathname !== '/callback');
  if (page.location === undefined) throw new Error('no answer');
  return page.location;
}

function refused(page: Page): void {
  expect(page.status).toBe(400);
  expect(page.text).toContain('This sign-in is not one of yours');
  expect(page.text).toContain('href="/login"');
}

const initiate = (parameters: Record<string, string>): string =>
  `/login/initiate?${new URLSearchParams(parameters).toString()}`;

describe('signing in', () => {
  test('asks for a code with PKCE, state and nonce', async () => {
    const { location } = await new HttpBrowser().open(`${app.url}/login`);
    expect(location?.origin).toBe(issuer.issuer);
    expect(Object.fromEntries(location?.searchParams ?? [])).toEqual({
      client_id: CLIENT.clientId,
      redirect_uri: `${app.url}/callback`,
      response_type: 'code',
      scope: 'openid profile email offline_access',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  test('shows who it is, their roles, what those open, and the claims', async () => {
    const page = await go(await signedIn(), '/');
    expect(page.text).toContain('<h1>Ada Byron</h1>');
    expect(page.text).toContain('ada.byron@acme.example');
    expect(page.text).toContain('<span class="pill">admin</span>');
    expect(page.text.match(/<li class="yes">/g)).toHaveLength(3);
    expect(page.text).toContain('opaque: it means something to the issuer only');
  });

  test('somebody without a role gets in and may do nothing', async () => {
    issuer.person = { sub: 'cleo', name: 'Cleo Contract' };
    const page = await go(await signedIn(), '/');
    expect(page.text).toContain('<span class="pill none">no role</span>');
    expect(page.text).not.toContain('<li class="yes">');
  });

  test('names that look like markup stay text', async () => {
    issuer.person = { sub: 'x', name: '<img src=x onerror=alert(1)>', roles: ['"><b>'] };
    const { text } = await go(await signedIn(), '/');
    expect(text).not.toContain('<img');
    expect(text).not.toContain('<b>');
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });

  test('another account: the issuer is told to ask', async () => {
    const { location } = await new HttpBrowser().open(`${app.url}/login?another`);
    expect(location?.searchParams.get('prompt')).toBe('login');
  });

  test('changes the id of the session, so that one planted beforehand opens nothing', async () => {
    const browser = new HttpBrowser();
    await browser.open(`${app.url}/login`);
    const planted = sessionCookie(browser);
    await signedIn(browser);
    expect(sessionCookie(browser)).not.toBe(planted);
    const thief = await new HttpBrowser().open(app.url, { headers: { Cookie: planted } });
    expect(thief.text).toContain('Welcome to Acme Dashboards');
  });

  test('its cookie is out of reach of scripts, and its pages of frames', async () => {
    const page = await new HttpBrowser().open(`${app.url}/login`);
    expect(page.headers['set-cookie']).toMatch(/; path=\/; samesite=lax; httponly$/);
    const home = await new HttpBrowser().open(app.url);
    expect(home.headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
    expect(home.headers['cache-control']).toBe('no-store');
  });

  test('two tabs at once both get in', async () => {
    const browser = new HttpBrowser();
    const tabs = [await browser.open(`${app.url}/login`), await browser.open(`${app.url}/login`)];
    for (const { location } of tabs) {
      const page = await browser.travel(location ?? '', everywhere);
      expect(page.text).toContain('<h1>Ada Byron</h1>');
    }
  });
});

describe('answers that are not taken', () => {
  test('another browser opens it', async () => {
    refused(await new HttpBrowser().open(await answerFor(new HttpBrowser())));
  });

  test('it is opened a second time', async () => {
    const browser = new HttpBrowser();
    const callback = await answerFor(browser);
    expect((await browser.open(callback)).status).toBe(303);
    refused(await browser.open(callback));
  });

  test.each([
    ['without state', (url: URL) => url.searchParams.delete('state')],
    ['with a state of its own making', (url: URL) => url.searchParams.set('state', 'x')],
  ])('it comes %s', async (_name, change) => {
    const browser = new HttpBrowser();
    const callback = await answerFor(browser);
    change(callback);
    refused(await browser.open(callback));
  });

  test('an error that nobody asked for is not shown in the words of its sender', async () => {
    const page = await go(new HttpBrowser(), '/callback?error=x&error_description=Call+0123+now&state=y');
    refused(page);
    expect(page.text).not.toContain('0123');
  });

  test('the code of another sign-in is spliced in', async () => {
    const [mine, theirs] = [new HttpBrowser(), new HttpBrowser()];
    const callback = await answerFor(mine);
    callback.searchParams.set('code', (await answerFor(theirs)).searchParams.get('code') ?? '');
    const page = await mine.open(callback);
    expect(page.status).toBe(502);
    expect(page.text).toContain('invalid_grant');
    expect((await mine.open(app.url)).text).toContain('Welcome');
  });
});

describe('errors are told in words, with a way on', () => {
  test.each([
    ['access_denied', 'not_assigned', 403, 'have access to this application'],
    ['access_denied', 'no_role', 403, 'You have no role here yet'],
    ['access_denied', 'the person went back', 403, 'let in'],
    ['temporarily_unavailable', undefined, 502, 'Sign-in is not available right now'],
    ['invalid_scope', 'no such scope', 502, 'That sign-in didn'],
  ])('%s: %s', async (error, description, status, words) => {
    issuer.denial = { error, ...(description === undefined ? {} : { error_description: description }) };
    const page = await go(new HttpBrowser(), '/login');
    expect(page.status).toBe(status);
    expect(page.text).toContain(words);
    expect(page.text).toContain('href="/login"');
    expect(page.text).toContain('href="/login?another"');
  });

  test('the issuer is away, and then is back', async () => {
    const port = await freePort();
    const lonely = await startWebApp({ look: LOOK, issuer: 'http://localhost:1', ...CLIENT, port });
    const page = await new HttpBrowser().open(`${lonely.url}/login`);
    await lonely.stop();
    expect(page.status).toBe(502);
    expect(page.text).toContain('Sign-in is not available right now');
  });

  test('an unknown page', async () => {
    const page = await go(new HttpBrowser(), '/nowhere');
    expect([page.status, page.text]).toEqual([404, expect.stringContaining('There is nothing here')]);
  });
});

describe('renewing', () => {
  test('brings the roles that the person has now, and a new refresh token', async () => {
    const browser = await signedIn();
    issuer.person = { ...issuer.person, roles: ['viewer'] };
    const before = await go(browser, '/');
    expect(before.text).toContain('<span class="pill">admin</span>');
    for (const round of [1, 2]) {
      const page = await press(browser, before, '/refresh');
      expect({ round, text: page.text }).toEqual({
        round,
        text: expect.stringContaining('The tokens were renewed.'),
      });
      expect(page.text).toContain('<span class="pill">viewer</span>');
      expect(page.text).not.toContain('<span class="pill">admin</span>');
    }
  });

  test('ends the session of somebody whose access has ended', async () => {
    const browser = await signedIn();
    const home = await go(browser, '/');
    await issuer.endAccess();
    expect((await press(browser, home, '/refresh')).text).toContain('Your access has ended');
    expect((await go(browser, '/')).text).toContain('Welcome to Acme Dashboards');
  });

  test('keeps the session when only the way to the issuer is broken', async () => {
    const browser = await signedIn();
    const home = await go(browser, '/');
    await issuer.stop();
    expect((await press(browser, home, '/refresh')).status).toBe(502);
    expect((await go(browser, '/')).text).toContain('<h1>Ada Byron</h1>');
    expect(errors).toHaveLength(1);
  });
});

describe('signing out', () => {
  test('ends the session here and asks the issuer to end its own', async () => {
    const browser = await signedIn();
    const home = await go(browser, '/');
    const page = await press(browser, home, '/logout');
    expect(page.url.origin).toBe(issuer.issuer);
    expect(page.url.searchParams.get('post_logout_redirect_uri')).toBe(`${app.url}/signed-out`);
    expect(page.url.searchParams.get('id_token_hint')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect((await go(browser, '/')).text).toContain('Welcome to Acme Dashboards');
  });

  test('without a session it just says so', async () => {
    const page = await new HttpBrowser().open(`${app.url}/logout`, { form: {} });
    expect(page.location?.pathname).toBe('/signed-out');
  });

  test.each(['/logout', '/refresh'])('%s from a page of somebody else is refused', async (path) => {
    const browser = await signedIn();
    const headers = { Origin: 'http://localhost:9' };
    expect((await browser.open(app.url + path, { form: {}, headers })).status).toBe(403);
    expect((await go(browser, '/')).text).toContain('<h1>Ada Byron</h1>');
  });
});

describe('a sign-in that somebody else initiates', () => {
  test('starts a fresh one, with the hint', async () => {
    const { location } = await new HttpBrowser().open(
      app.url + initiate({ iss: issuer.issuer, login_hint: 'ada@acme.example' }),
    );
    expect(location?.searchParams.get('login_hint')).toBe('ada@acme.example');
    expect(location?.searchParams.get('state')).toMatch(/^[\w-]{43}$/);
  });

  test('may be a POST, too', async () => {
    const form = { iss: issuer.issuer };
    const page = await new HttpBrowser().open(`${app.url}/login/initiate`, { form });
    expect(page.location?.origin).toBe(issuer.issuer);
  });

  test.each([
    ['of an unknown issuer', { iss: 'https://evil.example' }],
    ['of nobody', { iss: '' }],
  ])('%s is refused', async (_name, parameters) => {
    const page = await new HttpBrowser().open(app.url + initiate(parameters));
    expect(page.status).toBe(400);
    expect(page.location).toBeUndefined();
  });

  test.each([
    ['a page of ours', '/?renewed', '/?renewed'],
    ['a page elsewhere', 'https://evil.example/', '/'],
    ['something with our name in it', 'http://localhost:1@evil.example/', '/'],
    ['a script', 'javascript:alert(1)', '/'],
  ])('ends at %s', async (_name, target, end) => {
    const browser = new HttpBrowser();
    const asked = target.startsWith('/') ? app.url + target : target;
    const page = await go(browser, initiate({ iss: issuer.issuer, target_link_uri: asked }));
    expect(page.url.href).toBe(app.url + end);
    expect(page.text).toContain('<h1>Ada Byron</h1>');
  });

  test('a body without end is not read', async () => {
    const form = { iss: 'x'.repeat(9_000) };
    const page = await new HttpBrowser().open(`${app.url}/login/initiate`, { form });
    expect(page.status).toBe(413);
  });
});
