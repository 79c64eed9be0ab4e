import { DomainError } from '../../core/errors.js';
import type { TenantId } from '../../core/ids.js';
import { SYSTEM_SLUG } from '../tenant/tenant.js';
import type { ConfigurationChange } from './configuration-store.js';

/**
 * The id of the tenant's parent as it is to be, its place locked until the transaction ends: the plan was
 * made before, and the tree must still have room.
 * @param known the parent's id now; null: `system` has none
 * @throws DomainError `conflict` when the tree has changed meanwhile
 */
export async function parentIdOf(
  change: ConfigurationChange,
  parentSlug: string | null,
  known: TenantId | null,
): Promise<TenantId | null> {
  const { current } = change;
  if (current !== undefined && current.configuration.parentSlug === parentSlug) return known;
  const parent = await change.lockPlace(parentSlug ?? SYSTEM_SLUG);
  if (parent === undefined)
    throw new DomainError('conflict', `there is no tenant '${parentSlug ?? SYSTEM_SLUG}' any more`);
  if (parent.parentSlug !== null)
    throw new DomainError('conflict', `'${parent.slug}' has become a customer meanwhile`);
  if (parentSlug !== null && current !== undefined) {
    const own = await change.lockPlace(current.configuration.tenant.slug);
    if (own?.hasCustomers === true)
      throw new DomainError('conflict', `'${own.slug}' has got customers meanwhile`);
  }
  return parent.id;
}
