import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DomainError } from '../../src/core/errors.js';
import { compileAddressRule, isLoopbackAddress } from '../../src/outbound/address.js';

const refuse = compileAddressRule('refuse');
const allow = compileAddressRule('allow');

describe('A-40 addresses that are not public', () => {
  test.each<[address: string, what: string, allowed: 'private' | 'refused']>([
    ['127.0.0.1', 'loopback', 'private'],
    ['127.255.255.254', 'loopback', 'private'],
    ['::1', 'loopback', 'private'],
    ['10.0.0.1', 'RFC 1918', 'private'],
    ['172.16.0.1', 'RFC 1918', 'private'],
    ['172.31.255.255', 'RFC 1918', 'private'],
    ['192.168.1.1', 'RFC 1918', 'private'],
    ['100.64.0.1', 'shared (CGNAT)', 'private'],
    ['100.127.255.255', 'shared (CGNAT)', 'private'],
    ['fd00::1', 'unique local', 'private'],
    ['fc00::1', 'unique local', 'private'],
    ['::ffff:10.0.0.1', 'IPv4-mapped', 'private'],
    ['::ffff:7f00:1', 'IPv4-mapped, in hexadecimal', 'private'],
    ['0.0.0.0', 'this host', 'refused'],
    ['0.1.2.3', 'this network', 'refused'],
    ['::', 'unspecified', 'refused'],
    ['169.254.169.254', 'link-local: metadata of cloud machines', 'refused'],
    ['::ffff:169.254.169.254', 'link-local, IPv4-mapped', 'refused'],
    ['fe80::1', 'link-local', 'refused'],
    ['fe80::1%eth0', 'link-local with a zone', 'refused'],
    ['fec0::1', 'site-local', 'refused'],
    ['224.0.0.1', 'multicast', 'refused'],
    ['ff02::1', 'multicast', 'refused'],
    ['240.0.0.1', 'reserved', 'refused'],
    ['255.255.255.255', 'broadcast', 'refused'],
    ['192.0.0.8', 'IETF protocol assignments', 'refused'],
    ['192.0.2.1', 'documentation', 'refused'],
    ['198.18.0.1', 'benchmarking', 'refused'],
    ['198.51.100.1', 'documentation', 'refused'],
    ['203.0.113.1', 'documentation', 'refused'],
    ['64:ff9b::7f00:1', 'NAT64 of loopback', 'refused'],
    ['64:ff9b::8.8.8.8', 'NAT64 of a public address', 'refused'],
    ['64:ff9b:1::1', 'NAT64, local use', 'refused'],
    ['2002:7f00:1::', '6to4 of loopback', 'refused'],
    ['2001::1', 'Teredo', 'refused'],
    ['2001:db8::1', 'documentation', 'refused'],
    ['100::1', 'discard', 'refused'],
    ['::127.0.0.1', 'IPv4-compatible', 'refused'],
    ['::ffff:0:127.0.0.1', 'IPv4-translated', 'refused'],
    ['4000::1', 'not handed out', 'refused'],
  ])('%s (%s) is refused; with "allow" it is %s', (address, _what, allowed) => {
    expect(refuse(address)).toBe('refused');
    expect(allow(address)).toBe(allowed);
  });

  test.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '2130706433',
    '1.2.3',
    '1.2.3.4/32',
    '[::1]',
  ])('"%s" is no address', (text) => {
    expect(allow(text)).toBe('refused');
  });
});

test.each(['8.8.8.8', '93.184.216.34', '::ffff:8.8.8.8', '2606:4700::1111', '2a00:1450::1'])(
  '%s is public',
  (address) => {
    expect(refuse(address)).toBe('public');
  },
);

describe('a list of ranges', () => {
  test('permits what it lists and nothing else', () => {
    const rule = compileAddressRule(['10.1.0.0/16', 'fd00:1::/32', '169.254.10.0/24']);
    expect(rule('10.1.2.3')).toBe('private');
    expect(rule('::ffff:10.1.2.3')).toBe('private');
    expect(rule('fd00:1::5')).toBe('private');
    expect(rule('169.254.10.1')).toBe('private');
    expect(rule('10.2.0.1')).toBe('refused');
    expect(rule('127.0.0.1')).toBe('refused');
    expect(rule('169.254.169.254')).toBe('refused');
    expect(rule('8.8.8.8')).toBe('public');
  });

  test('a network with NAT64 lists its prefix; what is behind it is judged by itself', () => {
    const rule = compileAddressRule(['64:ff9b::/96', '2002::/16']);
    expect(rule('64:ff9b::8.8.8.8')).toBe('public');
    expect(rule('64:ff9b::10.0.0.1')).toBe('refused');
    expect(rule('64:ff9b::169.254.169.254')).toBe('refused');
    expect(rule('2002:808:808::1')).toBe('public');
    expect(rule('2002:a00:1::1')).toBe('refused');
  });

  test.each(['10.0.0.0', 'internal', '10.0.0.0/33', ''])('"%s" is refused as a range', (range) => {
    expect(() => compileAddressRule([range])).toThrow(DomainError);
  });
});

test('property: an IPv4 address has one verdict, however IPv6 spells it', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const hex = Buffer.from(address.split('.').map(Number)).toString('hex');
      expect(refuse(`::ffff:${address}`)).toBe(refuse(address));
      expect(refuse(`::ffff:${hex.slice(0, 4)}:${hex.slice(4)}`)).toBe(refuse(address));
      expect(allow(`::ffff:${address}`)).toBe(allow(address));
      expect(refuse(`64:ff9b::${address}`)).toBe('refused');
    }),
  );
});

test('property: no IPv6 address outside 2000::/3 is public, but for IPv4 in disguise', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const global = /^[23][0-9a-f]{3}:/i.test(address);
      const mapped = /ffff/i.test(address);
      expect(refuse(address) === 'public' && !global && !mapped).toBe(false);
    }),
  );
});

test('loopback is 127.0.0.0/8 and ::1', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(isLoopbackAddress)).not.toContain(false);
  expect(['10.0.0.1', '0.0.0.0', '::', 'localhost', '8.8.8.8'].map(isLoopbackAddress)).not.toContain(true);
});
