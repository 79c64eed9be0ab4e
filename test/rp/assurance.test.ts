import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { classesToAsk, meetsAssurance } from '../../src/rp/assurance.js';

const ONE = 'urn:okta:loa:1fa:any';
const PASSWORD = 'urn:okta:loa:1fa:pwd';
const TWO = 'urn:okta:loa:2fa:any';
const TWO_IF_POSSIBLE = 'urn:okta:loa:2fa:any:ifpossible';

test.each<[asked: string[], acr: string | undefined, amr: string[] | undefined, met: boolean]>([
  [[], undefined, undefined, true],
  [[TWO], TWO, undefined, true],
  [[TWO], ONE, ['pwd'], false],
  [[TWO], undefined, undefined, false],
  [[TWO], undefined, ['mfa'], true],
  [[TWO], ONE, ['pwd', 'otp'], true],
  [[TWO], ONE, ['pwd', 'kba', 'pin'], false],
  [[TWO], ONE, ['sms', 'email', 'okta_verify', 'swk'], false],
  [[TWO], ONE, ['hwk', 'fpt'], true],
  [[TWO], ONE, ['pwd', 'constructor', '__proto__', 'toString'], false],
  [[TWO], ONE, ['pwd', 'user', 'geo', 'rba', 'wia'], false],
  [[TWO], `${TWO} `, ['pwd'], false],
  [[TWO], TWO.toUpperCase(), ['pwd'], false],
  [[ONE], undefined, undefined, true],
  [[PASSWORD], ONE, ['swk'], false],
  [[PASSWORD], ONE, ['pwd'], true],
  [[TWO_IF_POSSIBLE], ONE, ['pwd'], true],
  [['phr'], 'phr', undefined, true],
  [['phr'], 'phrh', undefined, true],
  [['phr'], TWO, ['pwd', 'okta_verify', 'swk', 'mfa'], false],
  [['phr'], TWO, ['hwk', 'pwd', 'mfa'], false],
  [['phr'], TWO, ['pop'], true],
  [['phr'], TWO, ['okta_verify', 'phr'], true],
  [['phrh'], 'phr', ['swk'], false],
  [['phrh'], 'phr', ['pop', 'hwk'], true],
  [['phrh'], TWO, ['hwk', 'pwd'], false],
  [['phrh', TWO], TWO, ['pwd'], true],
  [['https://refeds.org/profile/mfa'], 'https://refeds.org/profile/mfa', undefined, true],
  [['https://refeds.org/profile/mfa'], undefined, ['mfa'], false],
  [['constructor'], 'x', ['constructor'], false],
])('A-32 asked %j, got acr %s amr %j: %s', (asked, acr, amr, met) => {
  expect(meetsAssurance(asked, { acr, amr })).toBe(met);
});

test.each<[demanded: string[], always: string[], asked: string[]]>([
  [[], [], []],
  [[], [TWO], [TWO]],
  [['phr'], [], ['phr']],
  [[ONE], [TWO], [TWO]],
  [['phr', 'phrh'], ['phrh'], ['phrh']],
  [[TWO], ['phr'], [TWO, 'phr']],
  [['a'], ['b'], ['a', 'b']],
])('the application demands %j, the connection %j: %j is asked', (demanded, always, asked) => {
  expect(classesToAsk(demanded, always)).toEqual(asked);
});

test('a class that was not reached is never met by a shorter amr', () => {
  const methods = fc.subarray(['pwd', 'otp', 'sms', 'hwk', 'swk', 'pop', 'phr', 'fpt', 'mfa', 'kba', 'user']);
  fc.assert(
    fc.property(methods, methods, fc.constantFrom(TWO, PASSWORD, 'phr', 'phrh'), (few, more, asked) => {
      const less = meetsAssurance([asked], { acr: undefined, amr: few });
      if (less) expect(meetsAssurance([asked], { acr: undefined, amr: [...few, ...more] })).toBe(true);
    }),
  );
});
