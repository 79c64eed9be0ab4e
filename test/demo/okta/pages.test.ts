import { describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { formsOf, HttpBrowser, signInAtOkta, type Page } from '../../support/okta-sign-in.js';
import { ADA, anOrg, authorizeUrl, CLIENT_ID, signIn } from './support.js';

describe('the dashboard', () => {
  test('shows a tile for each assigned app that can be started, and leads there with iss alone', async () => {
    const okta = await anOrg({
      apps: [
        { label: 'Not mine', initiateLoginUri: 'http://localhost:5999/x' },
        { label: 'No tile', assign: 'everyone' },
        {
          label: 'Broker mode',
          assign: 'everyone',
          initiateLoginUri: 'http://localhost:5999/y',
          federationBrokerMode: true,
        },
      ],
    });
    const browser = new HttpBrowser();
    await signIn(okta, {}, { browser });
    const page = await browser.open(`${okta.url}/app/UserHome`);
    const tiles = [...page.text.matchAll(/class="tile" href="([^"]+)"/g)].map(([, href]) => href ?? '');
    expect(tiles).toHaveLength(1);
    const { location } = await browser.open(new URL(tiles[0] ?? '', okta.url));
    expect(location?.href).toBe(
      `http://localhost:5999/initiate?tile=1&iss=${encodeURIComponent(okta.issuer)}`,
    );
    expect((await browser.open(`${okta.url}/app/UserHome?q=zzz`)).text).toContain('No app matches');
  });

  test('is reached by signing in, left by signing out', async () => {
    const okta = await anOrg();
    const browser = new HttpBrowser();
    const page = await browser.travel(`${okta.url}/`, () => true);
    expect(page.text).toContain('Sign In');
    const answer = await browser.submit(formsOf(page)[0] ?? never(), { identifier: ADA.username });
    const next = await browser.open(answer.location ?? never());
    const done = await browser.submit(formsOf(next)[0] ?? never(), { passcode: ADA.password });
    const home = await browser.travel(done.location ?? never(), () => true);
    expect(home.text).toContain('My Apps');
    expect((await browser.travel(`${okta.url}/login/signout`, () => true)).text).toContain('Sign In');
  });

  test('sample people sign in with one click, where the org offers them', async () => {
    const okta = await anOrg({ settings: { quickSignIn: true } });
    const browser = new HttpBrowser();
    const page = await browser.open(authorizeUrl(okta));
    const click = formsOf(page).find(
      ({ fields }) => fields.get('identifier') === ADA.username && fields.has('password'),
    );
    const answer = await browser.submit(click ?? never());
    const callback = await browser.travel(answer.location ?? never(), ({ origin }) => origin === okta.url);
    expect(callback.location?.searchParams.has('code')).toBe(true);
  });
});

function never(): never {
  throw new Error('the page lacks what the test clicks on');
}

const act = (
  okta: RunningOktaOrg,
  path: string,
  form: Readonly<Record<string, string>>,
  origin = okta.url,
): Promise<Page> => new HttpBrowser().open(`${okta.url}/admin${path}`, { form, headers: { Origin: origin } });

describe('the control pages', () => {
  test('all answer, with what the org holds, escaped', async () => {
    const okta = await anOrg({
      orgName: 'R&D <Labs>',
      groups: [{ name: 'Engineering' }, { name: '<b>Bold</b>' }],
    });
    await signIn(okta);
    const { org } = okta;
    for (const path of [
      '',
      '/people',
      '/groups',
      '/apps',
      '/security',
      '/troubles',
      '/log',
      '/log?all=true',
      `/people/${org.user(ADA.username).id}`,
      `/apps/${org.app(CLIENT_ID).id}`,
    ]) {
      const page = await new HttpBrowser().open(`${okta.url}/admin${path}`);
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.text).toContain('R&amp;D &lt;Labs&gt;');
      expect(page.text).not.toContain('<b>Bold');
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    }
    expect(org.errors).toEqual([]);
  });

  test('people: add, change, groups, deactivate, delete', async () => {
    const okta = await anOrg();
    const { org } = okta;
    await act(okta, '/people', {
      login: 'eve@acme.example',
      password: 'pw',
      firstName: 'Eve',
      lastName: 'Adams',
    });
    const eve = org.user('eve@acme.example');
    await act(okta, `/people/${eve.id}`, {
      firstName: 'Eva',
      lastName: 'Adams',
      login: 'eva@acme.example',
      email: 'e@acme.example',
      password: 'pw',
      otp: '1',
      factors: 'webauthn',
    });
    expect(eve).toMatchObject({
      firstName: 'Eva',
      login: 'eva@acme.example',
      factors: ['webauthn'],
      emailVerified: false,
    });
    await act(okta, `/people/${eve.id}/join`, { group: org.directory.group('Engineering').id });
    expect(org.isAssigned(org.app(CLIENT_ID), eve)).toBe(true);
    await act(okta, `/people/${eve.id}/deactivate`, {});
    expect(eve.status).toBe('DEPROVISIONED');
    await act(okta, `/people/${eve.id}/delete`, {});
    expect(org.directory.findUser(eve.id)).toBeUndefined();
    expect((await act(okta, `/people/${org.user(ADA.username).id}/delete`, {})).status).toBe(400);
    expect((await act(okta, '/people/00unope/suspend', {})).status).toBe(404);
  });

  test('apps: credentials, addresses, claims, secrets, assignments', async () => {
    const okta = await anOrg();
    const { org } = okta;
    const made = await act(okta, '/apps', {
      label: 'Wiki',
      type: 'web',
      redirectUri: 'http://localhost:1/cb',
    });
    const wiki = org.app('Wiki');
    expect(made.location?.pathname).toBe(`/admin/apps/${wiki.id}`);
    const at = `/apps/${wiki.id}`;
    await act(okta, `${at}/general`, {
      label: 'Wiki',
      redirectUris: 'http://a/cb\r\n\r\nhttp://b/cb',
      postLogoutRedirectUris: '',
      initiateLoginUri: 'http://a/start',
      status: 'ACTIVE',
      consentMethod: 'REQUIRED',
      networkZone: 'anywhere',
      oin: 'true',
    });
    expect(wiki).toMatchObject({
      redirectUris: ['http://a/cb', 'http://b/cb'],
      consentMethod: 'REQUIRED',
      oin: true,
    });
    await act(okta, `${at}/credentials`, {
      authMethod: 'private_key_jwt',
      jwks: '{"keys":[{"kty":"EC","kid":"x"}]}',
      jwksUri: '',
    });
    expect([wiki.authMethod, wiki.jwks]).toEqual(['private_key_jwt', [{ kty: 'EC', kid: 'x' }]]);
    expect(
      (await act(okta, `${at}/credentials`, { authMethod: 'none', jwks: '{', jwksUri: '' })).status,
    ).toBe(400);
    await act(okta, `${at}/sign-on`, {
      signOnPolicy: '2fa',
      issuerMode: 'DYNAMIC',
      emptyGroups: 'empty',
      claimType: 'EXPRESSION',
      claimName: 'groups',
      claimValue: 'user.x',
    });
    expect(wiki).toMatchObject({
      signOnPolicy: '2fa',
      groupsClaim: { type: 'EXPRESSION', expression: 'user.x' },
    });
    await act(okta, `${at}/secrets`, {});
    const [first] = wiki.secrets;
    await act(okta, `${at}/secrets/${first?.id ?? ''}/deactivate`, {});
    expect(wiki.secrets.map(({ status }) => status)).toEqual(['INACTIVE', 'ACTIVE']);
    await act(okta, `${at}/secrets/${first?.id ?? ''}/delete`, {});
    expect(wiki.secrets).toHaveLength(1);
    await act(okta, `${at}/assign`, { user: org.user(ADA.username).id });
    expect(org.isAssigned(wiki, org.user(ADA.username))).toBe(true);
    await act(okta, `${at}/unassign`, { user: org.user(ADA.username).id });
    expect(org.isAssigned(wiki, org.user(ADA.username))).toBe(false);
    const group = org.directory.group('Engineering').id;
    await act(okta, `${at}/assign`, { group });
    expect(org.isAssigned(wiki, org.user(ADA.username))).toBe(true);
    await act(okta, `${at}/unassign`, { group });
    expect(org.isAssigned(wiki, org.user(ADA.username))).toBe(false);
  });

  test('troubles: caused for some requests, shown, ended', async () => {
    const okta = await anOrg();
    await act(okta, '/troubles', { id: 'id_token.wrong_audience', times: '3', value: 'someone' });
    await act(okta, '/troubles', { endpoint: 'keys', fault: 'http_503', times: '' });
    expect(okta.org.failures.list()).toMatchObject([
      { id: 'id_token.wrong_audience', left: 3, value: 'someone' },
      { id: 'keys.http_503', left: Infinity },
    ]);
    expect((await new HttpBrowser().open(`${okta.url}/admin`)).text).toContain('2 troubles are on');
    await act(okta, '/troubles/heal', { id: 'keys.http_503' });
    expect(okta.org.failures.list()).toHaveLength(1);
    await act(okta, '/troubles/heal', {});
    expect(okta.org.failures.list()).toEqual([]);
    expect((await act(okta, '/troubles', { id: 'no.such' })).status).toBe(400);
  });

  test('security: keys, policies, switches', async () => {
    const okta = await anOrg();
    const { kid } = await okta.org.keys.current();
    await act(okta, '/security/keys/org/rotate', {});
    expect((await okta.org.keys.current()).kid).not.toBe(kid);
    await act(okta, '/security/servers/default/policy', { policy: 'none' });
    expect(okta.org.customServers.get('default')?.policy).toEqual([]);
    await act(okta, '/security/settings', {
      wording: 'new',
      idToken: 'thin',
      groupsOver100: 'error',
      sid: 'all',
      basicCredentials: 'raw',
      rateLimit: '5',
    });
    expect(okta.org.settings).toMatchObject({
      wording: 'new',
      idToken: 'thin',
      rateLimit: 5,
      apiAccessManagement: false,
    });
  });

  test("another site's form does nothing", async () => {
    const okta = await anOrg();
    const page = await act(
      okta,
      `/people/${okta.org.user(ADA.username).id}/deactivate`,
      {},
      'https://evil.example',
    );
    expect([page.status, okta.org.user(ADA.username).status]).toEqual([403, 'ACTIVE']);
  });
});

test('what leads nowhere is a page for people and an error for programs', async () => {
  const okta = await anOrg();
  const page = await new HttpBrowser().open(`${okta.url}/nothing`);
  expect([page.status, page.headers['content-type']]).toEqual([404, expect.stringContaining('text/html')]);
  const api = await new HttpBrowser().open(`${okta.url}/api/v1/users`);
  expect([api.status, api.text]).toEqual([404, expect.stringContaining('errorCode')]);
});

test('a signed-in browser answers at once, and the request log has seen it all', async () => {
  const okta = await anOrg();
  const browser = new HttpBrowser();
  await signInAtOkta(browser, authorizeUrl(okta), ADA);
  okta.org.log.clear();
  await signInAtOkta(browser, authorizeUrl(okta, { state: 'again' }), ADA);
  expect(okta.org.requests.map(({ endpoint, status }) => [endpoint, status])).toEqual([['authorize', 302]]);
  expect(okta.org.log.to('authorize')[0]?.params.get('state')).toBe('again');
});
