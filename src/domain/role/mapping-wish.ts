import { canonicalJson } from '../../core/json.js';
import type { DesiredTenant } from '../configuration/desired.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { TenantSettings } from '../tenant/tenant.js';
import type { RoleMapping } from './role.js';

/** What a tenant says of mappings, all of it. */
export interface MappingState extends Pick<TenantSettings, 'roleMappingMode' | 'defaultRole' | 'whenNoRole'> {
  readonly roleMappings: readonly RoleMapping[];
}

/** What is wanted: the whole list, or what is to come and to go. What isn't said stays. */
export interface MappingWish extends Partial<MappingState> {
  readonly add?: readonly RoleMapping[];
  readonly remove?: readonly RoleMapping[];
}

/** The difference between two states. */
export interface MappingDifference {
  readonly add: readonly RoleMapping[];
  readonly remove: readonly RoleMapping[];
  readonly settings: Partial<Omit<MappingState, 'roleMappings'>>;
}

export function stateOf({ roleMappings, tenant }: TenantConfiguration): MappingState {
  const { roleMappingMode, defaultRole, whenNoRole } = tenant.settings;
  return { roleMappings, roleMappingMode, defaultRole, whenNoRole };
}

/** A mapping is what it says: two that say the same are one. */
const textOf = ({ group, role, application }: RoleMapping): string =>
  canonicalJson({ group: { ...group }, role, application });

/** One of each, as it is kept. */
const plain = ({ group, role, application }: RoleMapping): RoleMapping => ({ group, role, application });

function without(these: readonly RoleMapping[], others: readonly RoleMapping[]): readonly RoleMapping[] {
  const texts = new Set(others.map(textOf));
  return these.filter((mapping) => !texts.has(textOf(mapping))).map(plain);
}

/** What the wish makes of a state. What is to come and is there already stays once; what is to go may be gone. */
export function wished(state: MappingState, wish: MappingWish): MappingState {
  const { add = [], remove = [], roleMappings = state.roleMappings, ...settings } = wish;
  const kept = without(roleMappings, remove);
  return { ...state, ...settings, roleMappings: [...kept, ...without(add, kept)] };
}

export function difference(before: MappingState, after: MappingState): MappingDifference {
  const { roleMappingMode, defaultRole, whenNoRole } = after;
  return {
    add: without(after.roleMappings, before.roleMappings),
    remove: without(before.roleMappings, after.roleMappings),
    settings: {
      ...(roleMappingMode === before.roleMappingMode ? {} : { roleMappingMode }),
      ...(defaultRole === before.defaultRole ? {} : { defaultRole }),
      ...(whenNoRole === before.whenNoRole ? {} : { whenNoRole }),
    },
  };
}

/** The wish for a difference: done to what is in force then, whatever else changed meanwhile. */
export const wishFor = ({ add, remove, settings }: MappingDifference): MappingWish => ({
  add,
  remove,
  ...settings,
});

export const isNothing = ({ add, remove, settings }: MappingDifference): boolean =>
  add.length === 0 && remove.length === 0 && Object.keys(settings).length === 0;

/** A state as configuration that is wanted, which is planned and checked like a file. */
export const desiredOf = (slug: string, state: MappingState): DesiredTenant => ({ path: '', slug, ...state });
