import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { KEY_SCHEDULE, type KeyFacts } from '../domain/keys/key-schedule.js';
import {
  beginRotation,
  replaceKeys,
  retireKeys,
  type KeyOutcome,
  type KeySelection,
  type RotateKeysDeps,
} from '../domain/keys/rotate-keys.js';
import type { DueTenant } from '../domain/keys/signing-key-store.js';
import type { SigningKey } from '../domain/keys/signing-key.js';
import { keyRotationDeps } from '../server/key-rotation.js';
import { Database } from '../storage/database.js';
import { listTenants } from '../storage/health.js';
import { PostgresSigningKeyStore } from '../storage/signing-key-store.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireDeployment } from './existing-database.js';
import {
  keyLine,
  outcomeLine,
  shownKey,
  shownOutcome,
  type ShownKey,
  type ShownOutcome,
} from './key-lines.js';
import { eitherWay } from './remote/api.js';
import { remoteKeys, retireRemotely, rotateRemotely } from './remote/keys.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface KeysOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly alg?: string;
  readonly connection?: string;
  readonly json?: boolean;
}

export interface ListKeysOptions extends KeysOptions {
  readonly retired?: boolean;
}

export interface RotateKeysOptions extends KeysOptions {
  readonly allTenants?: boolean;
  readonly emergency?: boolean;
  readonly yes?: boolean;
}

export interface RetireKeysOptions extends KeysOptions {
  readonly emergency?: boolean;
}

const ALGS: readonly SigningKey['alg'][] = ['RS256', 'ES256', 'EdDSA'];

/** `causeway keys list`: a tenant's signing keys, their states and who is served by them; never private halves (B16). */
export async function listKeys(context: CommandContext, options: ListKeysOptions): Promise<ExitCode> {
  const alg = algOf(options.alg);
  const retired = options.retired === true;
  const keys = await eitherWay<readonly Told<ShownKey>[]>(context, options, {
    remote: (api) => remoteKeys(api, { ...options, alg, retired }),
    local: () => inDatabase(context, undefined, (database) => keysHere(database, options, alg)),
  });
  if (options.json === true) printJson(context.terminal, { keys });
  else if (keys.length === 0) context.terminal.out('There are no such keys.');
  else for (const key of keys) context.terminal.out(keyLine(key));
  return EXIT.done;
}

async function keysHere(
  database: Database,
  options: ListKeysOptions,
  alg: SigningKey['alg'] | undefined,
): Promise<readonly Told<ShownKey>[]> {
  const tenant = await tenantOf(database, options.tenant);
  const { connection } = options;
  const connectionId = connection === undefined ? undefined : connectionOf(tenant, connection);
  const { keys } = await new PostgresSigningKeyStore(database).read(tenant.configuration.tenant.id);
  const shown = keys
    .filter((key) => options.retired === true || key.state !== 'retired')
    .filter((key) => alg === undefined || key.alg === alg)
    .filter((key) => connectionId === undefined || key.connectionId === connectionId)
    .toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
    .map((key) => shownKey(key, tenant, KEY_SCHEDULE));
  return told(shown);
}

/** The issuer's first, each algorithm together, in the order in which they were made. */
const orderOf = ({ connectionId, alg, createdAt, id }: KeyFacts): string =>
  `${connectionId ?? ''} ${alg} ${createdAt.toISOString()} ${id}`;

/** `causeway keys rotate`: begins a rotation now; in an emergency the old keys are gone at once. */
export async function rotateKeys(context: CommandContext, options: RotateKeysOptions): Promise<ExitCode> {
  const alg = algOf(options.alg);
  const { allTenants, tenant, connection, emergency = false } = options;
  if (allTenants === true && (tenant !== undefined || connection !== undefined))
    throw new CliError(EXIT.usage, ['--all-tenants goes with neither --tenant nor --connection']);
  if (options.yes === true && (allTenants !== true || !emergency))
    throw new CliError(EXIT.usage, ['--yes goes with --all-tenants and --emergency']);
  if (allTenants === true) return rotateAll(context, options, alg);
  const outcomes = await eitherWay<readonly ShownOutcome[]>(context, options, {
    remote: (api) => rotateRemotely(api, { ...options, alg, emergency }),
    local: () => rotateHere(context, options, alg),
  });
  print(context, options, outcomes);
  return EXIT.done;
}

async function rotateHere(
  context: CommandContext,
  options: RotateKeysOptions,
  alg: SigningKey['alg'] | undefined,
): Promise<readonly ShownOutcome[]> {
  const { tenant, connection } = options;
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = keyRotationDeps(database, storage.keyRing, context.ids);
    const chosen = await tenantOf(database, tenant);
    const connectionId = connection === undefined ? null : connectionOf(chosen, connection);
    const outcomes = await rotateOne(context, deps, options, nameOf(chosen), { alg, connectionId });
    const { keys } = await deps.signingKeys.read(chosen.configuration.tenant.id);
    return outcomes.map((outcome) => {
      const signsAt = keys.find(({ id }) => id === outcome.id)?.dueAt ?? null;
      return shownOutcome(outcome, nameOf(chosen).slug, chosen, signsAt);
    });
  }, false);
}

/** Issuers' keys of all tenants, one after the other: what is done stays done, and is told, where one fails. */
async function rotateAll(
  context: CommandContext,
  options: RotateKeysOptions,
  alg: SigningKey['alg'] | undefined,
): Promise<ExitCode> {
  context.refuseRemote(options);
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = keyRotationDeps(database, storage.keyRing, context.ids);
    const tenants = await listTenants(database);
    if (options.emergency === true) await confirm(context, options, tenants.length);
    const done: ShownOutcome[] = [];
    for (const tenant of tenants) {
      const outcomes = await rotateOne(context, deps, options, tenant, { alg, connectionId: null });
      const shown = outcomes.map((outcome) => shownOutcome(outcome, tenant.slug));
      if (options.json !== true) print(context, options, shown);
      done.push(...shown);
    }
    if (options.json === true) print(context, options, done);
    return EXIT.done;
  }, false);
}

function rotateOne(
  context: CommandContext,
  deps: RotateKeysDeps,
  { emergency }: RotateKeysOptions,
  tenant: DueTenant,
  selection: KeySelection,
): Promise<readonly KeyOutcome[]> {
  const actor = context.operator;
  return emergency === true
    ? replaceKeys(deps, tenant, { selection, actor })
    : beginRotation(deps, tenant, { selection, schedule: KEY_SCHEDULE, actor });
}

/** `causeway keys retire`: takes keys that sign no more out of the key set before what they signed has expired. */
export async function retireSigningKeys(
  context: CommandContext,
  id: string | undefined,
  options: RetireKeysOptions,
): Promise<ExitCode> {
  const alg = algOf(options.alg);
  if (id !== undefined && (alg !== undefined || options.connection !== undefined))
    throw new CliError(EXIT.usage, ['give a key, or --alg and --connection']);
  if (options.emergency !== true)
    throw new CliError(EXIT.usage, [
      'give --emergency: what the key has signed is refused from then on; without it, it retires by itself in time',
    ]);
  const outcomes = await eitherWay<readonly ShownOutcome[]>(context, options, {
    remote: (api) => retireRemotely(api, id, { ...options, alg }),
    local: () => retireHere(context, id, options, alg),
  });
  print(context, options, outcomes);
  return EXIT.done;
}

async function retireHere(
  context: CommandContext,
  id: string | undefined,
  options: RetireKeysOptions,
  alg: SigningKey['alg'] | undefined,
): Promise<readonly ShownOutcome[]> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = keyRotationDeps(database, storage.keyRing, context.ids);
    const tenant = await tenantOf(database, options.tenant);
    const connectionId = options.connection === undefined ? null : connectionOf(tenant, options.connection);
    const selection = { alg, connectionId };
    const outcomes = await retireKeys(deps, nameOf(tenant), { selection, id, actor: context.operator });
    return outcomes.map((outcome) => shownOutcome(outcome, nameOf(tenant).slug));
  }, false);
}

const nameOf = ({ configuration: { tenant } }: ConfiguredTenant): DueTenant => ({
  id: tenant.id,
  slug: tenant.slug,
});

function algOf(text: string | undefined): SigningKey['alg'] | undefined {
  if (text === undefined) return undefined;
  const alg = ALGS.find((each) => each === text);
  if (alg !== undefined) return alg;
  throw new CliError(EXIT.usage, [`--alg must be one of ${ALGS.join(', ')}, not '${plainText(text, 20)}'`]);
}

function print({ terminal }: CommandContext, { json }: KeysOptions, outcomes: readonly ShownOutcome[]): void {
  if (json === true) printJson(terminal, { keys: outcomes });
  else for (const outcome of outcomes) terminal.out(outcomeLine(outcome));
}

/** Everything that all tenants have signed becomes void: said twice. */
async function confirm(
  { terminal }: CommandContext,
  { yes }: RotateKeysOptions,
  count: number,
): Promise<void> {
  if (yes === true) return;
  const what = `this voids what the issuers of all ${count} tenants have signed`;
  if (terminal.ask === undefined) throw new CliError(EXIT.usage, [`give --yes: ${what}`]);
  const answer = await terminal.ask(`T${what.slice(1)}. Type 'all tenants' to go on: `);
  if (answer.trim() !== 'all tenants') throw new CliError(EXIT.usage, ['nothing was done']);
}
