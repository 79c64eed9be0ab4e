import { describeGroup, type RoleMapping } from '../role/role.js';
import type { TenantCheck } from './tenant-check.js';
import { roleMappingView } from './views.js';

/** Where roles of the console count: nowhere else. */
const CONSOLE = Symbol('console');
type Place = string | null | typeof CONSOLE;

const placeOf = ({ role, application }: RoleMapping): Place =>
  role.startsWith('console:') ? CONSOLE : application;

/** The first mappings of one group or one role, by place. */
class Firsts {
  readonly #byPlace = new Map<Place, number>();

  /** Index of a mapping that counts where this one does; a mapping without application counts in each. */
  meets(place: Place): number | undefined {
    if (place === CONSOLE) return this.#byPlace.get(CONSOLE);
    if (place !== null) return this.#byPlace.get(place) ?? this.#byPlace.get(null);
    for (const [other, index] of this.#byPlace) if (other !== CONSOLE) return index;
    return undefined;
  }

  add(place: Place, index: number): void {
    if (!this.#byPlace.has(place)) this.#byPlace.set(place, index);
  }
}

/** Where the tenant wants it, a group gives one role in an application, and a role comes from one group (D1). */
export function checkMappingMode({ target, paths, list }: TenantCheck): void {
  if (target.settings.roleMappingMode !== 'one-to-one') return;
  const { roleMappings } = target;
  const byGroup = new Map<string, Firsts>();
  const byRole = new Map<string, Firsts>();
  const lineOf = (index: number): string => {
    const mapping = roleMappings[index];
    return mapping === undefined ? '' : paths.listed('roleMappings', index, roleMappingView(mapping).key);
  };
  const meet = (known: Map<string, Firsts>, key: string, place: Place, index: number): number | undefined => {
    const firsts = known.get(key) ?? new Firsts();
    known.set(key, firsts);
    const met = firsts.meets(place);
    firsts.add(place, index);
    return met;
  };
  for (const [index, mapping] of roleMappings.entries()) {
    const place = placeOf(mapping);
    const group = describeGroup(mapping.group);
    const ofGroup = meet(byGroup, group, place, index);
    if (ofGroup !== undefined)
      list.add(lineOf(index), `'${group}' has a role by ${lineOf(ofGroup)} already ${ONE_TO_ONE}`);
    const ofRole = meet(byRole, mapping.role, place, index);
    if (ofRole !== undefined)
      list.add(lineOf(index), `'${mapping.role}' has a group by ${lineOf(ofRole)} already ${ONE_TO_ONE}`);
  }
}

const ONE_TO_ONE = '(roleMappingMode is one-to-one)';
