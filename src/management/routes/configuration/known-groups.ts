import { FaultyConfiguration } from '../../../domain/configuration/change-tenant.js';
import type { TenantPlan } from '../../../domain/configuration/plan.js';
import type { GroupListStore } from '../../../domain/group/group-list.js';
import type { ApiCall } from '../../api/call.js';
import type { EntryKind } from './entry-kind.js';

export type FindGroup = Pick<GroupListStore, 'find'>;

/**
 * A kind whose new entries mean groups of the tenant, where they name one by its id: an entry by another id would never
 * mean anybody, and look as if it did. What is in force stays, also when its group was deleted.
 */
export function ofKnownGroups(kind: EntryKind, groups: FindGroup): EntryKind {
  return {
    ...kind,
    async judge(call, plan, current, asked) {
      await kind.judge?.(call, plan, current, asked);
      for (const id of idsOfNew(plan)) {
        // oxlint-disable-next-line no-await-in-loop -- a request makes one entry
        if (!(await isKnownGroup(call, groups, id)))
          throw new FaultyConfiguration([{ path: 'group.scim', message: NO_GROUP }]);
      }
    },
  };
}

export const NO_GROUP = 'is no group of the tenant';

export const isKnownGroup = async (call: ApiCall, groups: FindGroup, id: string): Promise<boolean> =>
  (await groups.find(call.tenant.id, id)) !== undefined;

function idsOfNew({ changes }: TenantPlan): readonly string[] {
  return changes.flatMap(({ action, kind, after }) => {
    if (action === 'delete' || (kind !== 'roleMapping' && kind !== 'grant')) return [];
    const group = after?.['group'];
    const isById = typeof group === 'object' && group !== null && 'scim' in group;
    return isById && typeof group['scim'] === 'string' ? [group['scim']] : [];
  });
}
