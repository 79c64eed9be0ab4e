import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { normalizeIssuer } from '../../../src/domain/connection/issuer.js';
import type { IssuerInput, IssuerRules } from '../../../src/domain/connection/issuer.js';

const okta: IssuerRules = { type: 'okta', allowHttpLoopback: false };
const oidc: IssuerRules = { type: 'oidc', allowHttpLoopback: false };
const loopback: IssuerRules = { type: 'okta', allowHttpLoopback: true };

test.each<[typed: IssuerInput, issuer: string, corrections: string[]]>([
  ['https://acme.okta.com', 'https://acme.okta.com', []],
  ['  https://acme.okta.com\n', 'https://acme.okta.com', []],
  ['https://ACME.okta.com:443', 'https://acme.okta.com', []],
  ['acme.okta.com', 'https://acme.okta.com', ['scheme_added']],
  ['https://acme.okta.com/', 'https://acme.okta.com', ['trailing_slash']],
  ['https://acme.okta.com//', 'https://acme.okta.com', ['trailing_slash']],
  ['https://acme-admin.okta.com', 'https://acme.okta.com', ['admin_host']],
  [
    'https://acme-admin.oktapreview.com/admin/apps/active',
    'https://acme.oktapreview.com',
    ['admin_host', 'page_path'],
  ],
  ['acme-admin.okta-emea.com', 'https://acme.okta-emea.com', ['scheme_added', 'admin_host']],
  ['https://login.acme-admin.com', 'https://login.acme-admin.com', []],
  ['https://acme.okta.com/.well-known/openid-configuration', 'https://acme.okta.com', ['wellknown_suffix']],
  [
    'https://acme.okta.com/.well-known/openid-configuration?client_id=0oa1',
    'https://acme.okta.com',
    ['wellknown_suffix'],
  ],
  [
    'https://acme.okta.com/.well-known/oauth-authorization-server',
    'https://acme.okta.com',
    ['wellknown_suffix'],
  ],
  [
    'https://acme.okta.com/.well-known/oauth-authorization-server/oauth2/default',
    'https://acme.okta.com/oauth2/default',
    ['wellknown_suffix'],
  ],
  ['https://acme.okta.com/oauth2/default', 'https://acme.okta.com/oauth2/default', []],
  ['https://acme.okta.com/oauth2/default/', 'https://acme.okta.com/oauth2/default', ['trailing_slash']],
  [
    'https://acme.okta.com/oauth2/aus9o8wzkhckw9TLa0h7z/.well-known/openid-configuration',
    'https://acme.okta.com/oauth2/aus9o8wzkhckw9TLa0h7z',
    ['wellknown_suffix'],
  ],
  ['https://acme.okta.com/oauth2/v1/authorize', 'https://acme.okta.com', ['endpoint_suffix']],
  [
    'https://acme.okta.com/oauth2/default/v1/token',
    'https://acme.okta.com/oauth2/default',
    ['endpoint_suffix'],
  ],
  ['https://acme.okta.com/app/UserHome', 'https://acme.okta.com', ['page_path']],
  [{ domain: 'acme.okta.com' }, 'https://acme.okta.com', ['scheme_added']],
  [
    { domain: 'acme.okta.com', authorizationServer: 'default' },
    'https://acme.okta.com/oauth2/default',
    ['scheme_added'],
  ],
  [
    { domain: 'https://acme.okta.com/', authorizationServer: 'aus1' },
    'https://acme.okta.com/oauth2/aus1',
    [],
  ],
])('an Okta address %j means %s', (typed, issuer, corrections) => {
  expect(normalizeIssuer(typed, okta)).toEqual({ issuer, corrections });
});

test.each<[typed: string, issuer: string, corrections: string[]]>([
  ['https://accounts.google.com', 'https://accounts.google.com', []],
  ['https://acme.eu.auth0.com/', 'https://acme.eu.auth0.com/', []],
  ['https://login.microsoftonline.com/8f3a/v2.0', 'https://login.microsoftonline.com/8f3a/v2.0', []],
  ['https://idp.example/realms/a/', 'https://idp.example/realms/a/', []],
  [
    'https://idp.example/realms/a/.well-known/openid-configuration',
    'https://idp.example/realms/a',
    ['wellknown_suffix'],
  ],
  [
    'https://idp.example/.well-known/oauth-authorization-server/realms/a',
    'https://idp.example/realms/a',
    ['wellknown_suffix'],
  ],
  ['https://acme-admin.okta.com', 'https://acme-admin.okta.com', []],
])('another provider’s address %j means %s', (typed, issuer, corrections) => {
  expect(normalizeIssuer(typed, oidc)).toEqual({ issuer, corrections });
});

test.each<[typed: IssuerInput, fault: string]>([
  ['', 'empty'],
  [{ domain: ' ' }, 'empty'],
  ['http://acme.okta.com', 'http'],
  ['http://localhost:4001', 'http'],
  ['https://user:secret@acme.okta.com', 'credentials'],
  ['https://acme.okta.com@evil.example', 'credentials'],
  ['https://', 'not_an_address'],
  ['ftp://acme.okta.com', 'not_an_address'],
  ['javascript:alert(1)', 'not_an_address'],
  ['https://acme.okta.com.', 'not_an_address'],
  ['https://acme.okta.com\\@evil.example', 'not_an_address'],
  ['https://acme .okta.com', 'not_an_address'],
  [`https://acme.okta.com/${'a'.repeat(2_100)}`, 'not_an_address'],
  [{ domain: 'acme.okta.com', authorizationServer: 'v1' }, 'bad_authorization_server'],
  [{ domain: 'acme.okta.com', authorizationServer: 'default/v1' }, 'bad_authorization_server'],
  [{ domain: 'acme.okta.com', authorizationServer: '../admin' }, 'bad_authorization_server'],
])('%j is no issuer: %s', (typed, fault) => {
  expect(normalizeIssuer(typed, okta)).toEqual({ fault });
});

test('an issuer of another provider has no query', () => {
  expect(normalizeIssuer('https://idp.example/?realm=a', oidc)).toEqual({ fault: 'query' });
  expect(normalizeIssuer('https://idp.example/#a', oidc)).toEqual({ fault: 'query' });
});

test.each([
  'http://localhost:4001',
  'http://acme-okta.localhost:4001',
  'http://127.0.0.1:4001',
  'http://[::1]:4001',
])('on loopback, %s is an issuer', (issuer) =>
  expect(normalizeIssuer(issuer, loopback)).toEqual({ issuer, corrections: [] }),
);

test.each(['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'http://10.0.0.1'])(
  'on loopback, %s is none',
  (typed) => expect(normalizeIssuer(typed, loopback)).toEqual({ fault: 'http' }),
);

describe('whatever is typed', () => {
  const host = fc.domain();
  const path = fc.array(
    fc.constantFrom(
      '/',
      'oauth2',
      'default',
      'v1',
      '.well-known',
      'openid-configuration',
      'a',
      '%2f',
      '..',
      '?x=1',
      '#f',
    ),
    {
      maxLength: 8,
    },
  );
  const typed = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc
      .tuple(fc.constantFrom('', 'https://', 'HTTPS://', 'http://'), host, path)
      .map(([scheme, name, parts]) => scheme + name + parts.join('')),
  );
  const rules = fc.constantFrom(okta, oidc, loopback);

  test('an issuer that comes out goes in again unchanged', () => {
    fc.assert(
      fc.property(typed, rules, (text, rule) => {
        const once = normalizeIssuer(text, rule);
        if ('issuer' in once)
          expect(normalizeIssuer(once.issuer, rule)).toEqual({ issuer: once.issuer, corrections: [] });
      }),
    );
  });

  test('an issuer is https (or loopback), has a host, and neither credentials, query nor fragment', () => {
    fc.assert(
      fc.property(typed, rules, (text, rule) => {
        const result = normalizeIssuer(text, rule);
        if (!('issuer' in result)) return;
        const url = new URL(result.issuer);
        expect(url.protocol === 'https:' || /(^|\.)localhost$|^127\.|^\[::1\]$/.test(url.hostname)).toBe(
          true,
        );
        expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
        expect(result.issuer.startsWith(url.origin)).toBe(true);
        if (rule.type === 'okta')
          expect(result.issuer).toMatch(/^https?:\/\/[^/]+(\/oauth2\/[A-Za-z0-9_-]+)?$/);
      }),
    );
  });

  test('the host is the one that a browser would open', () => {
    fc.assert(
      fc.property(fc.webUrl(), (text) => {
        const result = normalizeIssuer(text.replace(/^http:/, 'https:'), oidc);
        if ('issuer' in result)
          expect(new URL(result.issuer).host).toBe(new URL(text.replace(/^http:/, 'https:')).host);
      }),
    );
  });
});
