import { describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';
import {
  ADA,
  anOrg,
  BAD_CODE,
  BOB,
  callbackOf,
  claimsOf,
  CLIENT_ID,
  CLIENT_SECRET,
  jsonOf,
  post,
  REDIRECT_URI,
  redeem,
  signIn,
} from './support.js';

async function codeOf(okta: RunningOktaOrg, params: Readonly<Record<string, string>> = {}): Promise<string> {
  return (await callbackOf(okta, params))['code'] ?? '';
}

const refresh = async (okta: RunningOktaOrg, token: unknown, form: Readonly<Record<string, string>> = {}) =>
  jsonOf(
    await post(`${okta.url}/oauth2/v1/token`, {
      grant_type: 'refresh_token',
      refresh_token: String(token),
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      ...form,
    }),
  );

describe('codes', () => {
  test('are good once, for 300 seconds', async () => {
    const okta = await anOrg();
    const code = await codeOf(okta);
    expect((await redeem(okta, code)).status).toBe(200);
    expect((await redeem(okta, code)).body).toEqual({ error: BAD_CODE[1], error_description: BAD_CODE[2] });
    const late = await codeOf(okta);
    okta.org.clock.advance(301);
    expect((await redeem(okta, late)).body['error_description']).toBe(BAD_CODE[2]);
  });

  test('belong to client, server and redirect URI', async () => {
    const okta = await anOrg({ apps: [{ label: 'Other', clientId: '0oaother', clientSecret: 'other' }] });
    const code = await codeOf(okta);
    expect((await redeem(okta, code, { client_id: '0oaother', client_secret: 'other' })).body).toEqual({
      error: 'invalid_grant',
      error_description:
        'The grant was issued to another client. Ensure that the `client_id` matches the one used at the ' +
        'authorize request.',
    });
    expect((await redeem(okta, code, {}, '/oauth2/default')).body['error_description']).toBe(BAD_CODE[2]);
    expect((await redeem(okta, code, { redirect_uri: 'http://localhost:5999/other' })).body).toEqual({
      error: 'invalid_grant',
      error_description:
        "The 'redirect_uri' does not match the redirection URI used in the authorization request.",
    });
    expect((await redeem(okta, code)).status).toBe(200);
  });

  test('die with the person and with the assignment', async () => {
    const okta = await anOrg();
    const code = await codeOf(okta);
    okta.org.leaveGroup(ADA.username, 'Engineering');
    expect((await redeem(okta, code)).body['error']).toBe('invalid_grant');
    okta.org.joinGroup(ADA.username, 'Engineering');
    const another = await codeOf(okta);
    okta.org.deactivate(ADA.username);
    expect((await redeem(okta, another)).body['error']).toBe('invalid_grant');
  });

  test('the answer: order, lifetimes, headers', async () => {
    const okta = await anOrg();
    const page = await post(`${okta.url}/oauth2/v1/token`, {
      grant_type: 'authorization_code',
      code: await codeOf(okta, { scope: 'openid' }),
      redirect_uri: REDIRECT_URI,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    });
    expect(Object.keys(jsonOf(page))).toEqual([
      'token_type',
      'expires_in',
      'access_token',
      'scope',
      'id_token',
    ]);
    expect(page.headers).toMatchObject({
      'cache-control': 'no-cache, no-store',
      'x-okta-request-id': expect.any(String),
      'x-rate-limit-limit': expect.any(String),
    });
  });
});

describe('refresh tokens', () => {
  const scope = 'openid profile groups offline_access';

  test('bring fresh groups, keep auth_time, send no nonce', async () => {
    const okta = await anOrg();
    const tokens = await signIn(okta, { scope, nonce: 'n-1' });
    okta.org.clock.advance(120);
    okta.org.addGroup({ name: 'On call' });
    okta.org.joinGroup(ADA.username, 'On call');
    const fresh = await refresh(okta, tokens['refresh_token']);
    expect(fresh['refresh_token']).toBe(tokens['refresh_token']);
    const [before, after] = [claimsOf(tokens['id_token']), claimsOf(fresh['id_token'])];
    expect(after['groups']).toEqual(['Everyone', 'Engineering', 'On call']);
    expect([after['auth_time'], after['nonce'], before['nonce']]).toEqual([
      before['auth_time'],
      undefined,
      'n-1',
    ]);
    expect(
      claimsOf((await refresh(okta, tokens['refresh_token'], { scope: 'openid' }))['id_token']),
    ).not.toHaveProperty('groups');
    expect((await refresh(okta, tokens['refresh_token'], { scope: 'openid email' }))['error']).toBe(
      'invalid_scope',
    );
  });

  test('rotate where the app says so', async () => {
    const okta = await anOrg();
    okta.org.app(CLIENT_ID).refreshTokens = 'rotate';
    const tokens = await signIn(okta, { scope });
    const next = await refresh(okta, tokens['refresh_token']);
    expect(next['refresh_token']).not.toBe(tokens['refresh_token']);
    expect(await refresh(okta, tokens['refresh_token'])).toEqual({
      error: 'invalid_grant',
      error_description: 'The refresh token is invalid or expired.',
    });
    expect(await refresh(okta, next['refresh_token'])).toHaveProperty('id_token');
  });

  test('work a while longer after a rotation where the org gives grace, and die of idleness where it says so', async () => {
    const okta = await anOrg();
    okta.org.app(CLIENT_ID).refreshTokens = 'rotate';
    okta.org.grants.rotationGraceSeconds = 30;
    const { refresh_token: first } = await signIn(okta, { scope });
    const { refresh_token: second } = await refresh(okta, first);
    okta.org.clock.advance(29);
    expect(await refresh(okta, first)).toHaveProperty('refresh_token');
    okta.org.clock.advance(2);
    expect((await refresh(okta, first))['error']).toBe('invalid_grant');
    expect(await refresh(okta, second)).toHaveProperty('id_token');

    okta.org.app(CLIENT_ID).refreshTokens = 'static';
    okta.org.grants.refreshIdleSeconds = 100;
    const { refresh_token: used } = await signIn(okta, { scope });
    okta.org.clock.advance(99);
    expect(await refresh(okta, used)).toHaveProperty('id_token');
    okta.org.clock.advance(99);
    expect(await refresh(okta, used)).toHaveProperty('id_token');
    okta.org.clock.advance(100);
    expect((await refresh(okta, used))['error']).toBe('invalid_grant');
  });

  test('end with deactivation, unassignment, revocation', async () => {
    const okta = await anOrg();
    const ends = async (end: () => void | Promise<unknown>) => {
      const tokens = await signIn(okta, { scope });
      expect(await refresh(okta, tokens['refresh_token'])).toHaveProperty('access_token');
      await end();
      return (await refresh(okta, tokens['refresh_token']))['error'];
    };
    expect(await ends(() => okta.org.setStatus(ADA.username, 'SUSPENDED'))).toBe('invalid_grant');
    okta.org.activate(ADA.username);
    expect(await ends(() => okta.org.leaveGroup(ADA.username, 'Engineering'))).toBe('invalid_grant');
    okta.org.assign(CLIENT_ID, ADA.username);
    expect(await ends(() => okta.org.unassign(CLIENT_ID, ADA.username))).toBe('invalid_grant');
    okta.org.assign(CLIENT_ID, ADA.username);
    const tokens = await signIn(okta, { scope });
    const page = await post(`${okta.url}/oauth2/v1/revoke`, {
      token: String(tokens['refresh_token']),
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    });
    expect([page.status, page.text]).toEqual([200, '']);
    expect((await refresh(okta, tokens['refresh_token']))['error']).toBe('invalid_grant');
  });
});

describe('userinfo and introspection', () => {
  test('a token that nobody knows, or without openid', async () => {
    const okta = await anOrg();
    const ask = (token: string) =>
      new HttpBrowser().open(`${okta.url}/oauth2/v1/userinfo`, {
        headers: { Authorization: `Bearer ${token}` },
      });
    const unknown = await ask('nope');
    expect([unknown.status, unknown.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
    const tokens = await signIn(okta);
    const elsewhere = await new HttpBrowser().open(`${okta.url}/oauth2/default/v1/userinfo`, {
      headers: { Authorization: `Bearer ${String(tokens['access_token'])}` },
    });
    expect(elsewhere.status).toBe(401);
    okta.org.clock.advance(3_601);
    expect((await ask(String(tokens['access_token']))).status).toBe(401);
  });

  test('introspects refresh and ID tokens too, and calls junk inactive', async () => {
    const okta = await anOrg();
    const tokens = await signIn(okta, { scope: 'openid offline_access' });
    const ask = async (token: unknown) =>
      jsonOf(
        await post(`${okta.url}/oauth2/v1/introspect`, {
          token: String(token),
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
        }),
      );
    expect(await ask(tokens['refresh_token'])).toMatchObject({ active: true, username: ADA.username });
    expect(await ask(tokens['id_token'])).toMatchObject({ active: true, aud: CLIENT_ID });
    expect(await ask('junk')).toEqual({ active: false });
    okta.org.clock.advance(3_601);
    expect(await ask(tokens['access_token'])).toEqual({ active: false });
    expect(await ask(tokens['id_token'])).toEqual({ active: false });
  });

  test('nobody else signs in with a code of Ada', async () => {
    const okta = await anOrg();
    okta.org.assign(CLIENT_ID, BOB.username);
    const tokens = await signIn(okta, {}, { person: BOB });
    expect(claimsOf(tokens['id_token'])['sub']).toBe(okta.org.user(BOB.username).id);
  });
});
