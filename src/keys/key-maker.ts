import type { Ids } from '../core/ids.js';
import type { JsonObject } from '../core/json.js';
import { WEBHOOK_SECRET_PREFIX } from '../domain/application/webhook-secret.js';
import type { KeyMaker } from '../domain/keys/key-maker.js';
import { sha256 } from './hash.js';
import type { KeyRing } from './sealing.js';
import { createSigningKey, publicJwk, type PrivateJwk, type PublicJwk } from './signing-keys.js';
import { mintToken } from './tokens.js';

/** A JWK is plain JSON, which its type doesn't say. */
const json = (jwk: PrivateJwk | PublicJwk): JsonObject => JSON.parse(JSON.stringify(jwk));

/** What configuration needs of cryptography, over the deployment's key ring. */
export function createKeyMaker(ring: KeyRing, ids: Ids): KeyMaker {
  return {
    createDataKey: (tenantId) => ring.createDataKey(tenantId),
    openVault: (tenantId, wrapped) => ring.openDataKey(tenantId, wrapped),
    async createSigningKey(alg) {
      const id = ids.uuid();
      const privateJwk = await createSigningKey(id, alg);
      return {
        id,
        alg,
        publicJwk: json(publicJwk(privateJwk)),
        privateJwk: json(privateJwk),
      };
    },
    createToken: (kind) => mintToken(kind, ids),
    createSecret: () => ids.secret(32),
    createWebhookSecret: () =>
      `${WEBHOOK_SECRET_PREFIX}${Buffer.from(ids.secret(32), 'base64url').toString('base64')}`,
    hash: sha256,
  };
}
