import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  redeem,
  refresh,
  signIn,
  walk,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { REDIRECT } from './support/bound-tokens.js';
import { send } from './support/http.js';
import { now } from './support/keys.js';
import { warm } from './support/warm.js';

let acme: Acme;
let ledger: Ledger;
let browser: HttpBrowser;

const the = (clientId: string): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  redirectUri: REDIRECT,
  ...(clientId === 'ipsie-spa' ? {} : { clientSecret: APP_SECRET }),
});

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: [REDIRECT] } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        { ...web, clientId: 'plain' },
        { ...web, clientId: 'ipsie', profile: 'ipsie' },
        { clientId: 'ipsie-spa', type: 'spa', redirectUris: [REDIRECT], profile: 'ipsie' },
      ],
    },
    { slug: 'quiet', name: 'Quiet', applications: [{ ...web, clientId: 'plain' }] },
  ]);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

/** When the newest session is over, however much it is used: seconds since the epoch. */
async function sessionEnd(): Promise<number | undefined> {
  const [row] = await ledger.rows<{
    ends: number;
  }>(`SELECT floor(extract(epoch FROM absolute_expires_at))::int
    AS ends FROM sessions ORDER BY created_at DESC LIMIT 1`);
  return row?.ends;
}

const claimsSupported = async (tenant: string): Promise<unknown> => {
  const { json } = await send(`${acme.causeway.url}/t/${tenant}/.well-known/openid-configuration`);
  return json['claims_supported'];
};

describe('IPSIE SL1: the ID token', () => {
  test.each(['ipsie', 'ipsie-spa'])('of %s says until when, how and at what time', async (clientId) => {
    const { body } = await signIn(browser, the(clientId), ADA);
    const claims = claimsOf(body['id_token']);
    expect(claims).toMatchObject({
      aud: clientId,
      session_expiry: await sessionEnd(),
      acr: expect.any(String),
      amr: expect.arrayContaining(['pwd']),
      auth_time: expect.any(Number),
    });
    expect(Number(claims['session_expiry']) - now()).toBeGreaterThan(86_000);
    expect(Number(claims['session_expiry']) - now()).toBeLessThanOrEqual(86_400);
  });

  test('names the level that was asked for and reached', async () => {
    const { body } = await signIn(browser, the('ipsie'), ADA, { acr_values: 'urn:okta:loa:2fa:any' });
    expect(claimsOf(body['id_token'])['acr']).toBe('urn:okta:loa:2fa:any');
  });

  test('says so too where the upstream said nothing of how', async () => {
    const request = authorizationRequest(the('ipsie'));
    const { end } = await walk(browser, the('ipsie'), request.url, ADA);
    await ledger.rows(`UPDATE oidc_artifacts SET payload = payload - 'amr' - 'acr'
      WHERE kind = 'AuthorizationCode' AND consumed_at IS NULL`);
    const { body } = await redeem(the('ipsie'), end?.searchParams.get('code') ?? '', request.verifier);
    expect(claimsOf(body['id_token'])).toMatchObject({ acr: '0', amr: [] });
  });

  test('follows the session that the upstream ends sooner, at a refresh too', async () => {
    const request = authorizationRequest(the('ipsie'));
    const { end } = await walk(browser, the('ipsie'), request.url, ADA);
    await ledger.rows(`UPDATE sessions SET absolute_expires_at = now() + interval '20 min'`);
    const { body } = await redeem(the('ipsie'), end?.searchParams.get('code') ?? '', request.verifier);
    const expiry = await sessionEnd();
    expect(claimsOf(body['id_token'])['session_expiry']).toBe(expiry);
    const next = await refresh(the('ipsie'), body['refresh_token']);
    expect(claimsOf(next.body['id_token'])['session_expiry']).toBe(expiry);
  });

  test('A-137: says nothing of it to an application of no profile', async () => {
    const { body } = await signIn(browser, the('plain'), ADA);
    expect(claimsOf(body['id_token'])['session_expiry']).toBeUndefined();
    expect(await claimsSupported('acme')).toContain('session_expiry');
    expect(await claimsSupported('quiet')).not.toContain('session_expiry');
  });
});

describe('IPSIE SL1: access', () => {
  test('ends with the session, offline access or not', async () => {
    const ipsie = await signIn(browser, the('ipsie'), ADA);
    const plain = await signIn(new HttpBrowser(), the('plain'), ADA);
    await ledger.rows(`UPDATE sessions SET expires_at = now() - interval '1 s'`);
    const refused = await refresh(the('ipsie'), ipsie.body['refresh_token']);
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await refresh(the('plain'), plain.body['refresh_token'])).status).toBe(200);
  });

  test('its code is good for a minute, and iss is in every answer', async () => {
    const request = authorizationRequest(the('ipsie'));
    const { end, page } = await walk(browser, the('ipsie'), request.url, ADA);
    expect(end?.searchParams.get('iss')).toBe(acme.app.issuer);
    expect([302, 303]).toContain(page.status);
    const [code] = await ledger.rows<{
      left: number;
    }>(`SELECT max(extract(epoch FROM expires_at - now()))::int
      AS left FROM oidc_artifacts WHERE kind = 'AuthorizationCode'`);
    expect(code?.left).toBeLessThanOrEqual(60);
  });

  test('takes a nonce of 64 characters and honours max_age', async () => {
    const nonce = 'n'.repeat(64);
    const { body } = await signIn(browser, the('ipsie'), ADA, { nonce, max_age: '1000' });
    expect(claimsOf(body['id_token'])).toMatchObject({ nonce, auth_time: expect.any(Number) });
  });
});
