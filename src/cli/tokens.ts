import { systemClock } from '../core/clock.js';
import { isUuid } from '../core/ids.js';
import type { ListKey } from '../core/page.js';
import { plainText } from '../core/text.js';
import { deleteApiToken } from '../domain/api-token/create-api-token.js';
import type { ApiTokenFacts } from '../domain/api-token/token-list.js';
import { revokeInitialAccess } from '../domain/application/create-initial-access.js';
import type { InitialAccessToken } from '../domain/application/registration.js';
import { NO_ORIGIN } from '../domain/audit/audit-event.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { configurationDeps } from '../server/configuration.js';
import { PostgresApiTokenStore } from '../storage/api-token-store.js';
import { Database } from '../storage/database.js';
import { PostgresRegistrationStore } from '../storage/registration-store.js';
import { PostgresTokenListStore } from '../storage/token-list-store.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireDeployment } from './existing-database.js';
import { initialAccessLine } from './initial-access.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { RemoteProblem } from './remote/problem.js';
import { remoteTokens, revokeRemotely } from './remote/tokens.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface TokensOptions extends RemoteOptions {
  readonly system?: boolean;
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

interface Tokens {
  readonly apiTokens: readonly Told<ApiTokenFacts>[];
  /** Absent: the API has no list of them. */
  readonly initialAccessTokens?: readonly InitialAccessToken[];
}

const PAGE = 200;

/** `causeway token list`: a tenant's tokens for the management API and for registering applications, never their values. */
export async function listTokens(context: CommandContext, options: TokensOptions): Promise<ExitCode> {
  const slug = slugOf(options);
  const tokens = await eitherWay<Tokens>(context, options, {
    remote: async (api) => ({ apiTokens: await remoteTokens(api, await remoteTenant(api, slug)) }),
    local: () => inDatabase(context, undefined, (database) => tokensHere(database, slug)),
  });
  const { terminal } = context;
  const { apiTokens, initialAccessTokens = [] } = tokens;
  if (options.json === true) printJson(terminal, tokens);
  else {
    const lines = [...apiTokens.map(apiTokenLine), ...initialAccessTokens.map(initialAccessLine)];
    for (const line of lines.length === 0 ? ['There are no tokens.'] : lines) terminal.out(line);
  }
  if (tokens.initialAccessTokens === undefined)
    terminal.err('Tokens for registering applications are listed where the deployment is configured.');
  return EXIT.done;
}

/** @throws CliError when it is told twice */
function slugOf({ system, tenant }: TokensOptions): string | undefined {
  if (system !== true) return tenant;
  if (tenant !== undefined) throw new CliError(EXIT.usage, ['give --system or --tenant SLUG, not both']);
  return SYSTEM_SLUG;
}

async function tokensHere(database: Database, slug: string | undefined): Promise<Tokens> {
  const { configuration } = await tenantOf(database, slug);
  const { id } = configuration.tenant;
  const lists = new PostgresTokenListStore(database);
  const apiTokens: ApiTokenFacts[] = [];
  let after: ListKey | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await lists.apiTokens(id, { limit: PAGE, after });
    apiTokens.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  const initialAccessTokens = await new PostgresRegistrationStore(database).listTokens(id);
  return { apiTokens: told(apiTokens), initialAccessTokens };
}

function apiTokenLine(token: Told<ApiTokenFacts>): string {
  const { id, name, role, scopes, createdAt, createdBy, expiresAt, lastUsedAt } = token;
  const isExpired = expiresAt !== null && new Date(expiresAt) <= systemClock.now();
  const parts = [
    id,
    plainText(name),
    role,
    ...(scopes === null ? [] : [`scopes ${plainText(scopes.join(','), 1_000)}`]),
    `created ${createdAt} by ${plainText(createdBy, 100)}`,
    expiresAt === null ? 'never expires' : `${isExpired ? 'EXPIRED' : 'expires'} ${expiresAt}`,
    lastUsedAt === null ? 'never used' : `last used ${lastUsedAt}`,
  ];
  return parts.join('  ');
}

/** `causeway token revoke`: from now on a token for the management API is unknown, and nothing is registered by another. */
export async function revokeToken(
  context: CommandContext,
  id: string,
  options: TokensOptions,
): Promise<ExitCode> {
  const slug = slugOf(options);
  const kind = await eitherWay<TokenKind | undefined>(context, options, {
    async remote(api) {
      try {
        await revokeRemotely(api, await remoteTenant(api, slug), id);
        return 'api';
      } catch (error) {
        if (error instanceof RemoteProblem && error.code === 'not_found') return undefined;
        throw error;
      }
    },
    local: () => revokeHere(context, id, slug),
  });
  if (kind === undefined) throw new CliError(EXIT.usage, [`the tenant has no token '${plainText(id, 60)}'`]);
  context.terminal.err(REVOKED[kind]);
  return EXIT.done;
}

type TokenKind = 'api' | 'initial_access';

const REVOKED: Readonly<Record<TokenKind, string>> = {
  api: 'Revoked: nobody is let in by it any more.',
  initial_access:
    'Revoked. What was registered by it goes on; delete that by its own tokens, or take it over.',
};

async function revokeHere(
  context: CommandContext,
  id: string,
  slug: string | undefined,
): Promise<TokenKind | undefined> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const { configuration, wrappedDataKey } = await tenantOf(database, slug);
    const { id: tenantId } = configuration.tenant;
    const auditTools = { ...deps, vault: deps.keys.openVault(tenantId, wrappedDataKey) };
    const tokens = new PostgresApiTokenStore(database);
    const registrations = new PostgresRegistrationStore(database);
    const request = { id, actor: context.operator, origin: NO_ORIGIN };
    if (!isUuid(id)) return undefined;
    const isForApi = (await tokens.find(tenantId, id)) !== undefined;
    return database.withTenant(tenantId, async (scope) => {
      if (isForApi) {
        await deleteApiToken({ ...deps, tokens, auditTools }, scope, request);
        return 'api';
      }
      const found = await revokeInitialAccess({ ...deps, registrations, auditTools }, scope, request);
      return found ? 'initial_access' : undefined;
    });
  }, false);
}
