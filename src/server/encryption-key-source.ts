import type { EncryptionKey } from '../keys/sealing.js';
import type { Parsed } from './config-values.js';

/** Where the deployment's key-encryption keys come from. */
export type EncryptionKeySource =
  | { readonly kind: 'given'; readonly keys: readonly EncryptionKey[] }
  | { readonly kind: 'file'; readonly path: string }
  /** A file in `DATA_DIR` that is made at the first start: embedded database only. */
  | { readonly kind: 'generated' };

const KEY_BYTES = 32;

/**
 * Reads `id:base64(32 bytes)` pairs, separated by commas; the first encrypts, all decrypt. Faults never quote
 * a key.
 */
export function parseEncryptionKeys(text: string): Parsed<readonly EncryptionKey[]> {
  const keys: EncryptionKey[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const [, id, base64] = /^\s*([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]{1,64}={0,2})\s*$/.exec(part) ?? [];
    if (id === undefined || base64 === undefined)
      return { fault: `key ${index + 1} must be written id:base64, the id of letters, digits, '_' and '-'` };
    const secret = Buffer.from(base64, 'base64');
    if (secret.length !== KEY_BYTES)
      return { fault: `key '${id}' must be ${KEY_BYTES} bytes as base64, it is ${secret.length}` };
    if (keys.some((key) => key.id === id)) return { fault: `the id '${id}' is there twice` };
    keys.push({ id, secret });
  }
  return { value: keys };
}
