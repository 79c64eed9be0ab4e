import type { LocalSignIn, Tenant } from '../tenant/tenant.js';
import type { AccountPurpose } from './local-account.js';

/** Where a local account signs in: to the tenant's applications, or to the console. */
export type LocalDoor = 'issuer' | 'console';

/**
 * Whether local accounts of a purpose may come in (F4, F5). `break-glass` lets those accounts alone into applications, and
 * besides them operators into the console; `disabled` nobody. The deployment's own console is always open: without it
 * nobody could mend the rest.
 */
export function admitsLocal(
  { kind, settings }: Pick<Tenant, 'kind' | 'settings'>,
  purpose: AccountPurpose,
  door: LocalDoor,
): boolean {
  if (kind === 'system' && door === 'console') return true;
  if (settings.localSignIn !== 'break-glass') return settings.localSignIn === 'enabled';
  return purpose === 'break-glass' || (purpose === 'operator' && door === 'console');
}

/** Whether there is a door at all: what the page is shown for, without telling who has an account. */
export function offersLocal({ kind, settings }: Pick<Tenant, 'kind' | 'settings'>, door: LocalDoor): boolean {
  return settings.localSignIn !== 'disabled' || (kind === 'system' && door === 'console');
}

/** Whose access a change of the policy ends; undefined: nobody's. */
export function keptOut(
  before: LocalSignIn | undefined,
  after: LocalSignIn,
): 'all' | 'but_break_glass' | undefined {
  if (before === after || before === undefined || after === 'enabled') return undefined;
  if (after === 'disabled') return 'all';
  return before === 'enabled' ? 'but_break_glass' : undefined;
}
