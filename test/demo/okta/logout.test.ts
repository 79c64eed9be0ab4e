import { describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser, type Page } from '../../support/okta-sign-in.js';
import { anOrg, authorizeUrl, BOB, CLIENT_ID, signIn } from './support.js';

const SIGNED_OUT = 'http://localhost:5999/signed-out';

async function signedIn(okta: RunningOktaOrg) {
  const browser = new HttpBrowser();
  const hint = String((await signIn(okta, {}, { browser }))['id_token']);
  const logout = (params: Readonly<Record<string, string>>): Promise<Page> =>
    browser.open(`${okta.url}/oauth2/v1/logout?${new URLSearchParams(params).toString()}`);
  const stillIn = async (): Promise<boolean> => {
    const { location } = await browser.open(authorizeUrl(okta, { prompt: 'none' }));
    return location?.searchParams.has('code') === true;
  };
  return { browser, hint, logout, stillIn };
}

describe('RP-initiated logout', () => {
  test('ends the session and goes back with the state', async () => {
    const okta = await anOrg();
    const { hint, logout, stillIn } = await signedIn(okta);
    expect(await stillIn()).toBe(true);
    const page = await logout({ id_token_hint: hint, post_logout_redirect_uri: SIGNED_OUT, state: 'bye' });
    expect([page.status, page.location?.href]).toEqual([302, `${SIGNED_OUT}?state=bye`]);
    expect(await stillIn()).toBe(false);
  });

  test('may be posted, and leads to the sign-in page without an address', async () => {
    const okta = await anOrg();
    const { browser, hint, stillIn } = await signedIn(okta);
    const page = await browser.open(`${okta.url}/oauth2/v1/logout`, { form: { id_token_hint: hint } });
    expect(page.location?.pathname).toBe('/');
    expect(await stillIn()).toBe(false);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['no hint', { id_token_hint: '', client_id: CLIENT_ID }, 'id_token_hint'],
    ['a hint that is no token', { id_token_hint: 'x.y.z' }, 'id_token_hint'],
    [
      'an address that is not registered',
      { post_logout_redirect_uri: `${SIGNED_OUT}/` },
      'must be a Logout redirect URI in the client app settings',
    ],
    [
      'an address in another case',
      { post_logout_redirect_uri: SIGNED_OUT.toUpperCase() },
      'must be a Logout redirect URI',
    ],
  ])('%s: a 400 page, and the session lives on', async (_name, params, text) => {
    const okta = await anOrg();
    const { hint, logout, stillIn } = await signedIn(okta);
    const page = await logout({ id_token_hint: hint, ...params });
    expect(page.status).toBe(400);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.text).toContain(text);
    expect(await stillIn()).toBe(true);
  });

  test('a hint signed by a key that is gone', async () => {
    const okta = await anOrg();
    const { hint, logout } = await signedIn(okta);
    await okta.org.keys.rotate();
    expect((await logout({ id_token_hint: hint })).status).toBe(302);
    await okta.org.keys.emergencyRotate();
    expect((await logout({ id_token_hint: hint })).status).toBe(400);
  });

  test('an expired hint is good while its person is signed in', async () => {
    const okta = await anOrg();
    const { hint, logout, stillIn } = await signedIn(okta);
    okta.org.clock.advance(3_700);
    expect((await logout({ id_token_hint: hint })).status).toBe(302);
    expect(await stillIn()).toBe(false);
    expect((await logout({ id_token_hint: hint })).status).toBe(400);
  });

  test("someone else's hint doesn't sign this person out", async () => {
    const okta = await anOrg();
    const { logout, stillIn } = await signedIn(okta);
    okta.org.assign(CLIENT_ID, BOB.username);
    const hint = String((await signIn(okta, {}, { person: BOB }))['id_token']);
    await logout({ id_token_hint: hint });
    expect(await stillIn()).toBe(true);
  });

  test('tells the other apps of the session in hidden frames, if they take part', async () => {
    const slo = {
      redirectUris: ['http://localhost:5998/cb'],
      assign: 'everyone',
      clientSecret: 's',
    } as const;
    const frontchannelLogoutUri = 'http://localhost:5998/frontchannel?x=1';
    const okta = await anOrg({
      apps: [
        { ...slo, label: 'Takes part', clientId: '0oaslo', participateSlo: true, frontchannelLogoutUri },
        { ...slo, label: 'Never used', clientId: '0oaidle', participateSlo: true, frontchannelLogoutUri },
      ],
    });
    const { browser, hint, logout, stillIn } = await signedIn(okta);
    const params = { client_id: '0oaslo', redirect_uri: 'http://localhost:5998/cb' };
    await browser.open(authorizeUrl(okta, params));
    const [session] = okta.org.sessions.list();
    const page = await logout({ id_token_hint: hint, post_logout_redirect_uri: SIGNED_OUT });
    const query = new URLSearchParams({ x: '1', iss: okta.issuer, sid: session?.id ?? '' });
    expect(page.text.match(/<iframe [^>]*src="([^"]+)"/g)).toHaveLength(1);
    expect(page.text).toContain(
      `http://localhost:5998/frontchannel?${query.toString().replaceAll('&', '&amp;')}`,
    );
    expect(page.text).toContain(`url=${SIGNED_OUT}`);
    expect(page.headers['content-security-policy']).toContain('frame-src http://localhost:5998');
    expect(await stillIn()).toBe(false);
  });
});
