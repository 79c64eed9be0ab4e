import { DomainError } from '../core/errors.js';
import type { TenantScope } from '../core/scope.js';
import { plainText } from '../core/text.js';
import {
  createAccount,
  deleteAccount,
  resetAccount,
  setAccountActive,
  type ChangeAccountDeps,
  type EnrolmentLink,
} from '../domain/account/change-account.js';
import type { AccountFacts } from '../domain/account/local-account.js';
import { CONSOLE_ROLES } from '../domain/role/role.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { configurationDeps } from '../server/configuration.js';
import { PostgresAccountStore } from '../storage/account-store.js';
import { Database } from '../storage/database.js';
import { PostgresLinks } from '../storage/links.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import {
  changeAccountRemotely,
  createRemotely,
  remoteAccounts,
  resetRemotely,
  type ToldLink,
} from './remote/admin.js';
import { eitherWay } from './remote/api.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface AdminOptions extends RemoteOptions {
  /** undefined: the deployment's own. */
  readonly tenant?: string;
  readonly json?: boolean;
}

export interface CreateOptions extends AdminOptions {
  readonly username: string;
  readonly role: string;
  readonly breakGlass?: boolean;
}

interface NamedOptions extends AdminOptions {
  readonly username: string;
}

/** `causeway admin create`: an account, and its person's link. Makes the schema before the first start. */
export async function createAdmin(context: CommandContext, options: CreateOptions): Promise<ExitCode> {
  const role = CONSOLE_ROLES.find(({ key }) => key === options.role)?.key;
  if (role === undefined)
    throw new CliError(EXIT.usage, [
      `'${plainText(options.role, 60)}' is no role of the console: ${CONSOLE_ROLES.map(({ key }) => key).join(', ')}`,
    ]);
  const wanted = {
    userName: options.username,
    purpose: options.breakGlass === true ? ('break-glass' as const) : ('operator' as const),
  };
  const made = await eitherWay<ToldLink>(context, options, {
    remote: (api) => createRemotely(api, tenantNamed(options), { ...wanted, roles: [role] }),
    local: async () =>
      linkHere(
        context,
        await changing(context, options, undefined, (deps, scope) =>
          createAccount(deps, scope, {
            ...wanted,
            roles: [role],
            actor: context.operator,
            authority: 'host',
          }),
        ),
      ),
  });
  return printLink(context, options, made);
}

/** `causeway admin reset`: the account's person begins anew. */
export async function resetAdmin(context: CommandContext, options: NamedOptions): Promise<ExitCode> {
  const made = await eitherWay<ToldLink>(context, options, {
    remote: (api) => resetRemotely(api, tenantNamed(options), options.username),
    async local() {
      await requireDeployment(context);
      const link = await changing(context, options, options.username, (deps, scope, userId) =>
        resetAccount(deps, scope, { userId, actor: context.operator, authority: 'host' }),
      );
      return linkHere(context, link);
    },
  });
  return printLink(context, options, made);
}

/** `causeway admin disable`, `enable`, `delete`. */
export async function changeAdmin(
  context: CommandContext,
  change: 'disable' | 'enable' | 'delete',
  options: NamedOptions,
): Promise<ExitCode> {
  const changed = await eitherWay<boolean>(context, options, {
    remote: (api) => changeAccountRemotely(api, tenantNamed(options), options.username, change),
    async local() {
      await requireDeployment(context);
      return changing(context, options, options.username, async (deps, scope, userId) => {
        const request = { userId, actor: context.operator, authority: 'host' } as const;
        if (change !== 'delete')
          return (await setAccountActive(deps, scope, { ...request, active: change === 'enable' })).changed;
        await deleteAccount(deps, scope, request);
        return true;
      });
    },
  });
  const name = plainText(options.username, 100);
  context.terminal.out(changed ? `${name} is ${change}d.` : `Nothing to do: ${name} is ${change}d.`);
  return EXIT.done;
}

/** More operators than anybody reads. */
const LIST_MAX = 10_000;

/** `causeway admin list`. */
export async function listAdmins(context: CommandContext, options: AdminOptions): Promise<ExitCode> {
  const accounts = await eitherWay<readonly Told<AccountFacts>[]>(context, options, {
    remote: (api) => remoteAccounts(api, tenantNamed(options)),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const { configuration } = await tenantOf(database, tenantNamed(options));
        const store = new PostgresAccountStore(database);
        return told((await store.list(configuration.tenant.id, { limit: LIST_MAX })).items);
      }),
  });
  if (options.json === true) printJson(context.terminal, { accounts });
  else if (accounts.length === 0)
    context.terminal.out(`There is none yet: 'causeway admin create --username NAME' makes one.`);
  else for (const account of accounts) context.terminal.out(accountLine(account));
  return EXIT.done;
}

const tenantNamed = ({ tenant = SYSTEM_SLUG }: AdminOptions): string => tenant;

/** Names come from outside: nothing of them moves the terminal. */
function accountLine(account: Told<AccountFacts>): string {
  const { userName, purpose, active, passkeys, password, recoveryCodes, roles, lastUsedAt } = account;
  const ways = [
    ...(passkeys === 0 ? [] : [`${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'}`]),
    ...(password ? ['password and code'] : []),
  ];
  const parts = [
    plainText(userName, 100),
    purpose,
    roles.length === 0 ? 'no role' : plainText(roles.join(' ')),
    ways.length === 0 ? 'not set up' : ways.join(', '),
    `${recoveryCodes} recovery codes`,
    `last used ${lastUsedAt ?? 'never'}`,
    ...(active ? [] : ['switched off']),
  ];
  return parts.join('  ');
}

/**
 * Runs a command of the domain in the tenant's transaction.
 * @param userName of the account that must be there; undefined: none
 */
async function changing<T>(
  context: CommandContext,
  options: AdminOptions,
  userName: string | undefined,
  work: (deps: ChangeAccountDeps, scope: TenantScope, userId: AccountFacts['userId']) => Promise<T>,
): Promise<T> {
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const { configuration, wrappedDataKey } = await tenantOf(database, tenantNamed(options));
    const { id } = configuration.tenant;
    const accounts = new PostgresAccountStore(database);
    const account = userName === undefined ? undefined : await accounts.findByName(id, userName);
    if (userName !== undefined && account === undefined)
      throw new DomainError('not_found', `there is no local account '${plainText(userName, 60)}'`);
    const auditTools = { ...deps, vault: deps.keys.openVault(id, wrappedDataKey) };
    const all = { ...deps, accounts, links: new PostgresLinks(database), auditTools };
    // Where nobody is named, the command makes somebody.
    const userId = account?.userId ?? context.ids.uuid<AccountFacts['userId']>();
    return database.withTenant(id, (scope) => work(all, scope, userId));
  });
}

const linkHere = ({ config }: CommandContext, { userId, token, expiresAt }: EnrolmentLink): ToldLink => ({
  link: `${config.publicUrl}/console/enrol/${token}`,
  userId,
  expiresAt: expiresAt.toISOString(),
});

function printLink(
  { terminal }: CommandContext,
  options: NamedOptions,
  { link, userId, expiresAt }: ToldLink,
): ExitCode {
  const tenant = tenantNamed(options);
  const { username } = options;
  if (options.json === true) printJson(terminal, { link, userId, username, tenant, expiresAt });
  else {
    terminal.out(link);
    terminal.err(`For ${plainText(username, 100)} alone: it works once, until ${expiresAt}.`);
  }
  return EXIT.done;
}
