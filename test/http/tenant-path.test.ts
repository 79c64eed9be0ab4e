import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTenantPath } from '../../src/http/tenant-path.js';

test.each([
  ['/t/acme/oauth2/v1/token', 'acme', '/oauth2/v1/token'],
  ['/t/acme/.well-known/openid-configuration', 'acme', '/.well-known/openid-configuration'],
  ['/t/a-1/callback/okta', 'a-1', '/callback/okta'],
])('%s is a path of tenant %s', (path, slug, rest) => {
  expect(parseTenantPath(path)).toEqual({ slug, rest });
});

test.each([
  '/t/acme',
  '/t/acme/',
  '/t/A/oauth2/v1/token',
  '/t/acme/../globex/oauth2/v1/token',
  '/t/acme/./token',
  '/t/acme%2f..%2fglobex/token',
  '/t/acme/%2e%2e/token',
  '//t//acme/token',
  '/t/acme//token',
  '/t/acme;x=1/token',
  '/t/acme/token;x.css',
  '/T/acme/token',
  '/tacme/token',
  '/t/ac_me/token',
  '/t/acme/token\u0000',
])('A-75 A-78 %j is nobody’s path', (path) => {
  expect(parseTenantPath(path)).toBeUndefined();
});

test('A-81 the tenant is the whole segment, whatever follows', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9-]{1,40}$/),
      fc.stringMatching(/^\/[a-z]{1,10}$/),
      (slug, rest) => {
        expect(parseTenantPath(`/t/${slug}${rest}`)).toEqual({ slug, rest });
      },
    ),
  );
});
