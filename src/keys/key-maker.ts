import type { Ids } from '../core/ids.js';
import type { JsonObject } from '../core/json.js';
import type { KeyMaker } from '../domain/keys/key-maker.js';
import { sha256 } from './hash.js';
import type { KeyRing } from './sealing.js';
import { createSigningKey, publicJwk } from './signing-keys.js';
import { mintToken } from './tokens.js';

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
        publicJwk: publicJwk(privateJwk) as unknown as JsonObject,
        privateJwk: privateJwk as unknown as JsonObject,
      };
    },
    createToken: (kind) => mintToken(kind, ids),
    createSecret: () => ids.secret(32),
    hash: sha256,
  };
}
