import { auditEntry } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import { DEFAULT_TENANT_SETTINGS, SYSTEM_SLUG } from '../tenant/tenant.js';
import type { ApplyDeps } from './apply-deps.js';
import { makeTenant } from './make-tenant.js';

/**
 * Makes the deployment's own tenant, once: the parent of all, whose keys sign audit checkpoints. To be called
 * where only one process can (under the lock of the migrations).
 * @returns whether it was made now
 */
export async function ensureSystemTenant(
  deps: Omit<ApplyDeps, 'access' | 'reviews' | 'standings' | 'owners'>,
): Promise<boolean> {
  if ((await deps.store.find(SYSTEM_SLUG)) !== undefined) return false;
  return deps.store.change(SYSTEM_SLUG, async (unit) => {
    if (unit.current !== undefined) return false;
    const { id, vault } = await makeTenant(deps, unit, {
      slug: SYSTEM_SLUG,
      name: 'Causeway',
      kind: 'system',
      status: 'active',
      parentId: null,
      settings: DEFAULT_TENANT_SETTINGS,
    });
    const actor = { type: 'system', id: 'first-start' } as const;
    const entry = auditEntry({ action: 'tenant.created', actor, target: `tenant:${SYSTEM_SLUG}` });
    deps.audit.append(unit.scope, [recordOf(id, entry, { ids: deps.ids, clock: deps.clock, vault })]);
    return true;
  });
}
