import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, CAT, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, signIn, type TestApplication } from '../support/application.js';
import { deviceApplication } from '../support/device.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { warm } from './support/warm.js';

/**
 * `prompt=none` answers at once, without a person noticing, whether they are signed in. That is for the registered
 * application at its registered address; nobody else may tell one person from another by it, nor by a page in a frame.
 */
const PORTAL_ORIGIN = 'http://localhost:5997';
let acme: Acme;
let locked: TestApplication;
let portal: TestApplication;
/** Nobody; somebody who may use the applications; somebody who may not use the locked one. */
let browsers: Readonly<Record<'nobody' | 'ada' | 'cat', HttpBrowser>>;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  const { applications = [] } = acme.tenant;
  const { issuer } = acme.app;
  locked = { issuer, clientId: 'locked', redirectUri: 'http://localhost:5996/cb' };
  portal = { issuer, clientId: 'portal', redirectUri: `${PORTAL_ORIGIN}/silent-callback` };
  const spa = { type: 'spa', tokenEndpointAuthMethod: 'none' } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...applications,
        deviceApplication,
        {
          ...spa,
          clientId: 'locked',
          redirectUris: [locked.redirectUri],
          assignment: { groups: ['Engineering'] },
        },
        { ...spa, clientId: 'portal', redirectUris: [portal.redirectUri], allowedOrigins: [PORTAL_ORIGIN] },
      ],
    },
  ]);
  browsers = { nobody: new HttpBrowser(), ada: new HttpBrowser(), cat: new HttpBrowser() };
  await signIn(browsers.ada, acme.spa, ADA);
  await signIn(browsers.cat, acme.spa, CAT);
});
afterAll(async () => {
  await acme.stop();
});

type Params = Readonly<Record<string, string | undefined>>;

const silently = (browser: HttpBrowser, application: TestApplication, params: Params = {}): Promise<Page> =>
  browser.open(authorizationRequest(application, { prompt: 'none', ...params }).url);

/**
 * What of an answer could tell one person from another: without what each answer has of its own, and without cookies,
 * which browsers show to nobody else.
 */
const seen = ({ status, headers, text, location }: Page) => {
  const {
    date: _date,
    'x-request-id': _id,
    'set-cookie': _cookie,
    'content-length': _length,
    ...rest
  } = headers;
  const plain = text.replaceAll(/cw-[0-9A-Z]{4}-[0-9A-Z]{4}|\d{4}-\d\d-\d\d[^<]*|\d\d:\d\d(?::\d\d)?/g, '');
  return { status, headers: rest, text: plain, location: location?.href };
};

describe('A-71 whoever isn’t registered learns nothing from prompt=none', () => {
  test.each<[string, Params]>([
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: undefined }],
    ['another origin', { redirect_uri: 'https://evil.example/cb' }],
    ['another path', { redirect_uri: 'http://localhost:5996/cb/../evil' }],
    ['a query more', { redirect_uri: 'http://localhost:5996/cb?x=1' }],
    ['another case', { redirect_uri: 'http://localhost:5996/CB' }],
    ['another application’s address', { redirect_uri: 'http://localhost:5998/cb' }],
    ['no address', { redirect_uri: undefined }],
    ['a message to whoever opened it', { client_id: 'nobody', response_mode: 'web_message' }],
    ['a form to another address', { redirect_uri: 'https://evil.example/cb', response_mode: 'form_post' }],
    ['a hint of somebody', { client_id: 'nobody', login_hint: ADA.username, id_token_hint: 'x.y.z' }],
  ])('%s: the same page for everybody, and no redirect', async (_what, params) => {
    const [nobody, ada, cat] = await Promise.all(
      [browsers.nobody, browsers.ada, browsers.cat].map(async (one) =>
        seen(await silently(one, locked, params)),
      ),
    );
    expect(nobody).toMatchObject({ status: 400, location: undefined });
    expect(ada).toEqual(nobody);
    expect(cat).toEqual(nobody);
  });

  test('a script of another origin can’t read the answer, whatever it is', async () => {
    for (const browser of Object.values(browsers)) {
      const { url } = authorizationRequest(locked, { prompt: 'none' });
      const page = await browser.open(url, { headers: { origin: 'https://evil.example' } });
      expect(Object.keys(page.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('A-71 the registered application is told, at its own address and nowhere else', () => {
  test.each<['nobody' | 'ada' | 'cat', string | undefined]>([
    ['nobody', 'login_required'],
    ['ada', undefined],
    ['cat', 'access_denied'],
  ])('%s: %s', async (who, error) => {
    const { location, status } = await silently(browsers[who], locked);
    expect(status).toBe(303);
    expect(`${location?.origin ?? ''}${location?.pathname ?? ''}`).toBe(locked.redirectUri);
    expect(location?.searchParams.get('error') ?? undefined).toBe(error);
    expect(location?.searchParams.has('code')).toBe(error === undefined);
    expect(location?.searchParams.get('iss')).toBe(locked.issuer);
    // Who is not let in is told neither by name nor by what they lack.
    expect(location?.href).not.toMatch(/cat(?:@|%40)|Engineering/i);
  });

  test('a form that answers may stand in a frame of the application’s allowed origins alone', async () => {
    for (const browser of Object.values(browsers)) {
      const own = await silently(browser, portal, { response_mode: 'form_post' });
      expect(own.headers['content-security-policy']).toContain(`frame-ancestors ${PORTAL_ORIGIN}`);
      const other = await silently(browser, locked, { response_mode: 'form_post' });
      expect(other.headers['content-security-policy']).toContain(`frame-ancestors 'none'`);
      expect(other.headers['x-frame-options']).toBe('DENY');
    }
  });
});

describe('A-71 no page of the issuer stands in a stranger’s frame', () => {
  test.each([
    '/',
    '/device',
    '/device?user_code=BCDF-GHJK',
    '/oauth2/v1/authorize',
    '/oauth2/v1/authorize?client_id=nobody&prompt=none',
    '/oauth2/v1/authorize/unknown',
    '/oauth2/v1/logout',
    '/oauth2/v1/logout/success',
    '/sign-in/unknown',
    '/callback/okta?state=unknown',
    '/signed-out/okta',
    '/nothing/here',
  ])('%s', async (path) => {
    for (const browser of Object.values(browsers)) {
      const page = await browser.open(`${acme.app.issuer}${path}`, { headers: { accept: 'text/html' } });
      if (page.location !== undefined) continue;
      expect(page.headers['content-type']).toMatch(/^text\/html/);
      expect(page.headers['content-security-policy']).toContain(`frame-ancestors 'none'`);
      expect(page.headers['x-frame-options']).toBe('DENY');
    }
  });
});
