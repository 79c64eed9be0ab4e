import { DomainError } from '../../core/errors.js';
import { plainText } from '../../core/text.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import { applyTenant } from '../configuration/apply-tenant.js';
import { FaultyConfiguration } from '../configuration/change-tenant.js';
import type { ConfigurationChange, ConfiguredTenant } from '../configuration/configuration-store.js';
import { namesInUse } from '../configuration/settle-roles.js';
import { mayGrantConsoleRoles, type ConsoleRole } from '../operator/console-role.js';
import type { MappingChange, MappingChangeStore, NamePin } from './mapping-change.js';
import {
  desiredOf,
  difference,
  isNothing,
  stateOf,
  wished,
  wishFor,
  type MappingDifference,
  type MappingWish,
} from './mapping-wish.js';
import { evaluate, type MappingPreview, type PreviewDeps, type PreviewRequest } from './preview-mappings.js';
import type { PreviewSummary, TallyResult } from './preview-tally.js';

export interface MappingChangeDeps extends PreviewDeps {
  readonly mappingChanges: MappingChangeStore;
}

/** Who asks, and on whose word. */
export interface MappingCaller extends Omit<PreviewRequest, 'wish'> {
  /** Console roles that the caller has in the tenant; `host`: whoever works on the machine itself. */
  readonly authority: 'host' | readonly ConsoleRole[];
  readonly actor: Actor;
  readonly origin?: RequestOrigin;
}

export interface ApplyRequest extends MappingCaller {
  readonly wish: MappingWish;
  /** Of the preview that the caller has seen. */
  readonly version: string;
  /** How many lose something, where they are many. */
  readonly confirm?: number | undefined;
}

/** How long a change can be undone. */
const UNDO_MS = 24 * 3600 * 1000;

/**
 * Makes a change of mappings as it was previewed, by the same plan, checks, writes and audit events as a file's, and keeps
 * it so that it can be undone (D7).
 * @throws FaultyConfiguration for what the rows say; DomainError `conflict` when the preview is an old one, when so many
 *   lose something that it must be confirmed, or when nobody would be an owner any more; `forbidden` when a row is about a
 *   role of the console and the caller is no owner; `invalid_argument` when there is nothing to change
 */
export async function applyMappings(deps: MappingChangeDeps, request: ApplyRequest): Promise<MappingChange> {
  return deps.store.change(request.slug, async (unit) => {
    const current = inForce(unit);
    const preview = await judged(deps, unit, current, request);
    return make(deps, unit, current, { request, preview, staged: undefined });
  });
}

/**
 * Keeps a change for another admin to look at and to apply. Nothing else is written.
 * @throws as applyMappings, but for what the version and the confirmation are about
 */
export async function stageMappings(
  deps: MappingChangeDeps,
  request: MappingCaller & { readonly wish: MappingWish },
): Promise<MappingChange> {
  return deps.store.change(request.slug, async (unit) => {
    const current = inForce(unit);
    const preview = await allowed(deps, unit, current, request);
    const change = fresh(deps, current, request, preview);
    await deps.mappingChanges.put(unit.scope, change);
    audit(deps, unit, current, { change, request, verb: 'staged' });
    return change;
  });
}

/**
 * Applies a staged change to what is in force now: what it adds and what it takes away, whatever else was changed since.
 * @throws as applyMappings; DomainError `not_found`, `conflict` when it isn't staged any more
 */
export async function applyStaged(
  deps: MappingChangeDeps,
  id: string,
  request: Omit<ApplyRequest, 'wish'>,
): Promise<MappingChange> {
  return deps.store.change(request.slug, async (unit) => {
    const current = inForce(unit);
    const staged = await locked(deps, unit, id, 'staged');
    const wish = wishFor(difference(staged.before, staged.after));
    const preview = await judged(deps, unit, current, { ...request, wish });
    return make(deps, unit, current, { request: { ...request, wish }, preview, staged });
  });
}

/** Gives a staged change up. @throws DomainError `not_found`, `conflict` when it isn't staged any more */
export async function discardMappings(
  deps: MappingChangeDeps,
  id: string,
  request: MappingCaller,
): Promise<MappingChange> {
  return deps.store.change(request.slug, async (unit) => {
    const current = inForce(unit);
    const staged = await locked(deps, unit, id, 'staged');
    const change = { ...staged, state: 'discarded' } as const;
    await deps.mappingChanges.put(unit.scope, change);
    audit(deps, unit, current, { change, request, verb: 'discarded' });
    return change;
  });
}

/**
 * Takes back what a change added and brings back what it took away, within a day; what else was changed since stays. A
 * mapping by name that comes back means the group again that it meant, not another one that took the name.
 * @throws DomainError `not_found`; `conflict` when it is too late, when it is undone already or nothing of it is left, or
 *   when nobody would be an owner any more; `forbidden` as applyMappings; FaultyConfiguration when a role or an
 *   application that it needs is gone
 */
export async function undoMappings(
  deps: MappingChangeDeps,
  id: string,
  request: MappingCaller,
): Promise<MappingChange> {
  return deps.store.change(request.slug, async (unit) => {
    const current = inForce(unit);
    const applied = await locked(deps, unit, id, 'applied');
    const now = deps.clock.now();
    if (applied.appliedAt === null || now.getTime() - applied.appliedAt.getTime() > UNDO_MS)
      throw new DomainError('conflict', 'a change can be undone for a day: make another one');
    const wish = wishFor(difference(applied.after, applied.before));
    const preview = await allowed(deps, unit, current, { ...request, wish });
    const pins = await pinsToRestore(deps, unit, current, { applied, back: namesOf(preview.change.add) });
    await write(deps, unit, current, { ...request, wish });
    await deps.mappingChanges.restorePins(unit.scope, pins);
    const change = { ...applied, state: 'undone', undoneBy: nameOf(request.actor), undoneAt: now } as const;
    await deps.mappingChanges.put(unit.scope, change);
    audit(deps, unit, current, { change, request, verb: 'undone', summary: preview });
    return change;
  });
}

/** Of names that nothing goes by now. Where something does, what it means must be the same still. */
async function pinsToRestore(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  { configuration }: ConfiguredTenant,
  { applied, back }: { readonly applied: MappingChange; readonly back: readonly string[] },
): Promise<readonly NamePin[]> {
  const pins = applied.pins.filter(({ name }) => back.includes(name));
  const taken = [...namesInUse(configuration)].filter((name) => pins.some((pin) => pin.name === name));
  const present = await deps.mappingChanges.pinsOf(unit.scope, taken);
  const other = present.find((now) =>
    pins.some(
      (pin) => pin.name === now.name && pin.connectionId === now.connectionId && pin.groupId !== now.groupId,
    ),
  );
  if (other !== undefined)
    throw new DomainError(
      'conflict',
      `mappings by '${plainText(other.name, 200)}' mean another group by now`,
    );
  return pins.filter(({ name }) => !taken.includes(name));
}

/** The tenant as it is in force, under the lock. @throws DomainError `not_found` */
export function inForce({ current }: ConfigurationChange): ConfiguredTenant {
  if (current === undefined) throw new DomainError('not_found', 'there is no such tenant');
  return current;
}

async function locked(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  id: string,
  state: MappingChange['state'],
): Promise<MappingChange> {
  const change = await deps.mappingChanges.lock(unit.scope, id);
  if (change === undefined) throw new DomainError('not_found', 'there is no such change of mappings');
  if (change.state !== state)
    throw new DomainError('conflict', `this change is ${change.state}, and not ${state}`);
  return change;
}

/** What the change would do, if nothing but its size is in the way. */
async function allowed(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  current: ConfiguredTenant,
  request: MappingCaller & { readonly wish: MappingWish },
): Promise<MappingPreview> {
  // Whoever takes the role of owner from somebody at the same time waits, and is waited for.
  await deps.owners.lockOwners(unit.scope);
  const { preview } = await evaluate(deps, unit.scope, current, request);
  if (isNothing(preview.change))
    throw new DomainError('invalid_argument', 'there is nothing to change: it is so already');
  requireOwner(request.authority, preview.change);
  if (preview.faults.length > 0) throw new FaultyConfiguration(preview.faults);
  if (preview.blocked === 'last_owner')
    throw new DomainError('conflict', 'nobody would be an owner any more: make another one first');
  return preview;
}

async function judged(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  current: ConfiguredTenant,
  request: ApplyRequest,
): Promise<MappingPreview> {
  const preview = await allowed(deps, unit, current, request);
  requireSeen(preview, request);
  return preview;
}

/**
 * Refuses what would do something else than its caller has seen, and what takes something from many, unless they say how
 * many.
 * @throws DomainError `conflict`
 */
export function requireSeen(
  effect: TallyResult,
  { version, confirm }: Pick<ApplyRequest, 'version' | 'confirm'>,
): void {
  if (effect.version !== version) throw new DomainError('conflict', staleWords(version, effect));
  if (effect.needsConfirmation && confirm !== effect.loses)
    throw new DomainError(
      'conflict',
      `${effect.loses} people lose something by it: confirm it with that number`,
      { problem: 'confirmation_required' },
    );
}

/**
 * Whoever maps a group to a role of the console grants it to its members, and to whom the upstream puts there.
 * @throws DomainError `forbidden`
 */
export function requireOwner(
  authority: MappingCaller['authority'],
  { add, remove }: Pick<MappingDifference, 'add' | 'remove'>,
): void {
  if (authority === 'host' || mayGrantConsoleRoles(authority)) return;
  if ([...add, ...remove].some(({ role }) => role.startsWith('console:')))
    throw new DomainError('forbidden', 'only an owner gives or takes roles of the console by a mapping');
}

async function make(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  current: ConfiguredTenant,
  made: {
    readonly request: ApplyRequest;
    readonly preview: MappingPreview;
    readonly staged: MappingChange | undefined;
  },
): Promise<MappingChange> {
  const { request, preview, staged } = made;
  const pins = await deps.mappingChanges.pinsOf(unit.scope, namesOf(preview.change.remove));
  await write(deps, unit, current, request);
  const proposed = fresh(deps, current, request, preview);
  const change: MappingChange = {
    ...proposed,
    ...(staged === undefined ? {} : { id: staged.id, madeBy: staged.madeBy, createdAt: staged.createdAt }),
    state: 'applied',
    pins,
    appliedBy: nameOf(request.actor),
    appliedAt: deps.clock.now(),
  };
  await deps.mappingChanges.put(unit.scope, change);
  audit(deps, unit, current, { change, request, verb: 'applied' });
  return change;
}

async function write(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  { configuration }: ConfiguredTenant,
  { slug, wish, rules, actor, origin }: MappingCaller & { readonly wish: MappingWish },
): Promise<void> {
  const wanted = desiredOf(slug, wished(stateOf(configuration), wish));
  await applyTenant(deps, unit, wanted, {
    rules,
    allowDelete: true,
    actor,
    ...(origin === undefined ? {} : { origin }),
  });
}

function fresh(
  deps: MappingChangeDeps,
  { configuration }: ConfiguredTenant,
  { wish, actor }: { readonly wish: MappingWish; readonly actor: Actor },
  preview: MappingPreview,
): MappingChange {
  const before = stateOf(configuration);
  return {
    id: deps.ids.uuid(),
    state: 'staged',
    version: preview.version,
    before,
    after: wished(before, wish),
    pins: [],
    summary: summaryOf(preview),
    madeBy: nameOf(actor),
    appliedBy: null,
    undoneBy: null,
    createdAt: deps.clock.now(),
    appliedAt: null,
    undoneAt: null,
  };
}

const summaryOf = ({ gains, loses, unchanged, loseAccess, owners }: PreviewSummary): PreviewSummary => ({
  gains,
  loses,
  unchanged,
  loseAccess,
  owners,
});

const namesOf = (mappings: MappingDifference['add']): readonly string[] => [
  ...new Set(mappings.flatMap(({ group }) => ('name' in group ? [group.name] : []))),
];

const nameOf = ({ type, id }: Actor): string => `${type}:${id}`;

/** Beside the events of each mapping: that they were one change, and what it did. */
function audit(
  deps: MappingChangeDeps,
  unit: ConfigurationChange,
  { configuration, wrappedDataKey }: ConfiguredTenant,
  told: {
    readonly change: MappingChange;
    readonly request: Pick<MappingCaller, 'actor' | 'origin'>;
    readonly verb: 'staged' | 'applied' | 'discarded' | 'undone';
    readonly summary?: PreviewSummary;
  },
): void {
  const { change, request, verb } = told;
  const { gains, loses, loseAccess } = told.summary ?? change.summary;
  const tenantId = configuration.tenant.id;
  const entry = auditEntry({
    action: `mapping_change.${verb}`,
    actor: request.actor,
    origin: request.origin ?? NO_ORIGIN,
    target: `mapping_change:${change.id}`,
    details: { gains, loses, loseAccess },
  });
  const tools = { ids: deps.ids, clock: deps.clock, vault: deps.keys.openVault(tenantId, wrappedDataKey) };
  deps.audit.append(unit.scope, [recordOf(tenantId, entry, tools)]);
}

/** Why a version isn't the present one any more. */
function staleWords(seen: string, now: PreviewSummary): string {
  const counts = /^(\d{1,9})-(\d{1,9})-/.exec(seen);
  const more = Math.abs(now.gains - Number(counts?.[1])) + Math.abs(now.loses - Number(counts?.[2]));
  const since =
    counts === null || more === 0 ? 'Something' : `${more} more ${more === 1 ? 'person' : 'people'}`;
  return `${since} changed since that preview: look at a new one, then decide again.`;
}
