import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createIds } from '../../src/core/ids.js';
import { matchesHash, sha256 } from '../../src/keys/hash.js';
import { mintToken, readToken, type TokenKind } from '../../src/keys/tokens.js';

const ids = createIds(randomBytes, () => Date.now());

test.each<TokenKind>(['scim', 'api', 'iat', 'setup'])(
  'a %s token tells its kind and id, and nothing keeps its value',
  (kind) => {
    const { token, id, hash } = mintToken(kind, ids);
    expect(token).toMatch(new RegExp(`^cw_${kind}_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$`));
    expect(readToken(token)).toEqual({ kind, id });
    expect(hash.equals(sha256(token))).toBe(true);
    expect(matchesHash(token, hash)).toBe(true);
    expect(matchesHash(`${token}x`, hash)).toBe(false);
  },
);

test('a typing mistake is found without asking anybody', () => {
  const { token } = mintToken('api', ids);
  fc.assert(
    fc.property(
      fc.integer({ min: 7, max: token.length - 1 }),
      fc.constantFrom(...'0123456789abcdef'.split('')),
      (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        if (changed !== token) expect(readToken(changed)).toBeUndefined();
      },
    ),
  );
});

test('A-111 tokens are never guessed from each other: 256 random bits', () => {
  const secrets = Array.from({ length: 200 }, () => mintToken('api', ids).token.split('_')[3]);
  expect(new Set(secrets).size).toBe(200);
  expect(secrets[0]).toHaveLength(64);
});
