import { describe, expect, test } from '@jest/globals';
import { formsOf, HttpBrowser } from '../../support/okta-sign-in.js';
import {
  ADA,
  anOrg,
  authorizeUrl,
  BOB,
  callbackOf,
  claimsOf,
  CLIENT_ID,
  pkce,
  redeem,
  signIn,
} from './support.js';

type Params = Readonly<Record<string, string | undefined>>;

describe('signing in', () => {
  test.each<[string, string, string]>([
    ['a wrong password', ADA.username, 'wrong'],
    ['an unknown name', 'nobody@acme.example', ADA.password],
    ['a deactivated person', 'gone@acme.example', ADA.password],
  ])('%s gets the same answer as any other failure', async (_name, username, password) => {
    const okta = await anOrg({ users: [{ login: 'gone@acme.example', status: 'DEPROVISIONED' }] });
    await expect(callbackOf(okta, {}, { username, password })).rejects.toThrow('Unable to sign in');
  });

  test('login_hint fills in the name, escaped', async () => {
    const okta = await anOrg();
    const page = await new HttpBrowser().open(authorizeUrl(okta, { login_hint: '"><script>x' }));
    expect(page.text).toContain('value="&quot;&gt;&lt;script&gt;x"');
  });

  test('a session answers silently; prompt=login and max_age ask again', async () => {
    const okta = await anOrg();
    const browser = new HttpBrowser();
    const first = claimsOf((await signIn(okta, {}, { browser }))['id_token'])['auth_time'];
    okta.org.clock.advance(100);
    const silent = await signIn(okta, { prompt: 'none' }, { browser });
    expect(claimsOf(silent['id_token'])['auth_time']).toBe(first);
    expect(await callbackOf(okta, { max_age: '200', prompt: 'none' }, ADA, browser)).toHaveProperty('code');
    expect(await callbackOf(okta, { max_age: '50', prompt: 'none' }, ADA, browser)).toMatchObject({
      error: 'login_required',
      error_description:
        'The client specified not to prompt, but the client app requires re-authentication or MFA.',
    });
    const page = await browser.open(authorizeUrl(okta, { prompt: 'login' }));
    expect(page.text).toContain('Username');
    const again = claimsOf((await signIn(okta, { max_age: '0' }, { browser }))['id_token'])['auth_time'];
    expect(again).toBeGreaterThanOrEqual(Number(first) + 100);
  });

  test('sessions end by themselves, by an admin, and with the person', async () => {
    const okta = await anOrg();
    const browser = new HttpBrowser();
    const silent = async () =>
      (await callbackOf(okta, { prompt: 'none' }, ADA, browser))['error'] ?? 'signed in';
    await signIn(okta, {}, { browser });
    expect(await silent()).toBe('signed in');
    okta.org.clock.advance(3 * 3600);
    expect(await silent()).toBe('login_required');
    await signIn(okta, {}, { browser });
    okta.org.sessions.endAll(okta.org.user(ADA.username));
    expect(await silent()).toBe('login_required');
    await signIn(okta, {}, { browser });
    okta.org.deactivate(ADA.username);
    okta.org.activate(ADA.username);
    expect(await silent()).toBe('login_required');
  });

  test('consent: asked once, refused, or impossible without a prompt', async () => {
    const okta = await anOrg();
    okta.org.app(CLIENT_ID).consentMethod = 'REQUIRED';
    const browser = new HttpBrowser();
    expect(await callbackOf(okta, {}, { ...ADA, consent: false }, browser)).toMatchObject({
      error: 'access_denied',
    });
    expect(await callbackOf(okta, { prompt: 'none' }, ADA, browser)).toMatchObject({
      error: 'consent_required',
    });
    expect(await callbackOf(okta, {}, ADA, browser)).toHaveProperty('code');
    expect(await callbackOf(okta, { prompt: 'none' }, ADA, browser)).toHaveProperty('code');
    const page = await browser.open(authorizeUrl(okta, { prompt: 'consent' }));
    expect(page.text).toContain('would like to access');
    expect(await callbackOf(okta, { prompt: 'login consent' }, ADA, browser)).toHaveProperty('code');
  });

  test('enrolling a factor answers without a code', async () => {
    const okta = await anOrg();
    const params = { prompt: 'enroll_authenticator', response_type: 'none' };
    expect(await callbackOf(okta, params)).toEqual({ state: 'state-1' });
  });

  test('an outside identity provider signs in where no session is', async () => {
    const okta = await anOrg({ identityProviders: [{ id: '0oaexternal', name: 'Partner' }] });
    const token = claimsOf((await signIn(okta, { idp: '0oaexternal' }))['id_token']);
    expect(token).toMatchObject({ idp: '0oaexternal', amr: ['fed'] });
  });
});

describe('acr_values', () => {
  const TWO = 'urn:okta:loa:2fa:any';

  test.each<[string, Params, readonly string[], string | undefined]>([
    ['two factors', { acr_values: TWO }, ['pwd', 'mfa', 'otp'], TWO],
    ['unknown values are ignored', { acr_values: 'gold' }, ['pwd'], undefined],
    ['the first that is possible', { acr_values: `gold phr ${TWO}` }, ['pwd', 'mfa', 'otp'], TWO],
    ['if possible', { acr_values: `${TWO}:ifpossible` }, ['pwd', 'mfa', 'otp'], `${TWO}:ifpossible`],
    ['one factor', { acr_values: 'urn:okta:loa:1fa:pwd' }, ['pwd'], 'urn:okta:loa:1fa:pwd'],
  ])('%s', async (_name, params, amr, acr) => {
    const okta = await anOrg();
    const claims = claimsOf((await signIn(okta, params))['id_token']);
    expect(claims['amr']).toEqual(amr);
    expect(claims['acr']).toBe(acr);
  });

  test('a level that the person cannot reach', async () => {
    const okta = await anOrg();
    expect(await callbackOf(okta, { acr_values: 'phr' })).toMatchObject({
      error: 'unmet_authentication_requirements',
    });
    okta.org.assign(CLIENT_ID, BOB.username);
    expect(await callbackOf(okta, { acr_values: TWO }, BOB)).toMatchObject({
      error: 'unmet_authentication_requirements',
    });
    expect(await callbackOf(okta, { acr_values: `${TWO}:ifpossible` }, BOB)).toHaveProperty('code');
  });

  test('stepping up asks only for what is missing, and for a right code', async () => {
    const okta = await anOrg();
    const browser = new HttpBrowser();
    await signIn(okta, {}, { browser });
    expect(await callbackOf(okta, { acr_values: TWO, prompt: 'none' }, ADA, browser)).toMatchObject({
      error: 'login_required',
    });
    const page = await browser.open(authorizeUrl(okta, { acr_values: TWO }));
    expect(page.text).toContain('Google Authenticator');
    await expect(callbackOf(okta, { acr_values: TWO }, { ...ADA, otp: '000000' }, browser)).rejects.toThrow(
      'match our records',
    );
    const person = { ...ADA, password: 'not needed' };
    expect(claimsOf((await signIn(okta, { acr_values: TWO }, { browser, person }))['id_token'])['acr']).toBe(
      TWO,
    );
  });

  test('whoever goes back to the start proves everything anew', async () => {
    const okta = await anOrg();
    okta.org.assign(CLIENT_ID, BOB.username);
    const browser = new HttpBrowser();
    await signIn(okta, {}, { browser });
    const page = await browser.open(authorizeUrl(okta, { acr_values: TWO }));
    const back = formsOf(page).find(({ action }) => action.pathname === '/idp/idx/cancel');
    if (back === undefined) throw new Error('no way back');
    const { location } = await browser.submit(back);
    const start = await browser.open(location ?? '');
    const [identify] = formsOf(start);
    expect(start.text).toContain('Username');
    const named = identify && (await browser.submit(identify, { identifier: BOB.username }));
    expect((await browser.open(named?.location ?? '')).text).toContain('Verify with your password');
  });

  test('phishing resistant: a security key', async () => {
    const okta = await anOrg({
      users: [{ login: 'key@acme.example', factors: ['webauthn'], groups: ['Engineering'] }],
    });
    const person = { username: 'key@acme.example', password: ADA.password };
    const claims = claimsOf((await signIn(okta, { acr_values: 'phr' }, { person }))['id_token']);
    expect(claims).toMatchObject({ acr: 'phr', amr: ['pwd', 'mfa', 'hwk'] });
  });

  test("the app's own policy asks for two factors", async () => {
    const okta = await anOrg();
    okta.org.app(CLIENT_ID).signOnPolicy = '2fa';
    expect(claimsOf((await signIn(okta))['id_token'])).toMatchObject({
      acr: TWO,
      amr: ['pwd', 'mfa', 'otp'],
    });
  });
});

test('a code with PKCE is redeemed only with its verifier', async () => {
  const okta = await anOrg();
  const { verifier, challenge } = pkce();
  const params = { code_challenge: challenge, code_challenge_method: 'S256' };
  const { code = '' } = await callbackOf(okta, params);
  const wrong = await redeem(okta, code, { code_verifier: pkce().verifier });
  expect(wrong).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'PKCE verification failed.' },
  });
  expect((await redeem(okta, code)).status).toBe(400);
  expect((await redeem(okta, code, { code_verifier: verifier })).status).toBe(200);
});
