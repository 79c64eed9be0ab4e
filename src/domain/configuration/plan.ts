import type { Change } from './change.js';
import { secretFaults } from './check-secrets.js';
import { checkTenant } from './check-tenant.js';
import { compareTenant } from './compare.js';
import type { DesiredTenant } from './desired.js';
import type { Fault } from './fault.js';
import { mergeTenant } from './merge-tenant.js';
import type { ConfigurationRules, KnownSecrets } from './rules.js';
import type { TargetTenant } from './target.js';
import type { TenantConfiguration } from './tenant-configuration.js';

/** What a file would change of one tenant. */
export interface TenantPlan {
  readonly target: TargetTenant;
  /**
   * In the order in which they can be made. Empty when the tenant is as the file wants it, and while there
   * are faults.
   */
  readonly changes: readonly Change[];
  readonly faults: readonly Fault[];
}

/**
 * Compares what an operator wants with what is in force. Asks nobody and changes nothing.
 * @param current undefined: the tenant is new
 */
export function planTenant(
  current: TenantConfiguration | undefined,
  desired: DesiredTenant,
  rules: ConfigurationRules,
  secrets: KnownSecrets,
): TenantPlan {
  const { target, faults: missing } = mergeTenant(current, desired, rules);
  const faults = [...missing, ...checkTenant(desired, target, rules), ...secretFaults(desired, secrets)];
  return { target, faults, changes: faults.length > 0 ? [] : compareTenant(current, target, secrets) };
}
