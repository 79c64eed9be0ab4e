import { describe, expect, test } from '@jest/globals';
import { clientAddress, type TrustedProxies } from '../../src/http/request-origin.js';

const none: TrustedProxies = { kind: 'none' };
const hops = (count: number): TrustedProxies => ({ kind: 'hops', count });
const networks = (...cidrs: string[]): TrustedProxies => ({ kind: 'networks', cidrs });

describe('the address of who asks', () => {
  test.each<[string, string, string, TrustedProxies, string | null]>([
    ['nobody is trusted', '203.0.113.9', '198.51.100.1', none, '203.0.113.9'],
    ['an IPv4 address in IPv6 is the IPv4 address', '::ffff:203.0.113.9', '', none, '203.0.113.9'],
    ['one hop', '10.0.0.1', '198.51.100.1', hops(1), '198.51.100.1'],
    ['one hop, a forged first entry', '10.0.0.1', '6.6.6.6, 198.51.100.1', hops(1), '198.51.100.1'],
    ['two hops', '10.0.0.1', '6.6.6.6, 198.51.100.1, 10.0.0.2', hops(2), '198.51.100.1'],
    [
      'a trusted network',
      '10.0.0.1',
      '6.6.6.6, 198.51.100.1, 10.0.0.2',
      networks('10.0.0.0/8'),
      '198.51.100.1',
    ],
    ['a peer outside of it', '203.0.113.9', '198.51.100.1', networks('10.0.0.0/8'), '203.0.113.9'],
    ['an entry that is no address', '10.0.0.1', 'unknown', hops(1), '10.0.0.1'],
    ['no header', '10.0.0.1', '', hops(1), '10.0.0.1'],
    ['no peer', '', '198.51.100.1', hops(1), null],
  ])('A-77 A-108 %s', (_what, peer, header, trusted, expected) => {
    expect(clientAddress(peer, header, trusted)).toBe(expected);
  });
});
