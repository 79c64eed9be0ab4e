import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { AppSeed } from '../../../demo/okta/apps.js';
import { HttpBrowser, type Page } from '../../support/okta-sign-in.js';
import { anOrg, assertion, ASSERTION_TYPE, claimsOf, clientKey, jsonOf, post } from './support.js';

async function service(seed: Partial<AppSeed> = {}) {
  const key = await clientKey('svc');
  const okta = await anOrg({
    apps: [
      {
        label: 'Groups reader',
        clientId: '0oasvc',
        type: 'service',
        jwks: [key.publicJwk],
        grantedScopes: ['okta.groups.read'],
        ...seed,
      },
    ],
  });
  const ask = async (scope: string, base = '/oauth2', headers = {}): Promise<Page> => {
    const url = `${okta.url}${base}/v1/token`;
    const jwt = await assertion(key, url, { iss: '0oasvc', sub: '0oasvc' });
    return post(
      url,
      {
        grant_type: 'client_credentials',
        scope,
        client_assertion: jwt,
        client_assertion_type: ASSERTION_TYPE,
      },
      headers,
    );
  };
  return { okta, ask };
}

describe('client_credentials', () => {
  test('granted scopes, refused scopes, none', async () => {
    const { okta, ask } = await service();
    expect(jsonOf(await ask('okta.groups.read'))).toMatchObject({
      token_type: 'Bearer',
      scope: 'okta.groups.read',
    });
    expect(jsonOf(await ask('okta.users.read'))).toEqual({
      error: 'invalid_scope',
      error_description: 'You are not allowed any of the requested scopes.',
    });
    // A person's groups are a resource of users.
    const reader = String(jsonOf(await ask('okta.groups.read'))['access_token']);
    const headers = { Authorization: `Bearer ${reader}` };
    const page = await new HttpBrowser().open(`${okta.url}/api/v1/users/00u1/groups`, { headers });
    expect([page.status, jsonOf(page)['errorCode']]).toEqual([403, 'E0000006']);
    expect(page.headers['www-authenticate']).toContain('scope="okta.users.read"');
    expect(jsonOf(await ask(''))['error_description']).toBe('No scopes were requested.');
  });

  test('at the org server only with a key; at a custom one for its own scopes', async () => {
    const { okta, ask } = await service();
    okta.org.customServers.get('default')?.scopes.push({ name: 'orders', published: false });
    expect(claimsOf(jsonOf(await ask('orders', '/oauth2/default'))['access_token'])).toMatchObject({
      sub: '0oasvc',
      scp: ['orders'],
    });
    const app = okta.org.app('0oasvc');
    app.authMethod = 'client_secret_post';
    okta.org.addSecret('0oasvc', 'svc-secret');
    const form = {
      grant_type: 'client_credentials',
      scope: 'okta.groups.read',
      client_id: '0oasvc',
      client_secret: 'svc-secret',
    };
    expect(jsonOf(await post(`${okta.url}/oauth2/v1/token`, form))['error_description']).toMatch(
      /must use the private_key_jwt/,
    );
  });

  test('DPoP: proof, nonce, bound token', async () => {
    const { okta, ask } = await service({ dpopBound: true, adminRole: 'READ_ONLY_ADMIN' });
    expect(jsonOf(await ask('okta.groups.read'))).toEqual({
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof JWT header is missing.',
    });
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const proof = (htm: string, htu: string, claims: Readonly<Record<string, unknown>>) =>
      new SignJWT({ htm, htu, jti: String(Math.random()), ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey);
    const tokenUrl = `${okta.url}/oauth2/v1/token`;
    const first = await ask('okta.groups.read', '/oauth2', { DPoP: await proof('POST', tokenUrl, {}) });
    expect([first.status, jsonOf(first)['error']]).toEqual([400, 'use_dpop_nonce']);
    const nonce = first.headers['dpop-nonce'];
    const answer = jsonOf(
      await ask('okta.groups.read', '/oauth2', { DPoP: await proof('POST', tokenUrl, { nonce }) }),
    );
    expect(answer['token_type']).toBe('DPoP');
    const token = String(answer['access_token']);
    expect(claimsOf(token)['cnf']).toEqual({ jkt: await calculateJwkThumbprint(jwk) });
    const api = `${okta.url}/api/v1/groups`;
    const ath = createHash('sha256').update(token).digest('base64url');
    const headers = { Authorization: `DPoP ${token}`, DPoP: await proof('GET', api, { ath }) };
    expect((await new HttpBrowser().open(api, { headers })).status).toBe(200);
    expect(
      (await new HttpBrowser().open(api, { headers: { Authorization: `Bearer ${token}` } })).status,
    ).toBe(401);
  });
});
