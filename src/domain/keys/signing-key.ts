import type { JsonObject } from '../../core/json.js';

/**
 * A signing key's life: `next` is published and doesn't sign yet; `current` signs; `retiring` is published until the
 * last token that it signed has expired; `retired` is published no more (B16).
 */
export type SigningKeyState = 'next' | 'current' | 'retiring' | 'retired';

/** A key of a tenant's issuer, or of a connection that authenticates upstream by `private_key_jwt`. */
export interface SigningKey {
  /** The key's id, `kid`. */
  readonly id: string;
  readonly alg: 'RS256' | 'ES256' | 'EdDSA';
  readonly state: SigningKeyState;
  /** null: the tenant's issuer signs with it; else the connection's id. */
  readonly connectionId: string | null;
  /** Public JWK (RFC 7517). */
  readonly publicJwk: JsonObject;
  /** Private JWK as JSON, sealed. */
  readonly sealedPrivateJwk: string;
}

export const PUBLISHED_STATES: readonly SigningKeyState[] = ['next', 'current', 'retiring'];
