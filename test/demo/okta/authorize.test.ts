import { describe, expect, test } from '@jest/globals';
import type { AppSeed } from '../../../demo/okta/apps.js';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser, signInAtOkta } from '../../support/okta-sign-in.js';
import { ADA, anOrg, authorizeUrl, BOB, callbackOf, CLIENT_ID, REDIRECT_URI } from './support.js';

type Params = Readonly<Record<string, string | undefined>>;

/** What a request is answered with before anyone signs in. */
async function refusal(okta: RunningOktaOrg, params: Params, base?: string): Promise<Record<string, string>> {
  const { location } = await new HttpBrowser().open(authorizeUrl(okta, params, base));
  return Object.fromEntries(location?.searchParams ?? []);
}

describe('what only the person sees: an Okta-hosted 400 page', () => {
  test.each<[string, Params, string]>([
    ['unknown client', { client_id: 'nope' }, 'Invalid value for &#39;client_id&#39; parameter'],
    ['no client', { client_id: undefined }, 'Invalid value for &#39;client_id&#39; parameter'],
    [
      'no redirect URI',
      { redirect_uri: undefined },
      'must be a Login redirect URI in the client app settings',
    ],
    ['a trailing slash', { redirect_uri: `${REDIRECT_URI}/` }, 'must be a Login redirect URI'],
    [
      'another case',
      { redirect_uri: REDIRECT_URI.replace('callback', 'Callback') },
      'must be a Login redirect URI',
    ],
    ['an unknown request_uri', { request_uri: 'urn:okta:nope' }, 'request_uri'],
  ])('%s', async (_name, params, text) => {
    const okta = await anOrg();
    const page = await new HttpBrowser().open(authorizeUrl(okta, params));
    expect(page.status).toBe(400);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.text).toContain('400 Bad Request');
    expect(page.text).toContain(text);
  });

  test('an inactive app, and one whose policy denies', async () => {
    const okta = await anOrg();
    const app = okta.org.app(CLIENT_ID);
    app.signOnPolicy = 'deny';
    await expect(callbackOf(okta)).rejects.toThrow('You are not allowed to access this app');
    app.status = 'INACTIVE';
    await expect(callbackOf(okta)).rejects.toThrow('client_id');
  });
});

const unsupportedType =
  'The response type is not supported by the authorization server. Configured response types: [code].';

describe('what the client hears before anyone signs in', () => {
  test.each<[string, Params, string, string]>([
    [
      'no state',
      { state: undefined },
      'invalid_request',
      "The authentication request has an invalid 'state' parameter.",
    ],
    [
      'state with =',
      { state: 'abc=' },
      'invalid_request',
      "The authentication request has an invalid 'state' parameter.",
    ],
    [
      'state with +',
      { state: 'a+b' },
      'invalid_request',
      "The authentication request has an invalid 'state' parameter.",
    ],
    [
      'state with ~',
      { state: 'a~b' },
      'invalid_request',
      "The authentication request has an invalid 'state' parameter.",
    ],
    [
      'no response_type',
      { response_type: undefined },
      'invalid_request',
      "The request is missing the required parameter 'response_type'.",
    ],
    ['implicit', { response_type: 'id_token' }, 'unsupported_response_type', unsupportedType],
    ['nonsense type', { response_type: 'magic' }, 'unsupported_response_type', unsupportedType],
    [
      'response_mode',
      { response_mode: 'carrier_pigeon' },
      'unsupported_response_mode',
      'The response mode is not supported by the authorization server.',
    ],
    ['no scope', { scope: undefined }, 'invalid_scope', 'No scopes were requested.'],
    [
      'custom scope',
      { scope: 'openid orders' },
      'invalid_scope',
      'Custom scopes are not allowed for this request',
    ],
    [
      'an API scope not granted',
      { scope: 'openid okta.groups.read' },
      'invalid_scope',
      'Custom scopes are not allowed for this request',
    ],
    [
      'long scope',
      { scope: `openid ${'x'.repeat(1_020)}` },
      'invalid_scope',
      'The scope parameter is too long.',
    ],
    [
      'no openid',
      { scope: 'profile' },
      'access_denied',
      'Requests for ID tokens or access tokens with OpenID scopes require the `openid` scope.',
    ],
    ['prompt', { prompt: 'please' }, 'invalid_request', "The 'prompt' parameter contains an invalid value."],
    [
      'prompt none and login',
      { prompt: 'none login' },
      'invalid_request',
      "The 'prompt' parameter contains an invalid value.",
    ],
    [
      'max_age',
      { max_age: '-1' },
      'invalid_request',
      "The 'max_age' parameter must be a non-negative number.",
    ],
    [
      'plain PKCE',
      { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' },
      'invalid_request',
      "The 'code_challenge_method' parameter must be 'S256'.",
    ],
    [
      'PKCE alphabet',
      { code_challenge: `${'x'.repeat(43)}=`, code_challenge_method: 'S256' },
      'invalid_request',
      'PKCE code challenge contains illegal characters.',
    ],
    ['unknown idp', { idp: '0oinope' }, 'invalid_request', "The 'idp' parameter is invalid."],
    [
      'nobody signed in',
      { prompt: 'none' },
      'login_required',
      'The client specified not to prompt, but the user is not logged in.',
    ],
  ])('%s', async (_name, params, error, description) => {
    const okta = await anOrg();
    const state = 'state' in params ? params['state'] : 'state-1';
    expect(await refusal(okta, params)).toEqual({
      error,
      error_description: description,
      ...(state === undefined ? {} : { state }),
    });
  });

  test.each<[string, Partial<AppSeed>, Params, string]>([
    ['PKCE required', { pkceRequired: true }, {}, 'PKCE code challenge is required by the client.'],
    [
      'PKCE of a public app',
      { authMethod: 'none' },
      {},
      "PKCE code challenge is required when the token endpoint authentication method is 'NONE'.",
    ],
    [
      'OIN: groups',
      { oin: true },
      { scope: 'openid groups' },
      'Custom scopes are not allowed for this request',
    ],
    [
      'OIN: offline_access',
      { oin: true },
      { scope: 'openid offline_access' },
      'One or more scopes are not configured for the authorization server resource.',
    ],
    [
      'code flow off',
      { grantTypes: ['client_credentials'] },
      {},
      'The client is not authorized to use the provided grant type. ' +
        'Configured grant types: [client_credentials].',
    ],
  ])('by the app: %s', async (_name, seed, params, description) => {
    const okta = await anOrg();
    Object.assign(okta.org.app(CLIENT_ID), seed);
    expect((await refusal(okta, params))['error_description']).toBe(description);
  });

  test('at a custom server: unknown scopes, and an id that names none', async () => {
    const okta = await anOrg();
    expect(await refusal(okta, { scope: 'openid groups' }, '/oauth2/default')).toMatchObject({
      error: 'invalid_scope',
      error_description: 'One or more scopes are not configured for the authorization server resource.',
    });
    expect(await refusal(okta, {}, '/oauth2/ausnope')).toMatchObject({
      error_description: 'The authorization server id is invalid',
    });
  });

  test('duplicate parameters', async () => {
    const okta = await anOrg();
    const address = authorizeUrl(okta);
    address.searchParams.append('scope', 'openid');
    const { location } = await new HttpBrowser().open(address);
    expect(location?.searchParams.get('error_description')).toBe(
      'The request contains duplicate parameters.',
    );
  });
});

describe('what the client hears afterwards', () => {
  test('someone who is not assigned, in both wordings; Federation Broker Mode lets them in', async () => {
    const okta = await anOrg();
    expect(await callbackOf(okta, {}, BOB)).toEqual({
      error: 'access_denied',
      error_description: 'User is not assigned to the client application.',
      state: 'state-1',
    });
    okta.org.settings.wording = 'new';
    expect((await callbackOf(okta, {}, BOB))['error_description']).toBe(
      "User isn't assigned to the client app.",
    );
    okta.org.app(CLIENT_ID).federationBrokerMode = true;
    expect(await callbackOf(okta, {}, BOB)).toHaveProperty('code');
  });

  test('no access policy at a custom server', async () => {
    const okta = await anOrg({ authorizationServers: [{ id: 'default', policy: [] }] });
    const address = authorizeUrl(okta, { scope: 'openid' }, '/oauth2/default');
    const callback = await signInAtOkta(new HttpBrowser(), address, ADA);
    expect(callback.searchParams.get('error_description')).toBe(
      'Policy evaluation failed for this request, please check the policy configurations.',
    );
  });

  test('no iss parameter, in any mode', async () => {
    const okta = await anOrg();
    expect(Object.keys(await callbackOf(okta)).toSorted()).toEqual(['code', 'state']);
  });

  test('fragment and form_post', async () => {
    const okta = await anOrg();
    const browser = new HttpBrowser();
    const fragment = await signInAtOkta(browser, authorizeUrl(okta, { response_mode: 'fragment' }), ADA);
    expect(new URLSearchParams(fragment.hash.slice(1)).get('state')).toBe('state-1');
    const page = await browser.open(authorizeUrl(okta, { response_mode: 'form_post' }));
    expect(page.status).toBe(200);
    expect(page.text).toContain(`action="${REDIRECT_URI}"`);
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    const posted = await signInAtOkta(browser, authorizeUrl(okta, { response_mode: 'form_post' }), ADA);
    expect(posted.searchParams.get('code')).toEqual(expect.any(String));
    const message = await browser.open(authorizeUrl(okta, { response_mode: 'okta_post_message' }));
    expect(message.text).toContain('postMessage');
    expect(message.text).toContain('"http://localhost:5999"');
  });

  test('the request may be posted', async () => {
    const okta = await anOrg();
    const address = authorizeUrl(okta);
    const page = await new HttpBrowser().open(`${address.origin}${address.pathname}`, {
      form: address.searchParams,
    });
    expect([page.status, page.text.includes('Sign In')]).toEqual([200, true]);
  });
});
