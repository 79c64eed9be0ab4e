import type { ListKey } from '../core/page.js';
import { instantOf } from '../core/instant.js';
import { plainText } from '../core/text.js';
import { readEvent, type ListedEvent } from '../domain/audit/audit-list.js';
import { createKeyMaker } from '../keys/key-maker.js';
import { AuditListQuery } from '../management/contract/audit-events.js';
import { readKeyRing } from '../server/encryption-keys.js';
import { PostgresAuditListStore } from '../storage/audit-list-store.js';
import type { Database } from '../storage/database.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { isOf } from './remote/answers.js';
import { eitherWay } from './remote/api.js';
import { remoteEvents } from './remote/audit.js';
import { remoteTenant } from './remote/chosen.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

/** What narrows the list down, in the words of the management API. */
const FILTERS = [
  'action',
  'actor',
  'target',
  'application',
  'connection',
  'outcome',
  'reason',
  'reference',
  'request',
  'from',
  'until',
] as const;

interface ListOptions extends RemoteOptions, Partial<Record<(typeof FILTERS)[number], string>> {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly oldest?: boolean;
  readonly personal?: boolean;
  readonly limit: string;
  readonly json?: boolean;
}

type Event = Told<Omit<ListedEvent, 'body' | 'sealedPersonal'>> & {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly personal: Readonly<Record<string, unknown>> | null;
};

interface Events {
  readonly items: readonly Event[];
  readonly isMore: boolean;
}

const PAGE = 200;

/** `causeway audit list`: what was done, by whom, to what, and what came of it (H3). */
export async function listAudit(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  const query = queryOf(options);
  const { items, isMore } = await eitherWay<Events>(context, options, {
    remote: async (api) => remoteEvents(api, await remoteTenant(api, options.tenant), { ...query }, limit),
    local: () => inDatabase(context, undefined, (database) => eventsHere(context, database, options, limit)),
  });
  if (options.json === true) printJson(context.terminal, { events: items, isMore });
  else if (items.length === 0) context.terminal.out('There are no such events.');
  else for (const event of items) context.terminal.out(eventLine(event));
  if (isMore && options.json !== true) context.terminal.err('There are more: --limit shows them.');
  return EXIT.done;
}

/** The filters that are given, once they are what the API would take. @throws CliError */
function queryOf(options: ListOptions) {
  const query: Record<string, string | boolean> = {};
  for (const filter of FILTERS) {
    const value = options[filter];
    if (value === undefined) continue;
    if (!isOf(AuditListQuery, { [filter]: value }))
      throw new CliError(EXIT.usage, [`--${filter}: '${plainText(value, 60)}' is none`]);
    query[filter] = value;
  }
  if (options.oldest === true) query['order'] = 'oldest';
  if (options.personal === true) query['personal'] = true;
  return query;
}

async function eventsHere(
  context: CommandContext,
  database: Database,
  options: ListOptions,
  limit: number,
): Promise<Events> {
  const { configuration, wrappedDataKey } = await tenantOf(database, options.tenant);
  const { id } = configuration.tenant;
  const { outcome, request, oldest, personal, tenant: _, ...filters } = options;
  const query = {
    ...filters,
    outcome: (['success', 'refused', 'failure'] as const).find((one) => one === outcome),
    requestId: request,
    from: timeOf('from', options.from),
    until: timeOf('until', options.until),
    order: oldest === true ? ('oldest' as const) : ('newest' as const),
  };
  const store = new PostgresAuditListStore(database);
  const found: ListedEvent[] = [];
  let after: ListKey | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await store.list(id, { ...query, limit: Math.min(PAGE, limit - found.length), after });
    found.push(...page.items);
    after = page.next;
  } while (after !== undefined && found.length < limit);
  const { config, log, ids } = context;
  const vault =
    personal === true
      ? createKeyMaker(await readKeyRing(config.encryptionKeys, config.dataDir, log), ids).openVault(
          id,
          wrappedDataKey,
        )
      : undefined;
  const items = found.map((event) => {
    const { facts, personal: names, ...shown } = readEvent(id, event, vault);
    return { ...told(shown), facts, personal: names };
  });
  return { items, isMore: after !== undefined };
}

function timeOf(filter: string, text: string | undefined): Date | undefined {
  const instant = text === undefined ? undefined : instantOf(text);
  if (text !== undefined && instant === undefined)
    throw new CliError(EXIT.usage, [`--${filter}: there is no such time`]);
  return instant;
}

/** Texts come from outside: nothing of them moves the terminal. */
function eventLine({ id, at, action, outcome, reference, facts, personal }: Event): string {
  const textOf = (name: string): string | undefined => {
    const value = facts[name];
    return typeof value === 'string' && value !== '' ? plainText(value, 200) : undefined;
  };
  const { actor } = facts;
  const by =
    typeof actor === 'object' && actor !== null && 'type' in actor && 'id' in actor
      ? [`by ${plainText(`${String(actor.type)}:${String(actor.id)}`, 200)}`]
      : [];
  const named = ['application', 'connection', 'reason'].flatMap((name) => {
    const value = textOf(name);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  const parts = [
    at,
    id,
    plainText(action, 100),
    plainText(outcome, 20),
    ...by,
    ...[textOf('target')].flatMap((target) => (target === undefined ? [] : [`of ${target}`])),
    ...named,
    ...(reference === null ? [] : [plainText(reference, 60)]),
    ...(personal === null ? [] : [plainText(JSON.stringify(personal), 1_000)]),
  ];
  return parts.join('  ');
}
