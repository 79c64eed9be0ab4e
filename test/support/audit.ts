import { systemClock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/ids.js';
import { auditEntry } from '../../src/domain/audit/audit-event.js';
import { recordOf, type AuditRecord } from '../../src/domain/audit/audit-record.js';
import type { Vault } from '../../src/domain/keys/vault.js';
import { createCheckpointReader, createCheckpointSigner } from '../../src/keys/audit-checkpoint.js';
import { createSigningKey, publicJwk } from '../../src/keys/signing-keys.js';
import { testIds } from './deployment.js';

/** Seals nothing: for what is not about sealing. */
export const openVault: Vault = {
  seal: (_place, text) => text,
  open: (_place, sealed) => sealed,
};

/** An event of which only the action matters. */
export function anAuditRecord(tenantId: TenantId, action: string, personal = false): AuditRecord {
  const actor = { type: 'operator', id: 'cli:tester' } as const;
  const entry = auditEntry({ action, actor, ...(personal ? { personal: { name: 'Ann' } } : {}) });
  return recordOf(tenantId, entry, { ids: testIds, clock: systemClock, vault: openVault });
}

/** Signs and opens checkpoints of a deployment that has one key. */
export async function checkpointKeys(systemId = 'system') {
  const key = await createSigningKey('k1', 'EdDSA');
  return {
    signer: createCheckpointSigner(systemId, key),
    reader: createCheckpointReader(systemId, [JSON.parse(JSON.stringify(publicJwk(key)))], () =>
      systemClock.now(),
    ),
  };
}
