import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, redeem, walk, type TestApplication } from '../support/application.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';

const STRICT = 'https://app.example/cb';
const SECRET = 'a-secret-of-at-least-32-characters';
let acme: Acme;
let strict: TestApplication;

beforeAll(async () => {
  acme = await startAcme();
  const { applications = [] } = acme.tenant;
  const redirectUris = [STRICT, 'https://app.example/cb?tenant=1'];
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...applications,
        { clientId: 'strict', type: 'web', clientSecret: SECRET, redirectUris },
      ],
    },
  ]);
  strict = { issuer: acme.app.issuer, clientId: 'strict', clientSecret: SECRET, redirectUri: STRICT };
});
afterAll(() => acme.stop());

type Params = Readonly<Record<string, string | undefined>>;

/** An authorization request without a session; where it leads at once. */
const ask = (application: TestApplication, params: Params = {}): Promise<Page> =>
  new HttpBrowser().open(authorizationRequest(application, params).url);

/** The error that the application is told, at its own address. */
function errorAt(page: Page, redirectUri: string): Readonly<Record<string, string>> {
  expect(page.status).toBe(303);
  expect(page.location?.href.startsWith(redirectUri)).toBe(true);
  return Object.fromEntries(page.location?.searchParams ?? []);
}

describe('what an application is told', () => {
  test.each(['s', 'a b+c&d=e#f', 'ünïcode-✓', '<script>"\'', 'x'.repeat(1_500), '%2e%2e%00'])(
    'state comes back as it was sent, with iss (RFC 9207): %j',
    async (state) => {
      const refused = await ask(strict, { prompt: 'none', state });
      expect(errorAt(refused, STRICT)).toMatchObject({ state, iss: strict.issuer });
      const { end } = await walk(new HttpBrowser(), strict, authorizationRequest(strict, { state }).url, ADA);
      expect(Object.fromEntries(end?.searchParams ?? [])).toEqual({
        code: expect.stringMatching(/^[\w-]{43}$/),
        state,
        iss: strict.issuer,
      });
    },
  );

  test('without a state none is made up', async () => {
    const page = await ask(strict, { prompt: 'none', state: undefined });
    expect(Object.keys(errorAt(page, STRICT))).not.toContain('state');
  });

  test('the query of a registered redirect URI stays', async () => {
    const redirectUri = 'https://app.example/cb?tenant=1';
    const error = errorAt(await ask(strict, { prompt: 'none', redirect_uri: redirectUri }), redirectUri);
    expect(error).toMatchObject({ tenant: '1', error: 'login_required' });
  });

  test.each([
    ['fragment', '#'],
    ['query', '?'],
  ])('response_mode=%s is honoured for an error', async (mode, mark) => {
    const page = await ask(strict, { prompt: 'none', response_mode: mode });
    expect(page.location?.href).toContain(`${STRICT}${mark}error=login_required`);
  });
});

/** The form that posts itself, and the policy it stands under. */
function formOf(page: Page): { fields: Record<string, string>; action: string; policy: string } {
  const fields = Object.fromEntries(
    [...page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"\/>/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );
  const [, action = ''] = /action="([^"]*)"/.exec(page.text) ?? [];
  return { fields, action, policy: page.headers['content-security-policy'] ?? '' };
}

describe('response_mode=form_post', () => {
  test.each(['after a sign-in', 'at once, by the session'])(
    'posts the code; its policy lets the script run and the form leave: %s',
    async (when) => {
      const browser = new HttpBrowser();
      if (when !== 'after a sign-in') await walk(browser, strict, authorizationRequest(strict).url, ADA);
      const request = authorizationRequest(strict, { response_mode: 'form_post' });
      const { page } = await walk(browser, strict, request.url, ADA);
      const { fields, action, policy } = formOf(page);
      expect([page.status, action]).toEqual([200, STRICT]);
      expect(fields).toEqual({
        code: expect.any(String),
        state: request.state,
        iss: strict.issuer,
      });
      expect(policy).toMatch(/script-src 'self' 'sha256-[^']+'/);
      expect(policy).toMatch(/(?:^|; )form-action https:(?:;|$)/);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(page.headers['cache-control']).toBe('no-store');
      expect((await redeem(strict, fields['code'] ?? '', request.verifier)).status).toBe(200);
    },
  );

  test('an application on loopback can be posted to, and framed by its allowed origin for silent renewal', async () => {
    const page = await ask(acme.spa, { response_mode: 'form_post', prompt: 'none' });
    const { fields, policy } = formOf(page);
    expect(fields).toMatchObject({ error: 'login_required', iss: acme.app.issuer });
    expect(policy).toContain('form-action https: http:');
    expect(policy).toContain('frame-ancestors http://localhost:5998');
    expect(page.headers['x-frame-options']).toBeUndefined();
  });

  test('escapes what it was sent', async () => {
    const state = '"><script>alert(1)</script>';
    const page = await ask(strict, { response_mode: 'form_post', prompt: 'none', state });
    expect(page.text).not.toContain('<script>alert');
  });

  test('a page for people stays under the closed policy even when form_post was asked for', async () => {
    const page = await ask(strict, { response_mode: 'form_post', redirect_uri: 'https://evil.example/cb' });
    expect(page.headers['content-security-policy']).toMatch(/form-action 'self'.*frame-ancestors 'none'/);
    expect(page.headers['x-frame-options']).toBe('DENY');
  });
});
