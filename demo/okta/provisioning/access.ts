import type { User } from '../people.js';
import type { Entitlement } from './entitlements.js';
import type { Access, Carried } from './user-resource.js';

const carried = ({ id, displayName }: Entitlement): Carried => ({ value: id, display: displayName });

interface Given {
  readonly entitlement: Entitlement;
  readonly held: boolean;
}

/** The same at every discovery. */
const keyOf = ({ type, id }: Entitlement): string => `${type}/${id}`;

/** What the server offers through governance, and who was given what of it. */
export class AccessBook {
  /** As found by the last discovery. */
  offered: readonly Entitlement[] = [];
  /** By person, all that they were ever given, and whether they still have it. */
  readonly #given = new Map<string, Map<string, Given>>();

  /** By id or display name. @throws Error when the server offers no such thing */
  find(key: string): Entitlement {
    const found =
      this.offered.find(({ id }) => id === key) ?? this.offered.find((one) => one.displayName === key);
    if (found === undefined) throw new Error(`no role or entitlement ${key}`);
    return found;
  }

  give(user: User, entitlement: Entitlement): void {
    const theirs = this.#given.get(user.id) ?? new Map<string, Given>();
    this.#given.set(user.id, theirs.set(keyOf(entitlement), { entitlement, held: true }));
  }

  take(user: User, entitlement: Entitlement): void {
    const theirs = this.#given.get(user.id);
    const key = keyOf(entitlement);
    if (theirs?.has(key) === true) theirs.set(key, { entitlement, held: false });
  }

  givenTo(user: User): Entitlement[] {
    return [...(this.#given.get(user.id)?.values() ?? [])]
      .filter(({ held }) => held)
      .map(({ entitlement }) => entitlement);
  }

  /** What goes into the user's resource: whole lists of each kind of which they were ever given something. */
  accessOf(user: User): Access {
    const ever = [...(this.#given.get(user.id)?.values() ?? [])].map(({ entitlement }) => entitlement);
    const held = this.givenTo(user);
    const ofKind = (kind: Entitlement['kind']): Entitlement[] => held.filter((one) => one.kind === kind);
    const typed = (one: Entitlement): Carried => ({ ...carried(one), type: one.type });
    return {
      ...(ever.some(({ kind }) => kind === 'role') ? { roles: ofKind('role').map(carried) } : {}),
      ...(ever.some(({ kind }) => kind === 'entitlement')
        ? { entitlements: ofKind('entitlement').map(typed) }
        : {}),
    };
  }
}
