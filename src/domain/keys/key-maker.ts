import type { JsonObject } from '../../core/json.js';
import type { SigningKey } from './signing-key.js';
import type { Vault } from './vault.js';

/** A signing key before it is sealed. */
export interface FreshSigningKey extends Pick<SigningKey, 'id' | 'alg' | 'publicJwk'> {
  readonly privateJwk: JsonObject;
}

/** A token of ours: shown once, kept as its hash. */
export interface FreshToken {
  readonly token: string;
  readonly id: string;
  readonly hash: Uint8Array;
}

/** All that configuration needs of cryptography. Implemented by `keys`. */
export interface KeyMaker {
  /** A data key for a new tenant, sealed by a key of the deployment. */
  createDataKey(tenantId: string): string;
  /** @throws Error when no key of the deployment opens it. */
  openVault(tenantId: string, wrappedDataKey: string): Vault;
  createSigningKey(alg: SigningKey['alg']): Promise<FreshSigningKey>;
  createToken(kind: 'scim' | 'api' | 'iat' | 'rat' | 'setup'): FreshToken;
  /** A client secret of 256 random bits. */
  createSecret(): string;
  /** A secret for signing webhooks: `whsec_` and 256 random bits in base64 (Standard Webhooks). */
  createWebhookSecret(): string;
  /** The hash under which a bearer value is kept. */
  hash(secret: string): Uint8Array;
}
