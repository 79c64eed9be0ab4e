import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  chooseConnection,
  connectionForEmail,
  domainOf,
  type Realm,
} from '../../src/broker/choose-connection.js';
import type { Connection } from '../../src/domain/connection/connection.js';

const connection = (key: string) => ({ key }) as Connection;
const realm = (change: Partial<Realm> = {}): Realm => ({
  connections: [connection('okta'), connection('entra')],
  domains: [
    { name: 'acme.example', verified: true, connection: 'entra' },
    { name: 'unproven.example', verified: false, connection: 'entra' },
  ],
  signInDefault: null,
  ...change,
});
const keyOf = (choice: ReturnType<typeof chooseConnection>) =>
  choice.kind === 'connection' ? choice.connection.key : choice.kind;

const hint = (email: string): string | undefined => {
  const choice = chooseConnection(realm({ signInDefault: 'okta' }), { email });
  return choice.kind === 'connection' ? choice.loginHint : undefined;
};

describe('where a person signs in', () => {
  test.each([
    ['the connection that was named', { connection: 'okta', email: 'a@acme.example' }, {}, 'okta'],
    ['nowhere, when an unknown one was named', { connection: 'nope' }, {}, 'none'],
    ['the verified domain of the hint', { email: 'ada@acme.example' }, {}, 'entra'],
    [
      'the verified domain, before the default',
      { email: 'ada@acme.example' },
      { signInDefault: 'okta' },
      'entra',
    ],
    ['the domain hint', { domain: 'acme.example' }, {}, 'entra'],
    [
      'A-12 not by a domain that isn’t verified',
      { email: 'ada@unproven.example' },
      { signInDefault: 'okta' },
      'okta',
    ],
    ['the only connection', {}, { connections: [connection('okta')] }, 'okta'],
    ['the default', {}, { signInDefault: 'okta' }, 'okta'],
    ['the chooser, when it is the default', {}, { signInDefault: 'chooser' }, 'choose'],
    ['the page that asks, when domains can decide', {}, {}, 'ask'],
    ['the chooser, when no domain can', {}, { domains: [] }, 'choose'],
    ['nowhere without a connection', {}, { connections: [] }, 'none'],
    ['a local account without a connection', {}, { connections: [], offersLocal: true }, 'local'],
    [
      'nowhere without a connection that was named, local accounts or not',
      { connection: 'okta' },
      { connections: [], offersLocal: true },
      'none',
    ],
    [
      'the chooser, where local accounts are a second way',
      {},
      { connections: [connection('okta')], domains: [], offersLocal: true },
      'choose',
    ],
    [
      'the default, where local accounts are a second way',
      {},
      { connections: [connection('okta')], signInDefault: 'okta', offersLocal: true },
      'okta',
    ],
  ])('%s', (_what, hints, change, expected) => {
    expect(keyOf(chooseConnection(realm(change), hints))).toBe(expected);
  });

  test('A-37 an address goes on to the upstream only when its domain is verified for the tenant', () => {
    expect(hint('ada@acme.example')).toBe('ada@acme.example');
    expect(hint('ada@unproven.example')).toBeUndefined();
    expect(hint('ada@elsewhere.example')).toBeUndefined();
    expect(hint('00u123')).toBeUndefined();
  });

  test('A-110 every address of a domain leads to the same place, known or not', () => {
    expect(connectionForEmail(realm(), 'nobody@acme.example')).toMatchObject({
      connection: { key: 'entra' },
    });
    expect(connectionForEmail(realm(), 'ada@elsewhere.example')).toBeUndefined();
  });
});

describe('the domain of an address', () => {
  test.each([
    ['ada@acme.example', 'acme.example'],
    ['ada+tag@Acme.Example', 'acme.example'],
    ['ada@bücher.example', 'xn--bcher-kva.example'],
  ])('%s: %s', (email, domain) => {
    expect(domainOf(email)).toBe(domain);
  });

  test.each([
    'attacker@evil.com@acme.example',
    '"a@b"@acme.example',
    'a@acme.example,b@evil.example',
    'a@acme.example.',
    'a@.acme.example',
    'a@acme..example',
    'a@localhost',
    'acme.example',
    '@acme.example',
    'a@',
    'a b@acme.example',
    'a@acme.example\n',
    '',
  ])('A-11 %j has none', (email) => {
    expect(domainOf(email)).toBeUndefined();
  });

  test('A-11 never more than what follows the only @', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const domain = domainOf(text);
        if (domain !== undefined) expect(text.split('@')).toHaveLength(2);
      }),
    );
  });
});
