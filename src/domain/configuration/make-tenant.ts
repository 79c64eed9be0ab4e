import type { Ids, TenantId } from '../../core/ids.js';
import type { KeyMaker } from '../keys/key-maker.js';
import { signingKeyPlace } from '../keys/sealed-places.js';
import type { SigningKey } from '../keys/signing-key.js';
import type { Vault } from '../keys/vault.js';
import { CONSOLE_ROLES } from '../role/role.js';
import type { ConfigurationChange, NewTenantRecord } from './configuration-store.js';

export interface MakeTenantDeps {
  readonly keys: KeyMaker;
  readonly ids: Ids;
}

/**
 * Algorithms that an issuer can sign with from its first day, so that an application's choice needs no new
 * key.
 */
const ISSUER_ALGS: readonly SigningKey['alg'][] = ['RS256', 'ES256', 'EdDSA'];

/** Makes a tenant's row and what no tenant is without: data key, roles of the console, signing keys. */
export async function makeTenant(
  deps: MakeTenantDeps,
  change: ConfigurationChange,
  record: Omit<NewTenantRecord, 'id' | 'wrappedDataKey'>,
): Promise<{ readonly id: TenantId; readonly vault: Vault }> {
  const id = deps.ids.uuid<TenantId>();
  const wrappedDataKey = deps.keys.createDataKey(id);
  const vault = deps.keys.openVault(id, wrappedDataKey);
  await change.createTenant({ ...record, id, wrappedDataKey });
  for (const role of CONSOLE_ROLES) await change.entries.roles.create({ id: deps.ids.uuid(), ...role });
  for (const alg of ISSUER_ALGS) await addSigningKey(deps, change, vault, { tenantId: id, alg });
  return { id, vault };
}

/** Makes a key that signs at once: for an issuer, or for a connection (`private_key_jwt`). */
export async function addSigningKey(
  deps: MakeTenantDeps,
  change: ConfigurationChange,
  vault: Vault,
  owner: {
    readonly tenantId: TenantId;
    readonly alg: SigningKey['alg'];
    readonly connectionId?: string;
  },
): Promise<void> {
  const { privateJwk, ...fresh } = await deps.keys.createSigningKey(owner.alg);
  await change.addSigningKey({
    ...fresh,
    state: 'current',
    connectionId: owner.connectionId ?? null,
    sealedPrivateJwk: vault.seal(signingKeyPlace(owner.tenantId, fresh.id), JSON.stringify(privateJwk)),
  });
}
