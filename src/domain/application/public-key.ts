import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { JsonObject } from '../../core/json.js';

/**
 * Members of private and symmetric keys (RFC 7518 section 6): a key set that is shown to us must hold none.
 */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const RSA_BITS_MIN = 2_048;

/** What is wrong with an application's key, and at which of its members. */
export interface KeyFault {
  readonly member?: string;
  readonly message: string;
}

/** Why the JSON Web Key can't verify what an application signs (RFC 7517, RFC 7518), or undefined when it can. */
export function faultOfPublicKey(key: JsonObject): KeyFault | undefined {
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member)))
    return {
      message: 'is a private or symmetric key: give the public one only, and replace this one',
    };
  if (key['kty'] !== 'RSA' && key['kty'] !== 'EC' && key['kty'] !== 'OKP')
    return { member: 'kty', message: 'must be RSA, EC or OKP' };
  const bits = modulusBits(key);
  if (bits === 'unreadable')
    return { message: `is no ${key['kty']} key that can be read (RFC 7518 section 6)` };
  return bits < RSA_BITS_MIN
    ? { member: 'n', message: `must have at least ${RSA_BITS_MIN} bits` }
    : undefined;
}

/** The size of an RSA key; of other kinds the curve says it. */
function modulusBits(key: JsonObject): number | 'unreadable' {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whether it is one is what is asked
  const input = { key: key as unknown as JsonWebKey, format: 'jwk' } as const;
  try {
    return createPublicKey(input).asymmetricKeyDetails?.modulusLength ?? Infinity;
  } catch {
    return 'unreadable';
  }
}
