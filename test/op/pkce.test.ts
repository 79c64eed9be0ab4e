import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, post, walk, type TestApplication } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

let acme: Acme;
let applications: Readonly<Record<string, TestApplication>>;
/** Ada's browser, signed in: each request is answered at once. */
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme();
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: ['https://app.example/cb'] } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        { ...web, clientId: 'web' },
        { ...web, clientId: 'lax', pkce: 'optional' },
        { ...web, clientId: 'ipsie', profile: 'ipsie' },
        { ...web, clientId: 'hybrid', responseTypes: ['code', 'code id_token'] },
        { clientId: 'spa', type: 'spa', redirectUris: ['https://app.example/cb'] },
        { clientId: 'native', type: 'native', redirectUris: ['https://app.example/cb'] },
      ],
    },
  ]);
  const web2 = { issuer: acme.app.issuer, clientSecret: APP_SECRET, redirectUri: 'https://app.example/cb' };
  const { clientSecret: _none, ...open } = web2;
  applications = {
    web: { ...web2, clientId: 'web' },
    lax: { ...web2, clientId: 'lax' },
    ipsie: { ...web2, clientId: 'ipsie' },
    hybrid: { ...web2, clientId: 'hybrid' },
    spa: { ...open, clientId: 'spa' },
    native: { ...open, clientId: 'native' },
  };
  await walk(browser, the('web'), authorizationRequest(the('web')).url, ADA);
});
afterAll(() => acme.stop());

function the(name: string): TestApplication {
  const application = applications[name];
  if (application === undefined) throw new Error(`no application ${name}`);
  return application;
}

type Params = Readonly<Record<string, string | undefined>>;

async function ask(application: TestApplication, params: Params): Promise<URLSearchParams> {
  const { url } = authorizationRequest(application, params);
  const { end } = await walk(browser, application, url, undefined);
  return new URLSearchParams(`${end?.search.slice(1) ?? ''}&${end?.hash.slice(1) ?? ''}`);
}

const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');

describe('A-49: PKCE (RFC 7636) is for every application', () => {
  const WITHOUT = { code_challenge: undefined, code_challenge_method: undefined };

  test.each(['web', 'ipsie', 'spa', 'native'])('%s gets no code without a challenge', async (name) => {
    const told = await ask(the(name), WITHOUT);
    expect(told.get('code')).toBeNull();
    expect(told.get('error')).toBe('invalid_request');
  });

  test('nor in the hybrid flow', async () => {
    const told = await ask(the('hybrid'), { ...WITHOUT, response_type: 'code id_token' });
    expect([told.get('code'), told.get('id_token'), told.get('error')]).toEqual([
      null,
      null,
      'invalid_request',
    ]);
  });

  test('nor by a pushed request', async () => {
    const { status, body } = await post(the('web'), 'par', {
      client_id: 'web',
      response_type: 'code',
      redirect_uri: 'https://app.example/cb',
      scope: 'openid',
    });
    expect(String(body['error_description'])).toContain('PKCE');
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  test.each<[string, Params]>([
    ['plain', { code_challenge: 'v'.repeat(43), code_challenge_method: 'plain' }],
    ['no method, which means plain', { code_challenge: challenge, code_challenge_method: undefined }],
    ['an unknown method', { code_challenge: challenge, code_challenge_method: 'S512' }],
    ['the method in another case', { code_challenge: challenge, code_challenge_method: 's256' }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['an empty challenge', { code_challenge: '' }],
    ['a short challenge', { code_challenge: 'x'.repeat(42) }],
    ['a long challenge', { code_challenge: 'x'.repeat(129) }],
    ['a challenge with other characters', { code_challenge: `${'x'.repeat(42)}=` }],
  ])('refuses %s', async (_case, params) => {
    const told = await ask(the('web'), params);
    expect([told.get('code'), told.get('error')]).toEqual([null, 'invalid_request']);
  });
});

const redeemWith = async (
  application: TestApplication,
  code: string,
  verifier: string | undefined,
): Promise<unknown[]> => {
  const { status, body } = await post(application, 'token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: application.redirectUri,
    ...(verifier === undefined ? {} : { code_verifier: verifier }),
  });
  return [status, body['error']];
};

describe('A-49: a code is worth nothing without its verifier', () => {
  test.each(['web', 'spa', 'native'])('%s', async (name) => {
    const application = the(name);
    const request = authorizationRequest(application);
    const { end } = await walk(browser, application, request.url, undefined);
    const code = end?.searchParams.get('code') ?? '';
    const wrong: readonly (string | undefined)[] = [
      undefined,
      '',
      randomBytes(32).toString('base64url'),
      request.verifier.toUpperCase(),
      `${request.verifier}x`,
      request.verifier.slice(1),
      request.url.searchParams.get('code_challenge') ?? '',
    ];
    for (const verifier of wrong)
      expect(await redeemWith(application, code, verifier)).toEqual([
        400,
        expect.stringMatching(/^invalid_(?:grant|request)$/),
      ]);
    // None of these attempts has used the code up: whoever lacks the verifier can't spoil it either.
    expect(await redeemWith(application, code, request.verifier)).toEqual([200, undefined]);
  });
});

/** A code for the application that may do without PKCE, and the verifier of the challenge that was sent. */
const codeFor = async (params: Params): Promise<{ readonly code: string; readonly verifier: string }> => {
  const request = authorizationRequest(the('lax'), params);
  const { end } = await walk(browser, the('lax'), request.url, undefined);
  return { code: end?.searchParams.get('code') ?? '', verifier: request.verifier };
};

describe('A-49: an application that may do without PKCE', () => {
  const WITHOUT = { code_challenge: undefined, code_challenge_method: undefined };

  test('redeems a code by its secret alone', async () => {
    const { code } = await codeFor(WITHOUT);
    expect(await redeemWith({ ...the('lax'), clientSecret: 'not-the-secret' }, code, undefined)).toEqual([
      401,
      'invalid_client',
    ]);
    expect(await redeemWith(the('lax'), code, undefined)).toEqual([200, undefined]);
  });

  test('is held to the challenge that it sent', async () => {
    const { code, verifier } = await codeFor({});
    for (const wrong of [undefined, '', randomBytes(32).toString('base64url')])
      expect((await redeemWith(the('lax'), code, wrong))[0]).toBe(400);
    expect(await redeemWith(the('lax'), code, verifier)).toEqual([200, undefined]);
  });

  test('can’t be downgraded: a code without a challenge isn’t redeemed with a verifier', async () => {
    const { code, verifier } = await codeFor(WITHOUT);
    expect(await redeemWith(the('lax'), code, verifier)).toEqual([400, 'invalid_grant']);
  });

  test('may not say plain', async () => {
    const told = await ask(the('lax'), { code_challenge: 'v'.repeat(43), code_challenge_method: 'plain' });
    expect([told.get('code'), told.get('error')]).toEqual([null, 'invalid_request']);
  });

  test.each([
    ['a public one', { type: 'web', tokenEndpointAuthMethod: 'none' }],
    ['a single-page one', { type: 'spa' }],
    ['a native one', { type: 'native' }],
    ['one with a profile', { type: 'web', profile: 'ipsie' }],
    ['one with the hybrid flow', { type: 'web', responseTypes: ['code', 'code id_token'] }],
  ] as const)('is a web application with a secret, not %s', async (_case, application) => {
    const wish = { clientId: 'wish', redirectUris: ['https://app.example/cb'], pkce: 'optional' } as const;
    const applied = acme.causeway.apply([
      { slug: 'other', name: 'Other', applications: [{ ...wish, ...application }] },
    ]);
    await expect(applied).rejects.toThrow(/applications\[0\]\.pkce/);
  });
});
