import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, post, signIn } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { headingOf, travelOurs } from '../support/trip.js';

let acme: Acme;

beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.stop());

/** What an attacker, or a proxy that isn't trusted, says of where the request went. */
const FORGED = {
  'x-forwarded-host': 'attacker.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '443',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-for': '203.0.113.7',
  'x-original-url': '/t/globex/oauth2/v1/token',
  'x-rewrite-url': '/t/globex',
  forwarded: 'for=203.0.113.7;host=attacker.example;proto=https',
};

/** An answer without what is new each time. */
const stable = ({ status, headers, text, location, setCookie }: RawAnswer): string =>
  [
    status,
    location,
    headers['access-control-allow-origin'],
    ...setCookie.map((line) => line.replace(/(cw_t_)\w+/, '$1…').replace(/=[^;]*/, '=…')),
    text,
  ]
    .join('\n')
    .replaceAll(/cw-[0-9A-Z]{4}-[0-9A-Z]{4}|[0-9a-f]{8}-[0-9a-f-]{27}|expires=[^;]+/g, '…')
    .replaceAll(/(state|nonce|code_challenge)=[^&"]+/g, '$1=…')
    .replaceAll(/(sign-in|authorize)\/[\w-]{20,}/g, '$1/…')
    .replaceAll(/dateTime="[^"]+">[^<]+/g, '…')
    .replaceAll(/name="xsrf" value="[^"]+"/g, '…');

/** Addresses of every kind: for programs, for people, with a redirect, and one that there isn't. */
const paths = (): string[] => {
  const fixed = { state: 's', nonce: 'n', code_challenge: 'c'.repeat(43) };
  return [
    '/.well-known/openid-configuration',
    '/oauth2/v1/keys',
    `/oauth2/v1/authorize${authorizationRequest(acme.app, fixed).url.search}`,
    '/oauth2/v1/logout',
    '/callback/okta?state=x',
    `/initiate/okta/grafana?iss=${encodeURIComponent(acme.okta.issuer)}`,
    '/nowhere',
  ];
};

describe('invariant 8: the issuer comes from configuration, never from a header', () => {
  test('A-77 what headers claim changes no answer', async () => {
    for (const path of paths()) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const answers = await Promise.all(
        [{}, FORGED].map((headers) => rawRequest(`${acme.app.issuer}${path}`, { headers })),
      );
      const [plain, forged] = answers.map(stable);
      expect([path, forged]).toEqual([path, plain]);
      expect(forged).not.toMatch(/attacker|evil|203\.0\.113/);
    }
  });

  test.each([
    'attacker.example',
    'localhost',
    'localhost:1',
    '127.0.0.1',
    'acme.attacker.example',
    'localhost.',
  ])('A-77 a request for the host %j is refused, whatever it asks for', async (host) => {
    for (const path of [
      '/t/acme/.well-known/openid-configuration',
      '/t/acme/oauth2/v1/keys',
      '/console/',
      '/',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const answer = await rawRequest(`${acme.causeway.url}${path}`, { headers: { host } });
      expect([path, answer.status]).toEqual([path, 421]);
      expect(answer.text).not.toContain('attacker');
    }
  });

  test('health is told to any host', async () => {
    for (const path of ['/healthz', '/readyz']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const answer = await rawRequest(`${acme.causeway.url}${path}`, { headers: { host: '10.0.0.7:8080' } });
      expect(answer.status).toBe(200);
    }
  });

  test('tokens name the issuer that is configured', async () => {
    const { body } = await signIn(new HttpBrowser(), acme.app, ADA);
    const { body: seen } = await post(
      acme.app,
      'introspect',
      { token: String(body['access_token']) },
      FORGED,
    );
    expect([seen['active'], seen['iss']]).toEqual([true, acme.app.issuer]);
  });
});

describe('invariant 7: what leaves goes through the guard', () => {
  test('A-40 an upstream at a private address is never asked where those are not allowed', async () => {
    const guarded = await startAcme({ settings: { privateUpstreams: 'refuse' } });
    const page = await travelOurs(new HttpBrowser(), guarded.app, authorizationRequest(guarded.app).url);
    expect([page.status, headingOf(page)]).toEqual([503, "Acme Okta isn't answering"]);
    expect(guarded.okta.org.requests).toEqual([]);
    await guarded.stop();
  });

  test('A-42 a redirect of the upstream’s is never followed', async () => {
    acme.okta.org.heal();
    acme.okta.org.fail('token.redirect', { value: `${acme.okta.url}/redirected` });
    await expect(signIn(new HttpBrowser(), acme.app, ADA)).rejects.toThrow(/no code/);
    acme.okta.org.heal();
    expect(acme.okta.org.requests.filter(({ path }) => path === '/redirected')).toEqual([]);
  });
});
