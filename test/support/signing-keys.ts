import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Ids } from '../../src/core/ids.js';
import type { KeyMaker } from '../../src/domain/keys/key-maker.js';
import { createKeyMaker } from '../../src/keys/key-maker.js';
import type { KeyRing } from '../../src/keys/sealing.js';
import { createSigningKey, publicJwk, type PrivateJwk } from '../../src/keys/signing-keys.js';

/** Where one process of the tests leaves them to the others. */
const VARIABLE = 'TEST_RSA_KEYS';
const PREPARED = 12;

/**
 * Runs before all tests: makes RSA keys, each of which costs a fifth of a second, for all test files to use: none of them
 * knows the keys of another. Where this didn't run, each makes its own.
 */
export async function prepareSigningKeys(): Promise<void> {
  const keys = await Promise.all(Array.from({ length: PREPARED }, () => createSigningKey('', 'RS256')));
  process.env[VARIABLE] = JSON.stringify(keys);
}

let left: PrivateJwk[] | undefined;

/** A key that nobody else in this test file has; undefined when there is none left. */
function takeRsaKey(): PrivateJwk | undefined {
  left ??= JSON.parse(process.env[VARIABLE] ?? '[]') as PrivateJwk[];
  return left.pop();
}

/** What a simulated Okta signs with: its current key and the next one, if they are prepared. */
export function oktaSigningKeys(): readonly KeyObject[] {
  return [takeRsaKey(), takeRsaKey()].flatMap((key) =>
    key === undefined ? [] : [createPrivateKey({ key, format: 'jwk' })],
  );
}

/** Causeway's own, but that its RSA keys were made before, as long as there are any. */
export function testKeyMaker(ring: KeyRing, ids: Ids): KeyMaker {
  const maker = createKeyMaker(ring, ids);
  return {
    ...maker,
    async createSigningKey(alg) {
      const prepared = alg === 'RS256' ? takeRsaKey() : undefined;
      if (prepared === undefined) return maker.createSigningKey(alg);
      const id = ids.uuid();
      const key: PrivateJwk = { ...prepared, kid: id };
      return { id, alg, publicJwk: { ...publicJwk(key) }, privateJwk: { ...key } };
    },
  };
}
