import type { DesiredTenant } from './desired.js';
import type { FaultList } from './fault.js';
import type { Paths } from './paths.js';
import type { ConfigurationRules } from './rules.js';
import type { TargetTenant } from './target.js';

/** What is checked of one tenant: what it is to be, and which parts of that the file speaks of. */
export interface TenantCheck {
  readonly desired: DesiredTenant;
  readonly target: TargetTenant;
  readonly paths: Paths;
  readonly rules: ConfigurationRules;
  readonly list: FaultList;
}
