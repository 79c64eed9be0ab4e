import { expect, test } from '@jest/globals';
import { HttpBrowser, signInAtOkta } from '../../support/okta-sign-in.js';
import {
  ADA,
  anOrg,
  assertion,
  ASSERTION_TYPE,
  CLIENT_ID,
  CLIENT_SECRET,
  clientKey,
  jsonOf,
  post,
  REDIRECT_URI,
  redeem,
} from './support.js';

const REQUEST = {
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  redirect_uri: REDIRECT_URI,
  response_type: 'code',
  scope: 'openid groups',
  state: 's-1',
};

test('a pushed request is signed in to by its request_uri alone', async () => {
  const okta = await anOrg();
  const page = await post(`${okta.url}/oauth2/v1/par`, REQUEST);
  expect([page.status, jsonOf(page)]).toEqual([
    200,
    { request_uri: expect.stringMatching(/^urn:okta:/), expires_in: 3600 },
  ]);
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    request_uri: String(jsonOf(page)['request_uri']),
  });
  const address = `${okta.url}/oauth2/v1/authorize?${query.toString()}`;
  const callback = await signInAtOkta(new HttpBrowser(), address, ADA);
  expect(callback.searchParams.get('state')).toBe('s-1');
  expect((await redeem(okta, callback.searchParams.get('code') ?? '')).status).toBe(200);
  okta.org.clock.advance(3_601);
  expect((await new HttpBrowser().open(address)).status).toBe(400);
});

test('another client cannot use it', async () => {
  const okta = await anOrg({
    apps: [{ label: 'Other', clientId: '0oaother', redirectUris: [REDIRECT_URI] }],
  });
  const { request_uri: uri } = jsonOf(await post(`${okta.url}/oauth2/v1/par`, REQUEST));
  const query = new URLSearchParams({ client_id: '0oaother', request_uri: String(uri) });
  expect((await new HttpBrowser().open(`${okta.url}/oauth2/v1/authorize?${query.toString()}`)).status).toBe(
    400,
  );
});

test.each<[string, Readonly<Record<string, string>>, number, string, string]>([
  ['scopes: none', { scope: '' }, 400, 'invalid_scope', 'No scopes were requested.'],
  [
    'scopes: custom',
    { scope: 'openid x' },
    400,
    'invalid_scope',
    'Custom scopes are not allowed for this request',
  ],
  [
    'scopes: no openid',
    { scope: 'profile' },
    403,
    'access_denied',
    'Requests for ID tokens or access tokens with OpenID scopes require the `openid` scope.',
  ],
  [
    'response_type',
    { response_type: 'x' },
    400,
    'unsupported_response_type',
    'The response type is not supported by the authorization server. Configured response types: [code].',
  ],
  [
    'response_mode',
    { response_mode: 'x' },
    400,
    'unsupported_response_mode',
    'The response mode is not supported by the authorization server.',
  ],
  [
    'redirect_uri',
    { redirect_uri: 'https://x' },
    400,
    'invalid_request',
    "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
  ],
  [
    'secret',
    { client_secret: 'x' },
    401,
    'invalid_client',
    'The client secret supplied for a confidential client is invalid.',
  ],
  [
    'nested',
    { request_uri: 'urn:x' },
    400,
    'invalid_request',
    "The 'request_uri' parameter is not allowed in a pushed request.",
  ],
])('is checked at once: %s', async (_name, change, status, error, description) => {
  const okta = await anOrg();
  const page = await post(`${okta.url}/oauth2/v1/par`, { ...REQUEST, ...change });
  expect([page.status, jsonOf(page)]).toEqual([status, { error, error_description: description }]);
});

test('an assertion for /par is not one for /token', async () => {
  const okta = await anOrg();
  const key = await clientKey('k1');
  Object.assign(okta.org.app(CLIENT_ID), { authMethod: 'private_key_jwt', jwks: [key.publicJwk] });
  const { client_secret: _secret, ...request } = REQUEST;
  const push = async (audience: string) =>
    jsonOf(
      await post(`${okta.url}/oauth2/v1/par`, {
        ...request,
        client_assertion: await assertion(key, audience),
        client_assertion_type: ASSERTION_TYPE,
      }),
    );
  expect(await push(`${okta.url}/oauth2/v1/par`)).toHaveProperty('request_uri');
  expect(await push(`${okta.url}/oauth2/v1/token`)).toMatchObject({ error: 'invalid_client' });
});
