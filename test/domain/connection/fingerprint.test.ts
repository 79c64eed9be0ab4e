import { expect, test } from '@jest/globals';
import { NEW_CONNECTION_SETTINGS } from '../../../src/domain/configuration/defaults.js';
import type { ConnectionSettings } from '../../../src/domain/connection/connection.js';
import { fingerprintOf } from '../../../src/domain/connection/fingerprint.js';

const settings: ConnectionSettings = { ...NEW_CONNECTION_SETTINGS, clientId: '0oa1' };
const secrets = { clientSecret: 'cw1.n.sealed', secondarySecret: null };
const named = (
  change: Partial<ConnectionSettings> = {},
  issuer = 'https://acme.okta.com',
  sealed = secrets,
) => fingerprintOf({ type: 'okta', issuer, settings: { ...settings, ...change } }, sealed).toString('hex');

test('the same configuration has the same fingerprint, whatever does not matter to a sign-in', () => {
  expect(named()).toMatch(/^[0-9a-f]{64}$/);
  expect(named({ provisioning: 'off', forwardLogout: true, revalidateSeconds: 60 })).toBe(named());
});

test('whatever a sign-in depends on gives another one', () => {
  const others = [
    named({ clientId: '0oa2' }),
    named({ clientAuth: 'client_secret_basic' }),
    named({ scopes: ['openid'] }),
    named({ groupsClaim: 'roles' }),
    named({ groupsFrom: ['userinfo'] }),
    named({ groupSource: 'scim' }),
    named({ join: { claim: 'oid', attribute: 'externalId' } }),
    named({ acrValues: ['urn:okta:loa:2fa:any'] }),
    named({}, 'https://acme.okta.com/oauth2/default'),
    named({}, undefined, { ...secrets, clientSecret: 'cw1.n.other' }),
    fingerprintOf({ type: 'oidc', issuer: 'https://acme.okta.com', settings }, secrets).toString('hex'),
    fingerprintOf(
      { type: 'okta', issuer: 'https://acme.okta.com', settings },
      { clientSecret: null, secondarySecret: secrets.clientSecret },
    ).toString('hex'),
  ];
  expect(new Set([named(), ...others]).size).toBe(others.length + 1);
});

test('a key pair rotates by itself: secrets that are not used do not count', () => {
  const key: Partial<ConnectionSettings> = { clientAuth: 'private_key_jwt' };
  expect(named(key, undefined, { ...secrets, clientSecret: 'cw1.n.other' })).toBe(named(key));
});
