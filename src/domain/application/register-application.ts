import { DomainError } from '../../core/errors.js';
import type { Actor, RequestOrigin } from '../audit/audit-event.js';
import type { ApplyDeps } from '../configuration/apply-deps.js';
import type { Change } from '../configuration/change.js';
import { checkApplication } from '../configuration/check-application.js';
import { compareTenant } from '../configuration/compare.js';
import type { ConfigurationChange, ConfiguredTenant } from '../configuration/configuration-store.js';
import { FaultList, type Fault } from '../configuration/fault.js';
import { knownSecrets } from '../configuration/known-secrets.js';
import { mergeTenant } from '../configuration/merge-tenant.js';
import { Paths } from '../configuration/paths.js';
import type { ConfigurationRules } from '../configuration/rules.js';
import { settleRoles } from '../configuration/settle-roles.js';
import type { TargetApplication, TargetTenant } from '../configuration/target.js';
import { ChangeWriter } from '../configuration/write-changes.js';
import type { Application } from './application.js';
import type { RegisteredApplication, RegistrationStore } from './registration.js';
import { wantedApplication, type RegistrationWish } from './registration-wish.js';

export interface RegistrationDeps extends ApplyDeps {
  readonly registrations: RegistrationStore;
}

export interface RegistrationContext {
  /** Slug of the tenant. */
  readonly slug: string;
  readonly rules: ConfigurationRules;
  readonly origin: RequestOrigin;
}

/** An application as it was registered or changed. */
export interface Registered {
  readonly outcome: 'registered';
  readonly application: Omit<Application, 'id'>;
  readonly issuedAt: Date;
  /** Told this once, if it was made now. */
  readonly clientSecret?: string;
}

export type RegistrationOutcome =
  | Registered
  /** What is wished can't be; paths begin with the member of the application's settings. */
  | { readonly outcome: 'faulty'; readonly faults: readonly Fault[] }
  /** The token doesn't hold, or not any more. */
  | { readonly outcome: 'refused' };

/** As many as a file of `causeway apply` may have: all of them are read with the tenant. */
const APPLICATIONS_MAX = 5_000;

/**
 * Registers an application by an initial access token, within that token's bounds (RFC 7591 section 3, A-64). The
 * application, its audit event and the configuration's next version commit together.
 */
export async function registerApplication(
  deps: RegistrationDeps,
  context: RegistrationContext,
  request: { readonly tokenHash: Uint8Array; readonly wish: RegistrationWish },
): Promise<RegistrationOutcome | (Registered & { readonly registrationToken: string })> {
  return deps.store.change(context.slug, async (unit) => {
    const token = await deps.registrations.useToken(unit.scope, request.tokenHash);
    if (token === undefined) return { outcome: 'refused' };
    const current = inForce(unit);
    const { applications } = current.configuration;
    const clientId = request.wish.clientId ?? deps.ids.uuid();
    const faults = new FaultList();
    if (applications.some((application) => application.clientId === clientId))
      faults.add('clientId', 'is taken: leave it out, and one is made');
    if (applications.length >= APPLICATIONS_MAX)
      faults.add('clientId', `the tenant has ${APPLICATIONS_MAX} applications, and can't have more`);
    const { bounds } = token;
    const fresh = deps.keys.createToken('rat');
    const wanted = wantedApplication({ ...request.wish, clientId }, bounds, current.configuration, faults);
    const work = new Work(deps, unit, current, context, actorOf(token.id));
    const written = await work.put({ ...wanted, registration: { tokenHash: fresh.hash, bounds } }, faults);
    if (written.outcome !== 'registered') return written;
    // As the database has it, so that it is told the same each time.
    const made = await deps.registrations.readApplication(unit.scope, clientId);
    if (made === undefined) throw new TypeError('what was just registered is not there');
    return { ...written, issuedAt: made.issuedAt, registrationToken: fresh.token };
  });
}

/** Who changes a registered application: it is known by its own token (RFC 7592). */
export interface RegistrationChange {
  readonly clientId: string;
  readonly tokenHash: Uint8Array;
}

/**
 * Replaces what a registered application is (RFC 7592 section 2.2), within the bounds of the token that it was
 * registered by.
 */
export async function replaceRegistration(
  deps: RegistrationDeps,
  context: RegistrationContext,
  request: RegistrationChange & {
    readonly wish: RegistrationWish;
    readonly clientSecret: string | undefined;
  },
): Promise<RegistrationOutcome> {
  return deps.store.change(context.slug, async (unit) => {
    const known = await proven(deps, unit, request);
    if (known === undefined) return { outcome: 'refused' };
    const current = inForce(unit);
    const faults = new FaultList();
    const { clientId } = known.application;
    if (request.wish.clientId !== clientId)
      faults.add('clientId', `must be the application's own: ${clientId}`);
    const work = new Work(deps, unit, current, context, actorOf(clientId));
    if (request.clientSecret !== undefined && !work.holdsSecret(clientId, request.clientSecret))
      faults.add('clientSecret', 'must be the one in force, or be left out: it is made here (RFC 7592)');
    const wish = { ...request.wish, clientId, type: request.wish.type ?? known.application.type };
    const wanted = wantedApplication(wish, known.bounds, current.configuration, faults, known.application);
    const written = await work.put(wanted, faults);
    return written.outcome === 'registered' ? { ...written, issuedAt: known.issuedAt } : written;
  });
}

/**
 * Deletes a registered application, and ends all access that was given through it (RFC 7592 section 2.3). Access
 * policies forget its name, so that nobody who takes it later inherits anything.
 * @returns whether it was deleted: not when the token doesn't hold
 */
export async function removeRegistration(
  deps: RegistrationDeps,
  context: RegistrationContext,
  request: RegistrationChange,
): Promise<boolean> {
  return deps.store.change(context.slug, async (unit) => {
    const known = await proven(deps, unit, request);
    if (known === undefined) return false;
    const { clientId } = known.application;
    const work = new Work(deps, unit, inForce(unit), context, actorOf(clientId));
    await work.remove(clientId);
    return true;
  });
}

/** @throws DomainError `not_found` when the tenant is gone */
function inForce(unit: ConfigurationChange): ConfiguredTenant {
  if (unit.current === undefined) throw new DomainError('not_found', 'there is no such tenant');
  return unit.current;
}

async function proven(
  deps: RegistrationDeps,
  unit: ConfigurationChange,
  { clientId, tokenHash }: RegistrationChange,
): Promise<RegisteredApplication | undefined> {
  const known = await deps.registrations.readApplication(unit.scope, clientId);
  return known !== undefined && Buffer.from(known.tokenHash).equals(tokenHash) ? known : undefined;
}

const actorOf = (id: string): Actor => ({ type: 'application', id });

/** One change of one application, in the transaction of the tenant's configuration. */
class Work {
  readonly #before: TargetTenant;

  constructor(
    private readonly deps: RegistrationDeps,
    private readonly unit: ConfigurationChange,
    private readonly current: ConfiguredTenant,
    private readonly context: RegistrationContext,
    private readonly actor: Actor,
  ) {
    const nothing = { path: '', slug: context.slug };
    this.#before = mergeTenant(current.configuration, nothing, context.rules).target;
  }

  get #vault() {
    return this.deps.keys.openVault(this.current.configuration.tenant.id, this.current.wrappedDataKey);
  }

  holdsSecret(clientId: string, secret: string): boolean {
    return knownSecrets(this.current, this.deps.keys, this.#vault).holds({ application: clientId }, secret);
  }

  /** Makes the application what is wanted, or tells what is wrong with it: what was found before, and what apply would say. */
  async put(
    wanted: TargetApplication,
    found: FaultList,
  ): Promise<
    Omit<Registered, 'issuedAt'> | { readonly outcome: 'faulty'; readonly faults: readonly Fault[] }
  > {
    const { clientId } = wanted;
    const others = this.#before.applications.filter((application) => application.clientId !== clientId);
    const target = { ...this.#before, applications: [...others, wanted] };
    const faults = [...found.faults, ...this.#faultsOf(target, wanted)];
    if (faults.length > 0) return { outcome: 'faulty', faults };
    const made = await this.#write(target);
    const { clientSecret: _secret, registration: _registration, ...application } = wanted;
    const clientSecret = made.get(clientId);
    return {
      outcome: 'registered',
      application,
      ...(clientSecret === undefined ? {} : { clientSecret }),
    };
  }

  async remove(clientId: string): Promise<void> {
    const { applications, roleMappings, accessPolicies } = this.#before;
    await this.#write({
      ...this.#before,
      applications: applications.filter((application) => application.clientId !== clientId),
      roleMappings: roleMappings.filter((mapping) => mapping.application !== clientId),
      accessPolicies: accessPolicies.flatMap((policy) => {
        if (policy.clients === 'all' || !policy.clients.includes(clientId)) return [policy];
        const clients = policy.clients.filter((id) => id !== clientId);
        return clients.length === 0 ? [] : [{ ...policy, clients }];
      }),
    });
  }

  /** The same rules as for an operator's file, told by the names of settings. */
  #faultsOf(target: TargetTenant, wanted: TargetApplication): readonly Fault[] {
    const desired = { path: '', slug: target.slug, applications: [{ clientId: wanted.clientId }] };
    const list = new FaultList();
    const { rules } = this.context;
    checkApplication({ desired, target, rules, paths: new Paths(desired), list }, wanted);
    return list.faults.map(({ path, message }) => ({ path: path.replace('applications[0].', ''), message }));
  }

  /** @returns secrets that were made */
  async #write(target: TargetTenant): Promise<ReadonlyMap<string, string>> {
    const { deps, unit, actor } = this;
    const { configuration } = this.current;
    const vault = this.#vault;
    const changes: readonly Change[] = compareTenant(
      configuration,
      target,
      knownSecrets(this.current, deps.keys, vault),
    );
    const auditTools = { ids: deps.ids, clock: deps.clock, vault };
    const tenantId = configuration.tenant.id;
    const { origin } = this.context;
    const writer = new ChangeWriter(deps, unit, {
      tenantId,
      target,
      current: configuration,
      auditTools,
      actor,
      origin,
    });
    if (changes.length === 0) return writer.made.applications;
    await writer.write(changes);
    await settleRoles(deps, unit, { changes, before: configuration, after: target, auditTools, actor });
    await unit.bumpVersion();
    return writer.made.applications;
  }
}
