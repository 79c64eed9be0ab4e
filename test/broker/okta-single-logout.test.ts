import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { send } from '../op/support/http.js';
import { cookiesOf, sessionOf } from '../op/support/session.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { signIn } from '../support/application.js';
import { framesOf } from '../support/frames.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

let acme: Acme;

beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.stop());

/** Signs in at another app of Acme's Okta, where the session is open already; its ID Token. */
async function idTokenOfOktaApp(
  browser: HttpBrowser,
  clientId: string,
  redirectUri: string,
): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(`${acme.okta.url}/oauth2/v1/authorize`);
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const { location } = await browser.open(url);
  const { json } = await send(`${acme.okta.url}/oauth2/v1/token`, {
    form: {
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: APP_SECRET,
      redirect_uri: redirectUri,
      code: location?.searchParams.get('code') ?? '',
      code_verifier: verifier,
    },
  });
  return String(json['id_token']);
}

describe('Okta’s single logout', () => {
  test('another app of the org starts it: Okta’s frame ends the session here', async () => {
    const { org, url } = acme.okta;
    const causeway = org.findApp('0oacauseway000000001');
    if (causeway === undefined) throw new Error('no app');
    causeway.participateSlo = true;
    causeway.frontchannelLogoutUri = `${acme.app.issuer}/frontchannel-logout/okta`;
    const redirectUri = 'https://payroll.example/cb';
    const other = { label: 'Payroll', clientId: '0oapayroll0000000001', clientSecret: APP_SECRET };
    org.addApp({ ...other, redirectUris: [redirectUri], assign: 'everyone' });
    const browser = new HttpBrowser();
    await signIn(browser, acme.app, ADA);
    const cookies = cookiesOf(browser, acme.app);
    const logout = new URL(`${url}/oauth2/v1/logout`);
    logout.searchParams.set('id_token_hint', await idTokenOfOktaApp(browser, other.clientId, redirectUri));
    const [hidden = ''] = framesOf(await browser.open(logout));
    expect(hidden).toMatch(/^http:\/\/localhost:\d+\/t\/acme\/frontchannel-logout\/okta\?iss=.+&sid=.+/);
    expect(await sessionOf(cookies, acme.spa)).toBe('open');
    expect((await browser.open(hidden)).status).toBe(200);
    expect(await sessionOf(cookies, acme.spa)).toBe('login_required');
  });
});
