import { systemClock } from '../core/clock.js';
import type { ListKey } from '../core/page.js';
import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { endAccess, type AccessTarget, type EndedAccess } from '../domain/session/end-access.js';
import type { SessionFacts } from '../domain/session/session-list.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import { applicationOf, personOf } from './chosen-person.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireDeployment } from './existing-database.js';
import { limitOf } from './limit.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { endRemotely, remoteSessions } from './remote/sessions.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface SessionsOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  /** An id, or a userName. */
  readonly user?: string;
  readonly application?: string;
  readonly connection?: string;
  readonly json?: boolean;
}

export interface ListOptions extends SessionsOptions {
  readonly ended?: boolean;
  readonly limit: string;
}

export interface EndOptions extends SessionsOptions {
  readonly session?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
}

const PAGE = 500;

/** `causeway sessions list`: a tenant's live sessions, newest first, or those that are over (G5). */
export async function listSessions(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  const over = options.ended === true;
  const { items, isMore } = await eitherWay<ListedSessions>(context, options, {
    remote: (api) => remoteSessions(api, options, { over, limit }),
    local: () =>
      inDatabase(context, undefined, (database) => sessionsHere(database, options, { over, limit })),
  });
  printSessions(context, items, { asJson: options.json === true, isMore });
  return EXIT.done;
}

interface ListedSessions {
  readonly items: readonly Told<SessionFacts>[];
  readonly isMore: boolean;
}

async function sessionsHere(
  database: Database,
  { tenant: slug, user, application, connection }: ListOptions,
  { over, limit }: { readonly over: boolean; readonly limit: number },
): Promise<ListedSessions> {
  const store = new PostgresSessionListStore(database);
  const tenant = await tenantOf(database, slug);
  const query = {
    over,
    userId: user === undefined ? undefined : (await personOf(store, tenant, user)).id,
    clientId: application === undefined ? undefined : applicationOf(tenant, application).clientId,
    connectionId: connection === undefined ? undefined : connectionOf(tenant, connection),
  };
  const sessions: SessionFacts[] = [];
  let after: ListKey | undefined;
  do {
    const page = { ...query, limit: Math.min(PAGE, limit - sessions.length), after };
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const { items: more, next } = await store.list(tenant.configuration.tenant.id, page);
    sessions.push(...more);
    after = next;
  } while (after !== undefined && sessions.length < limit);
  return { items: told(sessions), isMore: after !== undefined };
}

function printSessions(
  { terminal }: CommandContext,
  sessions: readonly Told<SessionFacts>[],
  { asJson, isMore }: { readonly asJson: boolean; readonly isMore: boolean },
): void {
  if (asJson) return printJson(terminal, { sessions, isMore });
  if (sessions.length === 0) terminal.out('There are no such sessions.');
  for (const session of sessions) terminal.out(sessionLine(session));
  if (isMore) terminal.err('There are older ones: --limit shows more.');
}

const USER_AGENT_MAX = 120;

/** A session in one line. Names and the browser's own words come from outside: nothing of them moves the terminal. */
function sessionLine(session: Told<SessionFacts>): string {
  const { id, userId, userName, connection, applications, createdAt, ip, userAgent } = session;
  const parts = [
    createdAt,
    plainText(id, 100),
    `${plainText(userName, 100)} (${userId})`,
    `connection ${plainText(connection ?? '-', 100)}`,
    `applications ${applications.length === 0 ? '-' : plainText(applications.join(', '))}`,
    lifeOf(session),
    plainText(ip ?? '-', 60),
    plainText(userAgent ?? '-', USER_AGENT_MAX),
  ];
  return parts.join('  ');
}

function lifeOf({ ended, expiresAt }: Told<SessionFacts>): string {
  if (ended !== null) return `ended ${ended.at} ${plainText(ended.reason, 60)}`;
  const isOver = new Date(expiresAt) <= systemClock.now();
  return `${isOver ? 'expired' : 'expires'} ${expiresAt}`;
}

/** `causeway sessions end`: ends access through the one funnel; running nodes obey at once, since they ask the database. */
export async function endSessions(context: CommandContext, options: EndOptions): Promise<ExitCode> {
  const { session, user, application, connection, all } = options;
  const named = [session, user, application, connection, all === true ? 'all' : undefined];
  if (named.filter((value) => value !== undefined).length !== 1)
    throw new CliError(EXIT.usage, ['give one of --session, --user, --application, --connection and --all']);
  const ended = await eitherWay<Ended>(context, options, {
    async remote(api) {
      const tenant = await remoteTenant(api, options.tenant);
      if (connection !== undefined || all === true) await confirm(context, options, tenant);
      return endRemotely(api, tenant, options);
    },
    local: () => endHere(context, options),
  });
  if (options.json === true) printJson(context.terminal, ended);
  else context.terminal.out(wordsOf(ended));
  return EXIT.done;
}

type Ended = Pick<EndedAccess, 'sessions' | 'grants'>;

async function endHere(context: CommandContext, options: EndOptions): Promise<Ended> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const tenant = await tenantOf(database, options.tenant);
    const { id, slug } = tenant.configuration.tenant;
    const target = await targetOf(new PostgresSessionListStore(database), tenant, options);
    if ('tenant' in target || 'connection' in target) await confirm(context, options, slug);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const auditTools = { ...deps, vault: deps.keys.openVault(id, tenant.wrappedDataKey) };
    return database.withTenant(id, (scope) =>
      endAccess({ ...deps, auditTools }, scope, {
        target,
        reason: 'revoked_by_operator',
        actor: context.operator,
      }),
    );
  }, false);
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const wordsOf = ({ sessions, grants }: Ended): string =>
  `Ended ${counted(sessions, 'session')} and ${counted(grants, 'grant')}.`;

async function targetOf(
  store: PostgresSessionListStore,
  tenant: ConfiguredTenant,
  { session, user, application, connection }: EndOptions,
): Promise<AccessTarget> {
  if (session !== undefined) {
    if ((await store.find(tenant.configuration.tenant.id, session)) === undefined)
      throw new CliError(EXIT.usage, [`'${plainText(session, 60)}' is no session of the tenant`]);
    return { session };
  }
  if (user !== undefined) return { user: (await personOf(store, tenant, user)).id };
  if (application !== undefined) return { application: applicationOf(tenant, application).clientId };
  if (connection !== undefined) return { connection: connectionOf(tenant, connection) };
  return { tenant: 'all' };
}

/** Many people's access ends only when somebody says so twice. */
async function confirm(
  { terminal }: CommandContext,
  { yes, connection }: EndOptions,
  slug: string,
): Promise<void> {
  if (yes === true) return;
  const whose = connection === undefined ? 'everybody' : `everybody of connection ${connection}`;
  if (terminal.ask === undefined)
    throw new CliError(EXIT.usage, [`give --yes: this ends the access of ${whose} in tenant ${slug}`]);
  const answer = await terminal.ask(
    `This ends the access of ${whose} in tenant ${slug}. Type ${slug} to go on: `,
  );
  if (answer.trim() !== slug) throw new CliError(EXIT.usage, ['nothing was done']);
}
