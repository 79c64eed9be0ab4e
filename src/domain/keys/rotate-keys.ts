import { DomainError } from '../../core/errors.js';
import type { Clock } from '../../core/clock.js';
import type { Ids } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import { auditEntry, type Actor } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type {
  ConfigurationChange,
  ConfigurationStore,
  ConfiguredTenant,
} from '../configuration/configuration-store.js';
import type { FreshSigningKey, KeyMaker } from './key-maker.js';
import {
  byOwner,
  dueSteps,
  lingerSeconds,
  ownerName,
  type KeyFacts,
  type KeyOwner,
  type KeySchedule,
  type KeyStep,
} from './key-schedule.js';
import { signingKeyPlace } from './sealed-places.js';
import type { DueTenant, SigningKeyStore } from './signing-key-store.js';
import type { SigningKeyState } from './signing-key.js';
import type { Vault } from './vault.js';

export interface RotateKeysDeps {
  readonly store: Pick<ConfigurationStore, 'change'>;
  readonly signingKeys: SigningKeyStore;
  readonly keys: KeyMaker;
  readonly audit: AuditStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** Whose keys are meant: an algorithm's, a connection's (null: the issuer's). */
export interface KeySelection {
  /** undefined: all. */
  readonly alg: KeyOwner['alg'] | undefined;
  readonly connectionId: string | null;
}

/** What became of one key. */
export interface KeyOutcome extends KeyOwner {
  readonly id: string;
  readonly did: KeyStep['step'] | 'hasten' | 'replace' | 'nothing';
}

type FreshKeys = ReadonlyMap<string, FreshSigningKey>;

/**
 * Takes the steps that are due for a tenant's keys, all in one transaction, with an audit event for each. Whoever comes
 * second finds nothing to do: what is due is judged again under the tenant's lock.
 * @returns what was done
 */
export async function advanceKeys(
  deps: RotateKeysDeps,
  tenant: DueTenant,
  options: { readonly schedule: KeySchedule; readonly actor: Actor },
): Promise<readonly KeyOutcome[]> {
  const { keys, now } = await deps.signingKeys.read(tenant.id);
  const planned = dueSteps(keys, now, options.schedule);
  if (planned.length === 0) return [];
  const fresh = await makeKeys(
    deps.keys,
    planned.flatMap((step) => (step.step === 'publish' ? [step.owner] : [])),
  );
  return changeKeys(deps, tenant.slug, options.actor, (work, here) =>
    dueSteps(here.keys, here.now, options.schedule).flatMap((step) =>
      work.take(step, fresh, options.schedule.aheadSeconds),
    ),
  );
}

/**
 * Begins a rotation now: the next key is published at once and signs as soon as no application can have missed it. One
 * that has begun on schedule is hastened.
 * @throws DomainError `not_found` when the tenant has no such keys
 */
export async function beginRotation(
  deps: RotateKeysDeps,
  tenant: DueTenant,
  options: { readonly selection: KeySelection; readonly schedule: KeySchedule; readonly actor: Actor },
): Promise<readonly KeyOutcome[]> {
  const { publishedSeconds } = options.schedule;
  const families = selected((await deps.signingKeys.read(tenant.id)).keys, options.selection);
  const fresh = await makeKeys(
    deps.keys,
    families.filter((family) => inState(family, 'next').length === 0).map(ownerOf),
  );
  return changeKeys(deps, tenant.slug, options.actor, (work, here) =>
    selected(here.keys, options.selection).flatMap((family) => {
      const [next] = inState(family, 'next');
      if (next === undefined)
        return work.take({ step: 'publish', owner: ownerOf(family) }, fresh, publishedSeconds);
      const soonestMs = next.createdAt.getTime() + publishedSeconds * 1000;
      if (next.dueAt === null || next.dueAt.getTime() <= soonestMs) return [outcomeOf(next, 'nothing')];
      return work.hasten(next, publishedSeconds);
    }),
  );
}

/**
 * After a leak: a new key signs at once, and all others of the owner go from the key set at once with their private
 * halves. What they have signed is void from then on.
 * @throws DomainError `not_found` when the tenant has no such keys
 */
export async function replaceKeys(
  deps: RotateKeysDeps,
  tenant: DueTenant,
  options: { readonly selection: KeySelection; readonly actor: Actor },
): Promise<readonly KeyOutcome[]> {
  const families = selected((await deps.signingKeys.read(tenant.id)).keys, options.selection);
  const fresh = await makeKeys(deps.keys, families.map(ownerOf));
  return changeKeys(deps, tenant.slug, options.actor, (work, here) =>
    selected(here.keys, options.selection).flatMap((family) => work.replace(family, fresh)),
  );
}

/**
 * Takes keys away that sign no more, before the last token that they have signed has expired.
 * @param id one of them; undefined: all that are selected
 * @throws DomainError `not_found` when there is none, `invalid_argument` when the named one still signs or will
 */
export async function retireKeys(
  deps: RotateKeysDeps,
  tenant: DueTenant,
  options: { readonly selection: KeySelection; readonly id: string | undefined; readonly actor: Actor },
): Promise<readonly KeyOutcome[]> {
  return changeKeys(deps, tenant.slug, options.actor, (work, here) => {
    const { id, selection } = options;
    const chosen =
      id === undefined ? selected(here.keys, selection).flat() : here.keys.filter((key) => key.id === id);
    const [one] = chosen;
    if (id !== undefined && (one === undefined || one.state === 'retired'))
      throw new DomainError('not_found', `'${id}' is no published key of the tenant`);
    if (id !== undefined && one?.state !== 'retiring')
      throw new DomainError(
        'invalid_argument',
        `'${id}' is the ${one?.state} key: rotate first; after a leak 'keys rotate --emergency' takes it away at once`,
      );
    const retiring = inState(chosen, 'retiring');
    if (retiring.length === 0) throw new DomainError('not_found', 'no such key is retiring');
    return retiring.flatMap((key) => work.take({ step: 'retire', key }, new Map(), 0));
  });
}

const inState = (keys: readonly KeyFacts[], state: SigningKeyState): readonly KeyFacts[] =>
  keys.filter((key) => key.state === state);

const ownerOf = (family: readonly KeyFacts[]): KeyOwner => {
  const [key] = family;
  if (key === undefined) throw new TypeError('nobody has no keys');
  return { connectionId: key.connectionId, alg: key.alg };
};

const outcomeOf = ({ connectionId, alg, id }: KeyFacts, did: KeyOutcome['did']): KeyOutcome => ({
  connectionId,
  alg,
  id,
  did,
});

/** @throws DomainError `not_found` when nobody has such keys */
function selected(
  keys: readonly KeyFacts[],
  { alg, connectionId }: KeySelection,
): readonly (readonly KeyFacts[])[] {
  const meant = keys.filter(
    (key) => key.connectionId === connectionId && (alg === undefined || key.alg === alg),
  );
  const families = [...byOwner(meant).values()].filter((family) => inState(family, 'current').length > 0);
  if (families.length > 0) return families;
  const whose = connectionId === null ? 'issuer' : 'connection';
  throw new DomainError(
    'not_found',
    `the ${whose} has no key${alg === undefined ? '' : ` for ${alg}`} that signs`,
  );
}

/** Made before any lock is taken: an RSA key takes its time. */
async function makeKeys(keys: KeyMaker, owners: readonly KeyOwner[]): Promise<FreshKeys> {
  const fresh = new Map<string, FreshSigningKey>();
  for (const owner of owners) fresh.set(ownerName(owner), await keys.createSigningKey(owner.alg));
  return fresh;
}

/** Decides and writes under the tenant's lock; nodes hear of it within a second. */
function changeKeys(
  deps: RotateKeysDeps,
  slug: string,
  actor: Actor,
  work: (work: KeyWork, here: Awaited<ReturnType<SigningKeyStore['readHere']>>) => readonly KeyOutcome[],
): Promise<readonly KeyOutcome[]> {
  return deps.store.change(slug, async (unit) => {
    const { current } = unit;
    // Deleted since it was claimed.
    if (current === undefined) return [];
    const vault = deps.keys.openVault(current.configuration.tenant.id, current.wrappedDataKey);
    const keyWork = new KeyWork(deps, { unit, current, vault, actor });
    const outcomes = work(keyWork, await deps.signingKeys.readHere(unit.scope));
    if (keyWork.hasChanged) await unit.bumpVersion();
    return outcomes;
  });
}

/** Writes steps, each with its audit event. */
class KeyWork {
  #hasChanged = false;

  constructor(
    private readonly deps: RotateKeysDeps,
    private readonly context: {
      readonly unit: ConfigurationChange;
      readonly current: ConfiguredTenant;
      readonly vault: Vault;
      readonly actor: Actor;
    },
  ) {}

  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  take(step: KeyStep, fresh: FreshKeys, waitSeconds: number): readonly KeyOutcome[] {
    if (step.step === 'publish') return this.#publish(step.owner, fresh, waitSeconds);
    if (step.step === 'promote') return [this.#promote(step.key, step.current)];
    this.deps.signingKeys.move(this.#scope, [step.key.id], 'retired', null);
    this.#audit('signing_key.retired', step.key, { stoppedSigning: step.key.stateChangedAt.toISOString() });
    return [outcomeOf(step.key, 'retire')];
  }

  hasten(next: KeyFacts, publishedSeconds: number): readonly KeyOutcome[] {
    this.deps.signingKeys.hasten(this.#scope, next.id, publishedSeconds);
    this.#audit('signing_key.hastened', next, { publishedSeconds });
    return [outcomeOf(next, 'hasten')];
  }

  replace(family: readonly KeyFacts[], fresh: FreshKeys): readonly KeyOutcome[] {
    const owner = ownerOf(family);
    const key = fresh.get(ownerName(owner));
    if (key === undefined) return [];
    const removed = family.filter(({ state }) => state !== 'retired').map(({ id }) => id);
    // Before the new one: no two keys of an owner sign.
    this.deps.signingKeys.move(this.#scope, removed, 'retired', null);
    this.#add(owner, key, 'current', null);
    this.#audit('signing_key.replaced_in_emergency', { ...owner, id: key.id }, { removed });
    return [{ ...owner, id: key.id, did: 'replace' }];
  }

  #publish(owner: KeyOwner, fresh: FreshKeys, waitSeconds: number): readonly KeyOutcome[] {
    const key = fresh.get(ownerName(owner));
    // It became due after the keys were made: the next run is near.
    if (key === undefined) return [];
    this.#add(owner, key, 'next', waitSeconds);
    this.#audit('signing_key.published', { ...owner, id: key.id }, { signsInSeconds: waitSeconds });
    return [{ ...owner, id: key.id, did: 'publish' }];
  }

  #promote(next: KeyFacts, current: KeyFacts | undefined): KeyOutcome {
    const publishedSeconds = lingerSeconds(next, this.context.current.configuration);
    if (current !== undefined)
      this.deps.signingKeys.move(this.#scope, [current.id], 'retiring', publishedSeconds);
    this.deps.signingKeys.move(this.#scope, [next.id], 'current', null);
    this.#audit('signing_key.promoted', next, {
      retiring: current?.id ?? null,
      retiringForSeconds: publishedSeconds,
    });
    return outcomeOf(next, 'promote');
  }

  #add(owner: KeyOwner, fresh: FreshSigningKey, state: SigningKeyState, dueSeconds: number | null): void {
    const { privateJwk, ...key } = fresh;
    const place = signingKeyPlace(this.#scope.tenantId, key.id);
    const sealedPrivateJwk = this.context.vault.seal(place, JSON.stringify(privateJwk));
    const { connectionId } = owner;
    this.deps.signingKeys.add(this.#scope, { ...key, state, connectionId, sealedPrivateJwk }, dueSeconds);
  }

  get #scope() {
    return this.context.unit.scope;
  }

  #audit(action: string, key: KeyOwner & { readonly id: string }, details: JsonObject): void {
    this.#hasChanged = true;
    const { current, vault, actor } = this.context;
    const { tenant, connections } = current.configuration;
    const connection = connections.find(({ id }) => id === key.connectionId)?.key ?? null;
    const entry = auditEntry({
      action,
      actor,
      target: `signing_key:${key.id}`,
      connection,
      details: { alg: key.alg, ...details },
    });
    const record = recordOf(tenant.id, entry, { ids: this.deps.ids, clock: this.deps.clock, vault });
    this.deps.audit.append(this.#scope, [record]);
  }
}
