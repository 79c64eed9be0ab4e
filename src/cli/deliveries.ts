import { plainText } from '../core/text.js';
import {
  DELIVERY_STATES,
  type DeadLetterTarget,
  type DeliveryFacts,
  type DeliveryState,
} from '../domain/delivery/delivery-list.js';
import { RETRIED_MAX, retryDeadLetters } from '../domain/delivery/retry-dead-letters.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { PostgresDeliveryListStore } from '../storage/delivery-list-store.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { eitherWay } from './remote/api.js';
import { remoteDeliveries, retryRemotely } from './remote/deliveries.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface DeliveriesOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  /** clientId; also of an application that is gone. */
  readonly application?: string;
  readonly json?: boolean;
}

export interface ListOptions extends DeliveriesOptions {
  readonly state?: string;
  readonly limit: string;
}

export interface RetryOptions extends DeliveriesOptions {
  readonly id?: string;
  readonly all?: boolean;
}

/** `causeway deliveries list`: what applications were told, or are still to be told (F-23). */
export async function listDeliveries(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  const query = { application: options.application, state: stateOf(options.state) };
  const { items, isMore } = await eitherWay<ListedDeliveries>(context, options, {
    remote: (api) => remoteDeliveries(api, options.tenant, query, limit),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const { configuration } = await tenantOf(database, options.tenant);
        const store = new PostgresDeliveryListStore(database);
        const found = await store.list(configuration.tenant.id, { ...query, limit: limit + 1 });
        return { items: told(found.slice(0, limit)), isMore: found.length > limit };
      }),
  });
  const { terminal } = context;
  if (options.json === true) printJson(terminal, { deliveries: items, isMore });
  else {
    if (items.length === 0) terminal.out('There are no such deliveries.');
    for (const delivery of items) terminal.out(deliveryLine(delivery));
    if (isMore) terminal.err('There are older ones: --limit shows more.');
  }
  return EXIT.done;
}

interface ListedDeliveries {
  readonly items: readonly Told<DeliveryFacts>[];
  readonly isMore: boolean;
}

function stateOf(text: string | undefined): DeliveryState | undefined {
  const state = DELIVERY_STATES.find((one) => one === text);
  if (text !== undefined && state === undefined)
    throw new CliError(EXIT.usage, [`--state must be one of ${DELIVERY_STATES.join(', ')}`]);
  return state;
}

function deliveryLine(delivery: Told<DeliveryFacts>): string {
  const { id, createdAt, application, subject, reason, attempts, lastError } = delivery;
  const parts = [
    createdAt,
    id,
    `application ${plainText(application, 100)}`,
    `person ${plainText(subject, 60)}`,
    plainText(reason, 60),
    stateText(delivery),
    `attempts ${attempts}`,
    ...(lastError === null ? [] : [`last error ${plainText(lastError, 60)}`]),
  ];
  return parts.join('  ');
}

function stateText({ state, dueAt, settledAt }: Told<DeliveryFacts>): string {
  const at = dueAt ?? settledAt;
  return `${state}${at === null ? '' : ` ${dueAt === null ? 'since' : 'until'} ${at}`}`;
}

/** `causeway deliveries retry`: puts dead letters back; a running node sends them at once. */
export async function retryDeliveries(context: CommandContext, options: RetryOptions): Promise<ExitCode> {
  const target = targetOf(options);
  const { retried, idle } = await eitherWay<Retried>(context, options, {
    remote: async (api) => ({
      retried: await retryRemotely(api, options.tenant, target),
      idle: 'Nothing to do: there is no such dead letter.',
    }),
    local: () => retryHere(context, options, target),
  });
  if (options.json === true) printJson(context.terminal, { retried });
  else context.terminal.out(retried === 0 ? idle : retriedText(retried));
  return EXIT.done;
}

interface Retried {
  readonly retried: number;
  /** What is said where there was nothing to do. */
  readonly idle: string;
}

async function retryHere(
  context: CommandContext,
  options: RetryOptions,
  target: DeadLetterTarget,
): Promise<Retried> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const tenant = await tenantOf(database, options.tenant);
    const { id } = tenant.configuration.tenant;
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const deliveries = new PostgresDeliveryListStore(database);
    const auditTools = { ...deps, vault: deps.keys.openVault(id, tenant.wrappedDataKey) };
    const request = { target, actor: context.operator };
    let retried = 0;
    let more: number;
    do {
      // oxlint-disable-next-line no-await-in-loop -- no transaction grows with what has piled up
      more = await database.withTenant(id, (scope) =>
        retryDeadLetters({ ...deps, deliveries, auditTools }, scope, request),
      );
      retried += more;
    } while (more === RETRIED_MAX);
    return { retried, idle: retried > 0 ? '' : await idleText(deliveries, tenant, target) };
  }, false);
}

function targetOf({ id, application, all }: RetryOptions): DeadLetterTarget {
  const named = [id, application, all === true ? 'all' : undefined].filter((value) => value !== undefined);
  if (named.length !== 1) throw new CliError(EXIT.usage, ['give one of --id, --application and --all']);
  if (id !== undefined) return { id };
  return application === undefined ? 'all' : { application };
}

const retriedText = (count: number): string =>
  `Put ${count} dead letter${count === 1 ? '' : 's'} back: a running node sends ${count === 1 ? 'it' : 'them'} now.`;

/** @throws CliError when an id is no delivery's */
async function idleText(
  deliveries: PostgresDeliveryListStore,
  { configuration }: ConfiguredTenant,
  target: DeadLetterTarget,
): Promise<string> {
  if (target === 'all' || 'application' in target) return 'Nothing to do: there are no dead letters.';
  const [delivery] = await deliveries.list(configuration.tenant.id, { id: target.id, limit: 1 });
  if (delivery === undefined)
    throw new CliError(EXIT.usage, [`'${plainText(target.id, 60)}' is no delivery of the tenant`]);
  return `Nothing to do: it is ${stateText(told(delivery))}.`;
}
