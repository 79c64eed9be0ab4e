import { isUuid } from '../core/ids.js';
import type { ListKey } from '../core/page.js';
import type { TenantScope } from '../core/scope.js';
import { plainText } from '../core/text.js';
import { NO_ORIGIN } from '../domain/audit/audit-event.js';
import type { ConfigurationStore, ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import {
  createSetupLink,
  revokeSetupLink,
  type SetupLinkDeps,
} from '../domain/setup-link/create-setup-link.js';
import {
  SETUP_PARTS,
  toldSetupLink,
  type SetupLink,
  type SetupPart,
} from '../domain/setup-link/setup-link.js';
import type { KeyMaker } from '../domain/keys/key-maker.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { PostgresSetupLinks } from '../storage/setup-links.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { createRemoteLink, remoteLinks, revokeRemoteLink } from './remote/setup-links.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface LinkOptions extends RemoteOptions {
  /** undefined: the deployment's only one. */
  readonly tenant?: string;
  readonly json?: boolean;
}

interface CreateLinkOptions extends LinkOptions {
  readonly connection: string;
  readonly part?: readonly string[];
  readonly mayTurnOn?: boolean;
  readonly note?: string;
  readonly contact?: string;
  /** Seconds. */
  readonly expiresIn?: string;
}

type ToldLink = Told<ReturnType<typeof toldSetupLink>>;

const KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** `causeway setup-link create`: the link, told this once. */
export async function createLink(context: CommandContext, options: CreateLinkOptions): Promise<ExitCode> {
  const { connection, mayTurnOn = false, note = null, contact = null } = options;
  if (!KEY.test(connection))
    throw new CliError(EXIT.usage, [`'${plainText(connection, 60)}' can be no key of a connection`]);
  const lifetimeSeconds = secondsOf(options.expiresIn);
  const parts = partsOf(options.part);
  const wanted = { connection, parts, mayTurnOn, note, contact };
  const made = await eitherWay<ToldLink & { readonly url: string }>(context, options, {
    async remote(api) {
      const lasting = lifetimeSeconds === undefined ? {} : { lifetimeSeconds };
      const tenant = await remoteTenant(api, options.tenant);
      const { url, ...link } = await createRemoteLink(api, tenant, {
        ...wanted,
        parts: [...parts],
        ...lasting,
      });
      if (url === undefined)
        throw new CliError(EXIT.internal, ['the deployment made a link and told it not']);
      return { ...link, url };
    },
    local: () =>
      changing(context, options, async (deps, scope, { configuration }) => {
        const { link, token } = await createSetupLink(deps, scope, {
          ...wanted,
          service: await serviceOf(deps, configuration),
          maker: { authority: 'host', person: null },
          lifetimeSeconds,
          actor: context.operator,
          origin: NO_ORIGIN,
        });
        return { ...told(toldSetupLink(link)), url: `${context.config.publicUrl}/setup/${token}` };
      }),
  });
  if (options.json === true) printJson(context.terminal, made);
  else {
    context.terminal.out(made.url);
    context.terminal.err(`For one browser, the first that starts; until ${made.expiresAt}.`);
  }
  return EXIT.done;
}

const PAGE = 200;

/** `causeway setup-link list`. */
export async function listLinks(context: CommandContext, options: LinkOptions): Promise<ExitCode> {
  const links = await eitherWay<readonly ToldLink[]>(context, options, {
    remote: async (api) => remoteLinks(api, await remoteTenant(api, options.tenant)),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const { configuration } = await tenantOf(database, options.tenant);
        const store = new PostgresSetupLinks(database);
        const found: SetupLink[] = [];
        let after: ListKey | undefined;
        do {
          // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
          const page = await store.list(configuration.tenant.id, { limit: PAGE, after });
          found.push(...page.items);
          after = page.next;
        } while (after !== undefined);
        return found.map((link) => told(toldSetupLink(link)));
      }),
  });
  if (options.json === true) printJson(context.terminal, { setupLinks: links });
  else
    for (const line of links.length === 0 ? ['There are no set-up links.'] : links.map(lineOf))
      context.terminal.out(line);
  return EXIT.done;
}

/** `causeway setup-link revoke`: works at once. */
export async function revokeLink(
  context: CommandContext,
  id: string,
  options: LinkOptions,
): Promise<ExitCode> {
  const unknown = new CliError(EXIT.usage, [`the tenant has no set-up link '${plainText(id, 60)}'`]);
  if (!isUuid(id)) throw unknown;
  await eitherWay(context, options, {
    remote: async (api) => revokeRemoteLink(api, await remoteTenant(api, options.tenant), id),
    async local() {
      await requireDeployment(context);
      await changing(context, options, async (deps, scope) => {
        const link = await deps.links.find(scope.tenantId, id);
        if (link === undefined) throw unknown;
        await revokeSetupLink(deps, scope, { link, actor: context.operator, origin: NO_ORIGIN });
      });
    },
  });
  context.terminal.err('Taken back: its holder can do nothing more. What they entered is kept.');
  return EXIT.done;
}

type LocalDeps = SetupLinkDeps & {
  readonly keys: KeyMaker;
  readonly store: Pick<ConfigurationStore, 'find'>;
};

/** Who sends the link, as the customer knows them: the MSP above, as for a link that the deployment makes by the API. */
async function serviceOf(
  { store }: Pick<LocalDeps, 'store'>,
  { parentSlug }: ConfiguredTenant['configuration'],
): Promise<string | null> {
  if (parentSlug === null) return null;
  return (await store.find(parentSlug))?.configuration.tenant.name ?? null;
}

function changing<T>(
  context: CommandContext,
  options: LinkOptions,
  work: (deps: LocalDeps, scope: TenantScope, tenant: ConfiguredTenant) => Promise<T>,
): Promise<T> {
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const tenant = await tenantOf(database, options.tenant);
    const { id } = tenant.configuration.tenant;
    const auditTools = { ...deps, vault: deps.keys.openVault(id, tenant.wrappedDataKey) };
    const links = new PostgresSetupLinks(database);
    return database.withTenant(id, (scope) => work({ ...deps, links, auditTools }, scope, tenant));
  });
}

function partsOf(wanted: readonly string[] | undefined): readonly SetupPart[] {
  const unknown = wanted?.find((part) => !SETUP_PARTS.some((known) => known === part));
  if (unknown !== undefined)
    throw new CliError(EXIT.usage, [
      `--part: '${plainText(unknown, 60)}' is none of ${SETUP_PARTS.join(', ')}`,
    ]);
  return SETUP_PARTS.filter((part) => wanted?.includes(part) ?? true);
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new CliError(EXIT.usage, ['--expires-in must be a whole number of seconds']);
  return Number(text);
}

/** Names come from outside: nothing of them moves the terminal. */
function lineOf(link: ToldLink): string {
  const {
    id,
    connection,
    parts,
    state,
    note,
    createdBy,
    createdAt,
    expiresAt,
    openedAt,
    openedFrom,
    progress,
  } = link;
  const from = openedFrom?.ip ?? 'somewhere';
  return [
    id,
    state,
    plainText(connection, 64),
    parts.join(','),
    ...(note === null ? [] : [plainText(note, 200)]),
    `made ${createdAt} by ${plainText(createdBy, 100)}`,
    openedAt === null
      ? 'not opened'
      : `opened ${openedAt} from ${plainText(from, 60)}, at step ${progress.step}`,
    `ends ${expiresAt}`,
  ].join('  ');
}
