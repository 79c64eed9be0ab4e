import { DomainError } from '../core/errors.js';
import { createApiToken } from '../domain/api-token/create-api-token.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { configurationDeps } from '../server/configuration.js';
import { PostgresApiTokenStore } from '../storage/api-token-store.js';
import { Database } from '../storage/database.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { expiryOf, type ExpiryOptions } from './expiry.js';
import { eitherWay } from './remote/api.js';
import { createRemoteToken } from './remote/tokens.js';
import { printJson } from './terminal.js';

export interface TokenOptions extends RemoteOptions, ExpiryOptions {
  readonly system?: boolean;
  readonly tenant?: string;
  readonly role?: string;
  readonly name: string;
  readonly json?: boolean;
}

/**
 * `causeway token create`: a token for the management API, shown once. Makes the schema before the first
 * start.
 */
export async function createToken(context: CommandContext, options: TokenOptions): Promise<ExitCode> {
  if ((options.system === true) === (options.tenant !== undefined))
    throw new CliError(EXIT.usage, ['give --system, or --tenant SLUG']);
  const slug = options.tenant ?? SYSTEM_SLUG;
  const { role, name } = options;
  if (role === undefined) throw new CliError(EXIT.usage, ['give --role, such as console:owner']);
  const wanted = { role, name, expiresAt: expiryOf(options) };
  const token = await eitherWay(context, options, {
    remote: (api) => createRemoteToken(api, slug, wanted),
    local: () => createHere(context, slug, wanted),
  });
  if (options.json === true) printJson(context.terminal, { token });
  else context.terminal.out(token);
  return EXIT.done;
}

async function createHere(
  context: CommandContext,
  slug: string,
  wanted: { readonly role: string; readonly name: string; readonly expiresAt: Date | null },
): Promise<string> {
  const { token } = await context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const tenant = await deps.store.find(slug);
    if (tenant === undefined) throw new DomainError('not_found', `there is no tenant '${slug}'`);
    const { id } = tenant.configuration.tenant;
    const auditTools = { ...deps, vault: deps.keys.openVault(id, tenant.wrappedDataKey) };
    const tokens = new PostgresApiTokenStore(database);
    return database.withTenant(id, (scope) =>
      createApiToken({ ...deps, tokens, auditTools }, scope, { ...wanted, actor: context.operator }),
    );
  });
  return token;
}
