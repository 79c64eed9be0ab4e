import { isIP } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { OutboundError } from '../../src/outbound/error.js';
import type { OutboundReason } from '../../src/outbound/error.js';
import { compilePolicy, guardUrl, judgeAll, portOf } from '../../src/outbound/url-guard.js';
import type { OutboundPolicy } from '../../src/outbound/url-guard.js';

const outside = compilePolicy({ privateAddresses: 'refuse', allowHttpLoopback: false });
const loopback = compilePolicy({ privateAddresses: 'allow', allowHttpLoopback: true });
const ranges = compilePolicy({ privateAddresses: ['10.0.0.0/8'], allowHttpLoopback: false, ports: [8443] });

function verdict(url: string, policy: OutboundPolicy, sameOrigin?: string): OutboundReason | 'passes' {
  try {
    guardUrl(url, policy, sameOrigin);
    return 'passes';
  } catch (error) {
    if (error instanceof OutboundError) return error.reason;
    throw error;
  }
}

describe('A-40 on a public deployment', () => {
  test.each<[url: string, reason: OutboundReason | 'passes']>([
    ['https://acme.okta.com', 'passes'],
    ['https://acme.okta.com:443/oauth2/default?x=1', 'passes'],
    ['https://8.8.8.8/', 'passes'],
    ['https://[2606:4700::1111]/', 'passes'],
    ['http://acme.okta.com', 'scheme_refused'],
    ['http://169.254.169.254', 'scheme_refused'],
    ['http://localhost', 'scheme_refused'],
    ['ftp://acme.okta.com', 'scheme_refused'],
    ['file:///etc/passwd', 'scheme_refused'],
    ['gopher://acme.okta.com', 'scheme_refused'],
    ['data:,x', 'scheme_refused'],
    ['javascript:alert(1)', 'scheme_refused'],
    ['https://169.254.169.254', 'address_refused'],
    ['https://localhost', 'address_refused'],
    ['https://LOCALHOST', 'address_refused'],
    ['https://a.b.localhost', 'address_refused'],
    ['https://[::1]', 'address_refused'],
    ['https://[::]', 'address_refused'],
    ['https://0x7f.1', 'address_refused'],
    ['https://0x7f000001', 'address_refused'],
    ['https://2130706433', 'address_refused'],
    ['https://017700000001', 'address_refused'],
    ['https://0177.0.0.1', 'address_refused'],
    ['https://127.1', 'address_refused'],
    ['https://0', 'address_refused'],
    ['https://1２7.0.0.1', 'address_refused'],
    ['https://[::ffff:127.0.0.1]', 'address_refused'],
    ['https://[::ffff:a00:1]', 'address_refused'],
    ['https://[64:ff9b::7f00:1]', 'address_refused'],
    ['https://[fd00::1]', 'address_refused'],
    ['https://[fe80::1]', 'address_refused'],
    ['https://100.64.0.1', 'address_refused'],
    ['https://10.0.0.1', 'address_refused'],
    ['https://user@acme.okta.com', 'url_refused'],
    ['https://acme.okta.com@evil.example', 'url_refused'],
    ['https://:secret@acme.okta.com', 'url_refused'],
    ['https://acme.okta.com:8443', 'url_refused'],
    ['https://acme.okta.com:22', 'url_refused'],
    ['https://acme.okta.com:80', 'url_refused'],
    ['https://acme.okta.com.', 'url_refused'],
    ['https://localhost.', 'url_refused'],
    ['https://', 'url_refused'],
    [`https://${'a'.repeat(254)}`, 'url_refused'],
    ['https://1.2.3.4.5', 'url_refused'],
    ['https://[::1', 'url_refused'],
    ['acme.okta.com', 'url_refused'],
    ['', 'url_refused'],
  ])('%s: %s', (url, reason) => {
    expect(verdict(url, outside)).toBe(reason);
  });
});

describe('on a loopback deployment', () => {
  test.each<[url: string, reason: OutboundReason | 'passes']>([
    ['http://localhost:4001', 'passes'],
    ['http://acme-okta.localhost:4001/oauth2', 'passes'],
    ['http://127.0.0.1:80', 'passes'],
    ['http://[::1]:9', 'passes'],
    ['https://10.0.0.1:8443', 'passes'],
    ['https://acme.okta.com', 'passes'],
    ['http://acme.okta.com', 'scheme_refused'],
    ['http://10.0.0.1', 'scheme_refused'],
    ['http://localhost.evil.example', 'scheme_refused'],
    ['http://evil-localhost', 'scheme_refused'],
    ['https://169.254.169.254', 'address_refused'],
    ['https://0.0.0.0', 'address_refused'],
  ])('%s: %s', (url, reason) => {
    expect(verdict(url, loopback)).toBe(reason);
  });
});

describe('A-44 ports', () => {
  test.each<[url: string, reason: OutboundReason | 'passes']>([
    ['https://8.8.8.8:443', 'passes'],
    ['https://8.8.8.8:8443', 'passes'],
    ['https://8.8.8.8:9443', 'url_refused'],
    ['https://10.0.0.1:9443', 'passes'],
    ['https://inside.example:9443', 'passes'],
  ])('with a range and a port listed, %s: %s', (url, reason) => {
    expect(verdict(url, ranges)).toBe(reason);
  });

  test('a name with a free choice of port must lead inside', () => {
    expect(() => judgeAll('inside.example', ['10.0.0.1'], 9443, ranges)).not.toThrow();
    expect(() => judgeAll('inside.example', ['8.8.8.8'], 443, ranges)).not.toThrow();
    expect(() => judgeAll('inside.example', ['8.8.8.8'], 9443, ranges)).toThrow(/Port 9443/);
    expect(() => judgeAll('inside.example', ['8.8.8.8', '10.0.0.1'], 9443, ranges)).toThrow(/Port 9443/);
  });
});

describe('A-43 the same origin', () => {
  const issuer = 'https://acme.okta.com/oauth2/default';
  test.each<[url: string, reason: OutboundReason | 'passes']>([
    ['https://acme.okta.com/oauth2/v1/keys', 'passes'],
    ['https://ACME.okta.com:443/keys', 'passes'],
    ['https://evil.example/keys', 'foreign_origin'],
    ['https://acme.okta.com.evil.example/keys', 'foreign_origin'],
    ['https://www.acme.okta.com/keys', 'foreign_origin'],
    ['https://169.254.169.254/keys', 'foreign_origin'],
    ['https://acme.okta.com:8443/keys', 'foreign_origin'],
    ['http://acme.okta.com/keys', 'scheme_refused'],
  ])('%s: %s', (url, reason) => {
    expect(verdict(url, outside, issuer)).toBe(reason);
  });
});

test('messages repeat neither path nor query nor credentials', () => {
  const urls = [
    'ftp://h/secret',
    'https://u:secret@h/',
    'https://10.0.0.1/secret?secret',
    'https://h:22/secret',
    'secret',
  ];
  for (const url of urls) expect(() => guardUrl(url, outside)).not.toThrow(/secret/);
});

describe('property: what passes', () => {
  const hosts = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.constantFrom('localhost', 'a.localhost', 'localhost.', '0x7f.1', '127.1', '[::ffff:127.0.0.1]', ''),
    fc.string(),
  );
  const urls = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('https:', 'http:', 'HTTPS:', 'ftp:', 'https', ' https:', 'https:\t'),
        fc.constantFrom('//', '/', '\\\\', '///', ''),
        fc.constantFrom('', 'user@', 'a:b@', '@', '%40', 'x\\@'),
        hosts,
        fc.constantFrom('', ':443', ':80', ':8443', ':0', ':65536', ':x'),
        fc.webPath(),
      )
      .map((parts) => parts.join('')),
    fc.webUrl({ authoritySettings: { withIPv4: true, withIPv6: true, withPort: true, withUserInfo: true } }),
    fc.string(),
  );

  test('outside: https to port 443 of a public host, no credentials, also when judged again', () => {
    fc.assert(
      fc.property(urls, (text) => {
        let url: URL;
        try {
          url = guardUrl(text, outside);
        } catch (error) {
          expect(error).toBeInstanceOf(OutboundError);
          return;
        }
        const host = url.hostname.replace(/^\[|\]$/g, '');
        expect(url.protocol).toBe('https:');
        expect(url.username + url.password).toBe('');
        expect(portOf(url)).toBe(443);
        expect(host).not.toBe('');
        expect(host.endsWith('localhost')).toBe(false);
        if (isIP(host) !== 0) expect(outside.judge(host)).toBe('public');
        expect(guardUrl(url.href, outside).href).toBe(url.href);
      }),
      { numRuns: 2_000 },
    );
  });

  test('anywhere, http leads to loopback only', () => {
    fc.assert(
      fc.property(urls, (text) => {
        if (verdict(text, loopback) !== 'passes') return;
        const url = new URL(text);
        if (url.protocol === 'http:')
          expect(url.hostname).toMatch(/^(?:.+\.)?localhost$|^127\.|^\[::1\]$|^\[::ffff:7f/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('with an origin given, it has that origin', () => {
    const origins = fc.constantFrom('https://a.example', 'https://b.example:443', 'https://c.example:8443');
    fc.assert(
      fc.property(urls, origins, (text, origin) => {
        if (verdict(text, outside, origin) === 'passes')
          expect(new URL(text).origin).toBe(new URL(origin).origin);
      }),
    );
  });
});
