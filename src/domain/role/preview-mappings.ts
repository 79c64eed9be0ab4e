import { setImmediate as others } from 'node:timers/promises';
import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { ApplyDeps } from '../configuration/apply-deps.js';
import { planOf } from '../configuration/apply-tenant.js';
import type { ConfiguredTenant } from '../configuration/configuration-store.js';
import type { Fault } from '../configuration/fault.js';
import type { ConfigurationRules } from '../configuration/rules.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { TenantTransactions } from '../tenant/transactions.js';
import { applicationsAbove, groupsAskedAbove, type ApplicationsAbove } from './effect-above.js';
import { MappingEffects } from './mapping-effect.js';
import {
  desiredOf,
  difference,
  stateOf,
  wished,
  type MappingDifference,
  type MappingState,
  type MappingWish,
} from './mapping-wish.js';
import { PreviewTally, type PersonEffect, type TallyResult } from './preview-tally.js';
import type { RoleMapping } from './role.js';
import type { MatteringGroups, PersonPlace, PreviewedPerson, StandingProfile } from './standing-profile.js';

/** People of whom a preview tells at once. */
export const SHOWN = 20;
/** Evaluations after which other requests get their turn. */
const TURN = 200;

export interface PreviewDeps extends ApplyDeps {
  readonly transactions: TenantTransactions;
}

/** A person with what the change does to them. */
export type AffectedPerson = PreviewedPerson & PersonEffect;

export interface AffectedPage {
  readonly people: readonly AffectedPerson[];
  /** Where the next page begins; null: there is none. */
  readonly next: PersonPlace | null;
}

/** What a change of mappings would do (D7). */
export interface MappingPreview extends TallyResult {
  readonly change: MappingDifference;
  /** What stands against it, by row: such a change is not applied. */
  readonly faults: readonly MappingFault[];
}

/** A fault, and the mapping of the wanted list that it is about; null: of a setting. */
export interface MappingFault extends Fault {
  readonly mapping: RoleMapping | null;
}

export interface PreviewRequest {
  readonly slug: string;
  readonly wish: MappingWish;
  readonly rules: ConfigurationRules;
  /** The person who asks, if they are of the tenant. */
  readonly self: UserId | null;
}

/**
 * Who gains and who loses what by a change of mappings, over all people of the tenant. Nothing is written.
 * @throws DomainError `not_found` when there is no such tenant
 */
export async function previewMappings(
  deps: PreviewDeps,
  request: PreviewRequest,
): Promise<MappingPreview & { readonly gaining: AffectedPage; readonly losing: AffectedPage }> {
  const current = await found(deps, request.slug);
  return deps.transactions.withTenant(current.configuration.tenant.id, async (scope) => {
    const { preview, page } = await evaluate(deps, scope, current, request);
    return {
      ...preview,
      gaining: await page('gains', undefined, SHOWN),
      losing: await page('loses', undefined, SHOWN),
    };
  });
}

/** More of those who gain or lose, by name. @throws DomainError `not_found` when there is no such tenant */
export async function previewedPeople(
  deps: PreviewDeps,
  request: PreviewRequest & {
    readonly who: 'gains' | 'loses';
    readonly after: PersonPlace | undefined;
    readonly limit: number;
  },
): Promise<AffectedPage> {
  const current = await found(deps, request.slug);
  return deps.transactions.withTenant(current.configuration.tenant.id, async (scope) => {
    const { page } = await evaluate(deps, scope, current, request);
    return page(request.who, request.after, request.limit);
  });
}

async function found({ store }: PreviewDeps, slug: string): Promise<ConfiguredTenant> {
  const current = await store.find(slug);
  if (current === undefined) throw new DomainError('not_found', `there is no tenant '${slug}'`);
  return current;
}

/** Evaluates the change inside a transaction, be it one that goes on to make it. */
export async function evaluate(
  deps: PreviewDeps,
  scope: TenantScope,
  current: ConfiguredTenant,
  { slug, wish, rules, self }: PreviewRequest,
): Promise<{
  readonly preview: MappingPreview;
  readonly page: (
    who: 'gains' | 'loses',
    after: PersonPlace | undefined,
    limit: number,
  ) => Promise<AffectedPage>;
}> {
  const { configuration } = current;
  const before = stateOf(configuration);
  const after = wished(before, wish);
  const plan = planOf(deps, current, desiredOf(slug, after), rules);
  const { roleMappings, ...settings } = after;
  const tenant = { ...configuration.tenant, settings: { ...configuration.tenant.settings, ...settings } };
  const wanted = { ...configuration, tenant, roleMappings };
  const above = await applicationsAbove(deps.reviews, scope, configuration);
  const groups = mattering(configuration, wanted, above);
  const { profiles, list } = await deps.standings.read(scope, groups, self);
  const tally = new PreviewTally(new MappingEffects(configuration, wanted, undefined, above));
  await addProfiles(tally, profiles);
  const change = difference(before, after);
  const page = async (who: 'gains' | 'loses', place: PersonPlace | undefined, limit: number) => {
    const people = await list(tally.keysOf(who), place, limit + 1);
    const shown = people.slice(0, limit);
    const last = shown.at(-1);
    return {
      people: shown.map(({ person }) => ({ ...person, ...tally.effectOn(person.profile) })),
      next: people.length > limit && last !== undefined ? last.place : null,
    };
  };
  const faults = plan.faults.map((fault) => ({ ...fault, mapping: faultyRow(after, fault) }));
  return { preview: { change, faults, ...tally.result(change) }, page };
}

/** Adds all up, and lets other requests have their turn now and then. */
export async function addProfiles(tally: PreviewTally, profiles: readonly StandingProfile[]): Promise<void> {
  for (const [index, profile] of profiles.entries()) {
    tally.add(profile);
    if (index % TURN === TURN - 1) await others();
  }
}

function faultyRow({ roleMappings }: MappingState, { path }: Fault): RoleMapping | null {
  const [, index] = /^roleMappings\[(\d{1,5})\]/.exec(path) ?? [];
  return index === undefined ? null : (roleMappings[Number(index)] ?? null);
}

/** Groups that mappings of either configuration mean, and that applications ask for by name, be it above. */
export const mattering = (
  one: TenantConfiguration,
  other: TenantConfiguration,
  above?: ApplicationsAbove,
): MatteringGroups => ({
  references: [...one.roleMappings, ...other.roleMappings].map(({ group }) => group),
  names: [
    ...one.applications.flatMap(({ settings: { assignment } }) =>
      assignment === 'everyone' ? [] : assignment.groups,
    ),
    ...groupsAskedAbove(above),
  ],
});
