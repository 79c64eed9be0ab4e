import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
  randomFillSync,
  type KeyObject,
} from 'node:crypto';
import type { SealedPlace, Vault } from '../domain/keys/vault.js';
import { poolRandom } from './random-pool.js';

/** One key-encryption key of the deployment (`ENCRYPTION_KEYS`): an id and 32 bytes. */
export interface EncryptionKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** A tenant's data key as stored: sealed by a key-encryption key. */
export type WrappedDataKey = string;

/** A sealed value or data key that does not open: wrong key, wrong place, or altered. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const FORMAT = 'cw1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const LENGTH_BYTES = 4;

/** Additional data: every part with its length before it, so that no two lists of parts give the same bytes. */
function additionalData(parts: readonly string[]): Buffer {
  const bytes = Buffer.alloc(parts.reduce((size, part) => size + LENGTH_BYTES + Buffer.byteLength(part), 0));
  let at = 0;
  for (const part of parts) {
    const length = bytes.write(part, at + LENGTH_BYTES);
    bytes.writeUInt32BE(length, at);
    at += LENGTH_BYTES + length;
  }
  return bytes;
}

const randomNonce = poolRandom(randomFillSync);

function encrypt(key: KeyObject, plain: Uint8Array, bound: readonly string[]): string {
  const nonce = randomNonce(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(additionalData([FORMAT, ...bound]));
  const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${Buffer.from(nonce).toString('base64url')}.${body.toString('base64url')}`;
}

function decrypt(key: KeyObject, nonceText: string, bodyText: string, bound: readonly string[]): Buffer {
  const nonce = Buffer.from(nonceText, 'base64url');
  const body = Buffer.from(bodyText, 'base64url');
  if (nonce.length !== NONCE_BYTES || body.length < TAG_BYTES)
    throw new SealError('sealed value is malformed');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(additionalData([FORMAT, ...bound]));
  decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealError('sealed value does not open: wrong key, wrong place, or altered', { cause });
  }
}

/**
 * The deployment's key ring: the first key encrypts, all decrypt. Envelope encryption: a key of the ring seals a
 * tenant's data key, the data key seals the tenant's values with AES-256-GCM (NIST SP 800-38D).
 */
export class KeyRing {
  readonly #keys: readonly EncryptionKey[];
  readonly #first: EncryptionKey;

  /** @throws TypeError when there is no key, an id is used twice, or a key is not 32 bytes. */
  constructor(keys: readonly EncryptionKey[]) {
    const [first] = keys;
    if (first === undefined) throw new TypeError('a key ring needs at least one key');
    if (new Set(keys.map((key) => key.id)).size !== keys.length)
      throw new TypeError('a key id is used twice');
    if (keys.some((key) => key.secret.length !== KEY_BYTES)) throw new TypeError('a key is not 32 bytes');
    this.#keys = keys;
    this.#first = first;
  }

  /** Makes a data key for a tenant, sealed by the ring's first key. */
  createDataKey(tenantId: string): WrappedDataKey {
    return this.#wrap(tenantId, randomBytes(KEY_BYTES));
  }

  /** @throws SealError when the ring has not the key that sealed it, or it was sealed for another tenant. */
  openDataKey(tenantId: string, wrapped: WrappedDataKey): DataKey {
    return new DataKey(tenantId, this.#unwrap(tenantId, wrapped).secret);
  }

  /** How every data key begins that the ring's first key has sealed. */
  get firstPrefix(): string {
    return `${FORMAT}.${this.#first.id}.`;
  }

  /**
   * The same data key, sealed by the ring's first key (F-17).
   * @throws SealError as `openDataKey` does
   */
  rewrap(tenantId: string, wrapped: WrappedDataKey): WrappedDataKey {
    const { keyId, secret } = this.#unwrap(tenantId, wrapped);
    return keyId === this.#first.id ? wrapped : this.#wrap(tenantId, secret);
  }

  #unwrap(tenantId: string, wrapped: WrappedDataKey): { readonly keyId: string; readonly secret: Buffer } {
    const [format, keyId, nonce, body, ...rest] = wrapped.split('.');
    if (
      format !== FORMAT ||
      keyId === undefined ||
      nonce === undefined ||
      body === undefined ||
      rest.length > 0
    )
      throw new SealError('data key is malformed');
    const key = this.#keys.find((candidate) => candidate.id === keyId);
    if (key === undefined)
      throw new SealError(`data key was sealed by key '${keyId}', which ENCRYPTION_KEYS lacks`);
    return {
      keyId,
      secret: decrypt(createSecretKey(key.secret), nonce, body, ['data-key', keyId, tenantId]),
    };
  }

  #wrap(tenantId: string, secret: Uint8Array): WrappedDataKey {
    const { id, secret: key } = this.#first;
    return `${FORMAT}.${id}.${encrypt(createSecretKey(key), secret, ['data-key', id, tenantId])}`;
  }
}

/** A tenant's open data key: seals and opens its values. */
export class DataKey implements Vault {
  readonly #tenantId: string;
  readonly #secret: KeyObject;

  constructor(tenantId: string, secret: Uint8Array) {
    this.#tenantId = tenantId;
    this.#secret = createSecretKey(secret);
  }

  /** @throws TypeError when the place belongs to another tenant. */
  seal(place: SealedPlace, text: string): string {
    return `${FORMAT}.${encrypt(this.#secret, Buffer.from(text, 'utf8'), this.#bound(place))}`;
  }

  /** @throws SealError when it was sealed for another place or altered. */
  open(place: SealedPlace, sealed: string): string {
    const [format, nonce, body, ...rest] = sealed.split('.');
    if (format !== FORMAT || nonce === undefined || body === undefined || rest.length > 0)
      throw new SealError('sealed value is malformed');
    return decrypt(this.#secret, nonce, body, this.#bound(place)).toString('utf8');
  }

  /** A key of 32 bytes for one purpose (HKDF, RFC 5869): the same on every node, and no other purpose's. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, this.#tenantId, `${FORMAT}|${purpose}`, KEY_BYTES));
  }

  #bound(place: SealedPlace): readonly string[] {
    if (place.tenantId !== this.#tenantId)
      throw new TypeError("a data key seals its own tenant's values only");
    return ['value', place.tenantId, place.table, place.column, place.row];
  }
}
