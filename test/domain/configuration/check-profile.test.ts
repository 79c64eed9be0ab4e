import { describe, expect, test } from '@jest/globals';
import type { DesiredApplication } from '../../../src/domain/configuration/desired.js';
import { describeFault } from '../../../src/domain/configuration/fault.js';
import { planTenant } from '../../../src/domain/configuration/plan.js';
import { NO_SECRETS } from '../../../src/domain/configuration/rules.js';
import { InForce } from './in-force.js';

const jwks = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
};
const bank = { clientId: 'bank', profile: 'fapi2', redirectUris: ['https://a.example/cb'], jwks } as const;

function plan(application: DesiredApplication, allowHttpLoopback = true, before?: InForce) {
  const desired = { path: 'tenants[0]', slug: 'acme', applications: [application] };
  return planTenant(before?.configuration, desired, { allowHttpLoopback }, before ?? NO_SECRETS);
}

/** Faults, without the place of the application. */
const faults = (application: DesiredApplication, allowHttpLoopback = true, before?: InForce): string[] =>
  plan(application, allowHttpLoopback, before).faults.map((fault) =>
    describeFault(fault).replace('tenants[0].applications[0].', ''),
  );

describe('an application under FAPI 2.0', () => {
  test('has what the profile demands where the file says nothing', () => {
    const { target } = plan(bank);
    expect(faults(bank, false)).toEqual([]);
    expect(target.applications[0]?.settings).toMatchObject({
      tokenEndpointAuthMethod: 'private_key_jwt',
      idTokenAlg: 'ES256',
      dpop: 'required',
      requirePushedRequests: true,
      requestObjects: 'off',
      signedResponses: false,
    });
  });

  test.each<[string, Partial<DesiredApplication>, string]>([
    [
      'a secret',
      { tokenEndpointAuthMethod: 'client_secret_basic' },
      "tokenEndpointAuthMethod: the profile fapi2 needs 'private_key_jwt'",
    ],
    [
      'no authentication',
      { tokenEndpointAuthMethod: 'none' },
      "tokenEndpointAuthMethod: the profile fapi2 needs 'private_key_jwt'",
    ],
    ['RS256', { idTokenAlg: 'RS256' }, "idTokenAlg: the profile fapi2 needs 'ES256' or 'EdDSA'"],
    [
      'a type that keeps no key',
      { type: 'spa' },
      "type: the profile fapi2 is for applications that keep a key: 'web' or 'service'",
    ],
    ['no keys', { jwks: null }, 'jwks: private_key_jwt needs jwks or jwksUri'],
    [
      'a key for RS256',
      { jwks: { keys: [{ kty: 'RSA', n: 'n', e: 'e', alg: 'RS256' }] } },
      "jwks.keys[0].alg: the profile fapi2 takes 'PS256', 'ES256' or 'EdDSA'",
    ],
    [
      'a hybrid response',
      { responseTypes: ['code', 'code id_token'] },
      "responseTypes: the profile fapi2 has no other than 'code'",
    ],
    [
      'device codes',
      { grantTypes: ['authorization_code', 'device_code'] },
      'grantTypes: the profile fapi2 has neither device_code nor token_exchange',
    ],
    [
      'token exchange',
      { grantTypes: ['authorization_code', 'token_exchange'] },
      'grantTypes: the profile fapi2 has neither device_code nor token_exchange',
    ],
  ])('is refused with %s', (_case, change, fault) => {
    expect(faults({ ...bank, ...change })).toContain(fault);
  });

  test.each(['https://localhost/cb', 'https://127.0.0.1/cb'])(
    'can’t be answered at %s, but by a deployment on loopback',
    (uri) => {
      expect(faults({ ...bank, redirectUris: [uri] }, false)).toEqual([
        'redirectUris[0]: the profile fapi2 takes https only, and no loopback host',
      ]);
      expect(faults({ ...bank, redirectUris: [uri] })).toEqual([]);
    },
  );

  test('that had no profile before is told what it lacks', () => {
    const before = new InForce(
      plan({ clientId: 'bank', redirectUris: bank.redirectUris, clientSecret: 's'.repeat(32) }).target,
    );
    expect(faults({ clientId: 'bank', profile: 'fapi2' }, true, before)).toEqual([
      "tokenEndpointAuthMethod: the profile fapi2 needs 'private_key_jwt'",
      "idTokenAlg: the profile fapi2 needs 'ES256' or 'EdDSA'",
    ]);
  });
});

describe('an application under IPSIE SL1', () => {
  const ipsie = { clientId: 'ipsie', profile: 'ipsie', redirectUris: ['https://a.example/cb'] } as const;

  test('is as others, but for what the profile forbids', () => {
    expect(faults(ipsie, false)).toEqual([]);
    expect(faults({ ...ipsie, responseTypes: ['code id_token'] })).toEqual([
      "responseTypes: the profile ipsie has no other than 'code'",
    ]);
    const native = { ...ipsie, type: 'native', redirectUris: ['http://127.0.0.1/cb'] } as const;
    expect(faults(native, false)).toEqual([
      'redirectUris[0]: the profile ipsie takes https only, and no loopback host',
    ]);
  });
});

test.each(['optional', 'required'] as const)('A-61: %s signed requests need keys', (requestObjects) => {
  const application = { clientId: 'app', redirectUris: ['https://a.example/cb'], requestObjects };
  expect(faults(application)).toEqual([
    'requestObjects: a signed request is verified by its keys: give jwks or jwksUri',
  ]);
  expect(faults({ ...application, jwksUri: 'https://a.example/keys' })).toEqual([]);
});
