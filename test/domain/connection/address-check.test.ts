import { expect, test } from '@jest/globals';
import { plainText } from '../../../src/core/text.js';
import { checkAddress } from '../../../src/domain/connection/testing/address-check.js';

const connection = { type: 'okta', issuer: 'https://acme.okta.com' } as const;
const check = (typed: string) => checkAddress(typed, connection, { allowHttpLoopback: false });

test.each([
  ['acme.okta.com', 'passed', undefined],
  ['https://acme-admin.okta.com/admin/dashboard', 'passed', 'admin_host'],
  ['https://acme.okta.com/.well-known/openid-configuration', 'passed', 'wellknown_suffix'],
  ['https://acme.okta.com/oauth2/v1/authorize', 'passed', 'address_shortened'],
  ['https://acme.okta.com/', 'passed', 'trailing_slash'],
  ['http://acme.okta.com', 'failed', 'http'],
  ['mailto:ada@acme.example', 'failed', 'metadata_invalid'],
  ['https://acme.oktapreview.com', 'warning', 'issuer_mismatch'],
])('A17 %s is told as %s, %s', (typed, status, cause) => {
  expect(check(typed)).toMatchObject({ id: 'address', status });
  expect(check(typed).cause).toBe(cause);
});

test('A-35 what was typed is told as plain text', () => {
  const { seen } = check('ht\u202etp://x\u0007');
  expect(seen).toBe(plainText(seen));
});
