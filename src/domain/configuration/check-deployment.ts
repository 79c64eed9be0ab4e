import { slugFault, SYSTEM_SLUG } from '../tenant/tenant.js';
import type { VerifiedDomain, TenantPlace } from './configuration-store.js';
import type { DesiredTenant } from './desired.js';
import { FaultList, type Fault } from './fault.js';
import { Paths } from './paths.js';
import type { TargetTenant } from './target.js';

/** What tenants must be to each other, as they are to be when the whole file is applied. */
export interface DeploymentCheck {
  readonly tenants: readonly { readonly desired: DesiredTenant; readonly target: TargetTenant }[];
  /** Where the file's tenants, their parents and their grants' customers stand now. */
  readonly places: readonly TenantPlace[];
  /** Who has the file's verified domains now. */
  readonly verified: readonly VerifiedDomain[];
}

/**
 * Faults between tenants: slugs, the tree of depth two below `system` (A-83), domains that two tenants want.
 */
export function checkDeployment(check: DeploymentCheck): readonly Fault[] {
  const list = new FaultList();
  const tree = new Tree(check);
  for (const { desired, target } of check.tenants) {
    const paths = new Paths(desired);
    if (tree.isNew(desired.slug)) list.add(paths.member('slug'), slugFault(desired.slug));
    checkParent(tree, desired, target, list);
    checkGrants(tree, desired, target, list);
  }
  checkVerified(check, list);
  return [...repeatedTenants(check), ...list.faults];
}

/** The tree as it is to be. */
class Tree {
  readonly #known: ReadonlySet<string>;
  /** Slug → slug of the parent; null: directly below `system`. */
  readonly #parents = new Map<string, string | null>();
  readonly #withCustomers = new Set<string>();

  constructor({ places, tenants }: DeploymentCheck) {
    this.#known = new Set(places.map((place) => place.slug));
    for (const place of places) {
      this.#parents.set(place.slug, place.parentSlug);
      if (place.hasCustomers) this.#withCustomers.add(place.slug);
    }
    for (const { target } of tenants) {
      this.#parents.set(target.slug, target.parent);
      if (target.parent !== null) this.#withCustomers.add(target.parent);
    }
  }

  isNew(slug: string): boolean {
    return !this.#known.has(slug);
  }

  has(slug: string): boolean {
    return this.#parents.has(slug);
  }

  parentOf(slug: string): string | null {
    return this.#parents.get(slug) ?? null;
  }

  hasCustomers(slug: string): boolean {
    return this.#withCustomers.has(slug);
  }
}

function checkParent(tree: Tree, desired: DesiredTenant, { parent }: TargetTenant, list: FaultList): void {
  const path = new Paths(desired).member('parent');
  if (parent === null) return;
  if (desired.slug === SYSTEM_SLUG) list.add(path, `'${SYSTEM_SLUG}' is the parent of all`);
  else if (parent === desired.slug) list.add(path, 'a tenant is not its own parent');
  else if (parent === SYSTEM_SLUG)
    list.add(path, `must be null for a tenant directly below '${SYSTEM_SLUG}'`);
  else if (!tree.has(parent)) list.add(path, `there is no tenant '${parent}'`);
  else if (tree.parentOf(parent) !== null)
    list.add(
      path,
      `'${parent}' is a customer itself: only a tenant directly below '${SYSTEM_SLUG}' has customers`,
    );
  else if (tree.hasCustomers(desired.slug))
    list.add(path, `'${desired.slug}' has customers: it can't become one`);
}

function checkGrants(tree: Tree, desired: DesiredTenant, target: TargetTenant, list: FaultList): void {
  const paths = new Paths(desired);
  if (desired.grants === undefined) return;
  if (target.parent !== null && desired.grants.length > 0)
    list.add(paths.member('grants'), 'a customer has no customers to grant access to');
  for (const [index, { customers }] of desired.grants.entries()) {
    if (customers === 'all') continue;
    const stranger = customers.find((slug) => !tree.has(slug) || tree.parentOf(slug) !== desired.slug);
    if (stranger !== undefined)
      list.add(
        `${paths.entry('grants', index)}.customers`,
        `'${stranger}' is no customer of '${desired.slug}'`,
      );
  }
}

/** A verified domain steers sign-ins, so it is one tenant's alone (A-12). */
function checkVerified({ verified, tenants }: DeploymentCheck, list: FaultList): void {
  const holders = new Map(verified.map(({ name, slug }) => [name, slug]));
  const spokenOf = new Set(tenants.map(({ desired }) => desired.slug));
  for (const { desired, target } of tenants) {
    for (const { name } of target.domains.filter((domain) => domain.verified)) {
      const holder = holders.get(name);
      holders.set(name, holder ?? desired.slug);
      if (holder === undefined || holder === desired.slug) continue;
      const path = new Paths(desired).named('domains', name, (entry) => entry.name.toLowerCase());
      // Who asks may be one tenant's owner: which others there are isn't theirs to know.
      list.add(path, `is verified for ${spokenOf.has(holder) ? `tenant '${holder}'` : 'another tenant'}`);
    }
  }
}

function repeatedTenants({ tenants }: DeploymentCheck): readonly Fault[] {
  const first = new Map<string, DesiredTenant>();
  const list = new FaultList();
  for (const { desired } of tenants) {
    const known = first.get(desired.slug);
    if (known === undefined) first.set(desired.slug, desired);
    else list.add(`${desired.path}.slug`, `'${desired.slug}' stands in the file twice (${known.path})`);
  }
  return list.faults;
}
