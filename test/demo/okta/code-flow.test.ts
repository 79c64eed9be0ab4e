import { describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { ClientAuthMethod } from '../../../demo/okta/apps.js';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser, signInAtOkta } from '../../support/okta-sign-in.js';
import { ADA, anOrg, claimsOf, CLIENT_ID, CLIENT_SECRET, clientKey, REDIRECT_URI } from './support.js';

/** Discovery as a relying party does it; openid-client wants to be told that http is meant. */
function discover(issuer: string, auth: client.ClientAuth, path = ''): Promise<client.Configuration> {
  return client.discovery(new URL(issuer + path), CLIENT_ID, {}, auth, {
    execute: [client.allowInsecureRequests],
  });
}

/** Okta wants the address that is called as audience; openid-client sends the issuer unless told. */
function privateKeyJwt(key: client.PrivateKey, audience: string): client.ClientAuth {
  return client.PrivateKeyJwt(key, {
    [client.modifyAssertion]: (_header, payload) => {
      payload['aud'] = audience;
    },
  });
}

async function codeFlow(config: client.Configuration, scope: string) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = ['a-state,with.all-allowed_characters', client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const callback = await signInAtOkta(new HttpBrowser(), address, ADA);
  return client.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
}

const methods: readonly [name: ClientAuthMethod, auth: () => client.ClientAuth][] = [
  ['client_secret_post', () => client.ClientSecretPost(CLIENT_SECRET)],
  ['client_secret_basic', () => client.ClientSecretBasic(CLIENT_SECRET)],
];

describe('a code flow with PKCE, driven by openid-client', () => {
  test.each(methods)('with %s: ID token, userinfo, introspection, revocation', async (authMethod, auth) => {
    const okta = await anOrg();
    okta.org.app(CLIENT_ID).authMethod = authMethod;
    const config = await discover(okta.issuer, auth());
    client.enableNonRepudiationChecks(config);
    const tokens = await codeFlow(config, 'openid profile email groups offline_access');
    const user = okta.org.user(ADA.username);
    expect(tokens.claims()).toMatchObject({
      iss: okta.issuer,
      aud: CLIENT_ID,
      sub: user.id,
      ver: 1,
      amr: ['pwd'],
      idp: okta.org.id,
      email: ADA.username,
      email_verified: true,
      preferred_username: ADA.username,
      groups: ['Everyone', 'Engineering'],
    });
    expect(tokens.claims()?.['jti']).toMatch(/^ID\./);
    expect(tokens.expires_in).toBe(3600);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, user.id);
    expect(userinfo).toMatchObject({
      given_name: 'Ada',
      family_name: 'Byron',
      groups: ['Everyone', 'Engineering'],
    });
    expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      username: ADA.username,
      client_id: CLIENT_ID,
      uid: user.id,
    });
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(refreshed.claims()?.sub).toBe(user.id);
    await client.tokenRevocation(config, tokens.access_token);
    expect(await client.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    expect(okta.org.errors).toEqual([]);
  });

  test('with private_key_jwt, once the audience is the endpoint', async () => {
    const key = await clientKey('rp-1');
    const okta = await anOrg();
    const app = okta.org.app(CLIENT_ID);
    app.authMethod = 'private_key_jwt';
    app.jwks = [key.publicJwk];
    const signingKey = { key: key.privateKey, kid: key.kid };
    const asShipped = await discover(okta.issuer, client.PrivateKeyJwt(signingKey));
    await expect(codeFlow(asShipped, 'openid')).rejects.toMatchObject({
      error: 'invalid_client',
      error_description:
        'The audience claim for client_assertion must be the endpoint invoked for the request.',
    });
    const config = await discover(okta.issuer, privateKeyJwt(signingKey, `${okta.issuer}/oauth2/v1/token`));
    expect((await codeFlow(config, 'openid email')).claims()?.['email']).toBe(ADA.username);
  });

  test('at a custom authorization server: access tokens that anyone can verify', async () => {
    const okta = await anOrg();
    const config = await discover(okta.issuer, client.ClientSecretPost(CLIENT_SECRET), '/oauth2/default');
    const tokens = await codeFlow(config, 'openid profile email');
    const issuer = `${okta.issuer}/oauth2/default`;
    const keys = createRemoteJWKSet(new URL(`${issuer}/v1/keys`));
    const { payload } = await jwtVerify(tokens.access_token, keys, { issuer, audience: 'api://default' });
    expect(payload).toMatchObject({
      sub: ADA.username,
      uid: okta.org.user(ADA.username).id,
      cid: CLIENT_ID,
      scp: ['openid', 'profile', 'email'],
    });
    expect(tokens.claims()).toMatchObject({ iss: issuer, sub: okta.org.user(ADA.username).id });
    expect(tokens.claims()?.['given_name']).toBeUndefined();
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, String(tokens.claims()?.sub));
    expect(userinfo.given_name).toBe('Ada');
  });
});

async function verifiable(okta: RunningOktaOrg, token: string): Promise<boolean> {
  const keys = createRemoteJWKSet(new URL(`${okta.issuer}/oauth2/v1/keys`));
  return jwtVerify(token, keys).then(
    () => true,
    () => false,
  );
}

test("the org server's access token looks like a JWT, but no published key verifies it", async () => {
  const okta = await anOrg();
  const config = await discover(okta.issuer, client.ClientSecretPost(CLIENT_SECRET));
  const tokens = await codeFlow(config, 'openid');
  expect(claimsOf(tokens.access_token)).toMatchObject({ cid: CLIENT_ID, sub: ADA.username });
  expect(await verifiable(okta, tokens.access_token)).toBe(false);
  expect(await verifiable(okta, tokens.id_token ?? '')).toBe(true);
});
