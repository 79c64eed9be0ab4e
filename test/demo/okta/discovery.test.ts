import { describe, expect, test } from '@jest/globals';
import { readJwks } from '../../../demo/okta/jwks.js';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';
import { anOrg, claimsOf, CLIENT_ID, headerOf, jsonOf, signIn } from './support.js';

const get = (address: string) => new HttpBrowser().open(address);

const issuerAt = async (origin: string, query = '') =>
  jsonOf(await get(`${origin}/.well-known/openid-configuration${query}`))['issuer'];

async function listed(url: string, query = ''): Promise<string[]> {
  const { keys } = jsonOf(await get(`${url}/oauth2/v1/keys${query}`));
  return readJwks(keys).map(({ kid }) => kid ?? '');
}

const moduli = async ({ url }: RunningOktaOrg) =>
  readJwks(jsonOf(await get(`${url}/oauth2/v1/keys`))).map(({ n }) => n);

describe('metadata', () => {
  test.each([
    ['/.well-known/openid-configuration', '', '/oauth2'],
    ['/.well-known/oauth-authorization-server', '', '/oauth2'],
    ['/oauth2/default/.well-known/openid-configuration', '/oauth2/default', '/oauth2/default'],
    ['/oauth2/default/.well-known/oauth-authorization-server', '/oauth2/default', '/oauth2/default'],
    ['/.well-known/oauth-authorization-server/oauth2/default', '/oauth2/default', '/oauth2/default'],
  ])('%s', async (path, issuerPath, base) => {
    const { url } = await anOrg();
    const document = jsonOf(await get(url + path));
    expect(document).toMatchObject({
      issuer: url + issuerPath,
      token_endpoint: `${url}${base}/v1/token`,
      jwks_uri: `${url}${base}/v1/keys`,
      pushed_authorization_request_endpoint: `${url}${base}/v1/par`,
      end_session_endpoint: `${url}${base}/v1/logout`,
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });

  test('lists groups at the org server only, and lacks what Okta lacks', async () => {
    const { url } = await anOrg();
    const org = jsonOf(await get(`${url}/.well-known/openid-configuration`));
    const custom = jsonOf(await get(`${url}/oauth2/default/.well-known/openid-configuration`));
    expect(org['scopes_supported']).toContain('groups');
    expect(custom['scopes_supported']).not.toContain('groups');
    for (const absent of [
      'authorization_response_iss_parameter_supported',
      'frontchannel_logout_supported',
      'backchannel_logout_supported',
      'acr_values_supported',
      'prompt_values_supported',
    ]) {
      expect(org).not.toHaveProperty(absent);
    }
  });

  test('an unknown client, authorization server, or org without API Access Management', async () => {
    const { url, org } = await anOrg();
    const client = await get(`${url}/.well-known/openid-configuration?client_id=bogus`);
    expect([client.status, jsonOf(client)]).toMatchObject([
      400,
      { errorCode: 'invalid_client', errorSummary: 'Invalid value for `client_id` parameter.' },
    ]);
    const unknown = await get(`${url}/oauth2/ausnope/.well-known/openid-configuration`);
    expect([unknown.status, jsonOf(unknown)]).toMatchObject([
      404,
      {
        errorCode: 'E0000007',
        errorSummary: 'Not found: Resource not found: ausnope (AuthorizationServer)',
      },
    ]);
    org.settings.apiAccessManagement = false;
    const forbidden = await get(`${url}/oauth2/default/.well-known/openid-configuration`);
    expect([forbidden.status, jsonOf(forbidden)]).toMatchObject([401, { errorCode: 'E0000015' }]);
    expect(jsonOf(forbidden)['errorId']).toMatch(/^oae/);
  });

  test('a custom domain: each client sees the issuer of its own mode', async () => {
    const { url, org } = await anOrg({ customHost: 'login.acme.localhost' });
    const custom = org.customDomain ?? '';
    expect(await issuerAt(url)).toBe(url);
    expect(await issuerAt(custom)).toBe(custom);
    const query = `?client_id=${CLIENT_ID}`;
    expect(await issuerAt(custom, query)).toBe(url);
    org.app(CLIENT_ID).issuerMode = 'CUSTOM_URL';
    expect(await issuerAt(url, query)).toBe(custom);
    org.app(CLIENT_ID).issuerMode = 'DYNAMIC';
    expect(await issuerAt(url, query)).toBe(url);
    expect(await issuerAt(url.replace('localhost', '127.0.0.1'))).toBe(url);
    const okta = { url: custom, issuer: custom, org, stop: () => Promise.resolve() };
    expect(claimsOf((await signIn(okta))['id_token'])['iss']).toBe(custom);
  });
});

describe('keys', () => {
  test('the next key is announced, then signs, while the old one stays listed', async () => {
    const okta = await anOrg();
    const before = await listed(okta.url);
    expect(before).toHaveLength(2);
    expect(headerOf((await signIn(okta))['id_token'])).toEqual({ alg: 'RS256', kid: before[0] });
    await okta.org.keys.rotate();
    expect(headerOf((await signIn(okta))['id_token'])['kid']).toBe(before[1]);
    expect((await listed(okta.url)).toSorted()).toEqual(before.toSorted());
    const next = await okta.org.keys.publishNext();
    expect(await listed(okta.url)).toEqual([before[1], next.kid, before[0]]);
    await okta.org.keys.retirePrevious();
    expect(await listed(okta.url)).toEqual([before[1], next.kid]);
  });

  test('an emergency: a key that nobody saw signs at once, all others are gone', async () => {
    const okta = await anOrg();
    const before = await listed(okta.url);
    const fresh = await okta.org.keys.emergencyRotate();
    expect(before).not.toContain(fresh.kid);
    expect(await listed(okta.url)).toEqual([fresh.kid]);
    expect(headerOf((await signIn(okta))['id_token'])['kid']).toBe(fresh.kid);
  });

  test('may be kept for as long as Okta says', async () => {
    const { url } = await anOrg();
    const page = await get(`${url}/oauth2/v1/keys`);
    expect(page.headers['cache-control']).toBe('max-age=3832304, must-revalidate');
    expect(Object.keys(page.headers)).not.toContain('x-rate-limit-limit');
  });

  test('a client that is pinned to its own key: listed for that client only', async () => {
    const okta = await anOrg({
      apps: [{ label: 'Pinned', clientId: '0oapinned', pinnedKey: true }],
    });
    const [own] = await listed(okta.url, '?client_id=0oapinned');
    expect(await listed(okta.url)).not.toContain(own);
    expect(await listed(okta.url, `?client_id=${CLIENT_ID}`)).toEqual(await listed(okta.url));
    const pinned = okta.org.app(CLIENT_ID);
    pinned.pinnedKeys = okta.org.app('Pinned').pinnedKeys;
    expect(headerOf((await signIn(okta))['id_token'])['kid']).toBe(own);
  });

  test('two orgs never share a key, and a given key is used', async () => {
    const first = await anOrg();
    const second = await anOrg();
    const all = [...(await moduli(first)), ...(await moduli(second))];
    expect(new Set(all).size).toBe(4);
    const { privateKey } = await first.org.keys.current();
    const third = await anOrg({ signingKeys: [privateKey] });
    expect(await moduli(third)).toContain(all[0]);
  });
});
