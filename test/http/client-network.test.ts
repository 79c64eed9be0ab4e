import { expect, test } from '@jest/globals';
import { clientNetwork } from '../../src/http/client-network.js';

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['2001:db8:1:2::1', '20010db800010002/64'],
  ['2001:db8:1:2:ffff::1', '20010db800010002/64'],
  ['2001:db8:1:3::1', '20010db800010003/64'],
  ['::1', '0000000000000000/64'],
  ['nonsense', 'unknown'],
  [null, 'unknown'],
])('one subscriber is one network: %s', (ip, network) => {
  expect(clientNetwork(ip)).toBe(network);
});
