import type { JWK } from 'jose';
import { epochSeconds, FixedClock } from '../core/clock.js';
import type { JsonObject } from '../core/json.js';
import type { CheckpointReader, CheckpointSigner } from '../domain/audit/audit-chain.js';
import { signJwt, type PrivateJwk } from './signing-keys.js';
import { JwtError, verifyJwt } from './verify-jwt.js';

const TYPE = 'causeway-checkpoint+jwt';
const AUDIENCE = 'causeway:audit';
/** A checkpoint is good for ever; JWTs need an end. */
const LIFE_SECONDS = 100 * 365 * 86_400;

const issuerOf = (systemTenantId: string): string => `urn:uuid:${systemTenantId}`;

/** Signs audit checkpoints with the deployment's Ed25519 key. */
export function createCheckpointSigner(systemTenantId: string, key: PrivateJwk): CheckpointSigner {
  return {
    sign(claims, at) {
      const iat = epochSeconds(new FixedClock(at.toISOString()));
      return signJwt(
        key,
        { typ: TYPE },
        {
          iss: issuerOf(systemTenantId),
          aud: AUDIENCE,
          sub: claims.tenantId,
          seq: claims.seq,
          hash: claims.hash,
          iat,
          exp: iat + LIFE_SECONDS,
        },
      );
    },
  };
}

/**
 * Opens audit checkpoints.
 * @param keys public keys of the deployment's tenant, also those that sign no more
 */
export function createCheckpointReader(
  systemTenantId: string,
  keys: readonly JsonObject[],
  now: () => Date,
): CheckpointReader {
  const jwks: readonly JWK[] = JSON.parse(JSON.stringify(keys));
  return {
    async open(signed) {
      try {
        const { claims } = await verifyJwt(signed, {
          purpose: 'audit_checkpoint',
          keys: jwks,
          algorithms: ['EdDSA'],
          issuer: issuerOf(systemTenantId),
          audience: AUDIENCE,
          now: now(),
          clockToleranceSeconds: 60,
        });
        const { sub, seq, hash } = claims;
        if (typeof sub !== 'string' || typeof seq !== 'number' || typeof hash !== 'string') return undefined;
        return { tenantId: sub, seq, hash };
      } catch (error) {
        if (error instanceof JwtError) return undefined;
        throw error;
      }
    },
  };
}
