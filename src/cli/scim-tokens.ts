import { systemClock } from '../core/clock.js';
import { DomainError } from '../core/errors.js';
import { plainText } from '../core/text.js';
import { NO_ORIGIN } from '../domain/audit/audit-event.js';
import { changeTenant, type ChangedTenant } from '../domain/configuration/change-tenant.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import type { DesiredScimToken } from '../domain/configuration/desired.js';
import { tenantAddresses } from '../domain/tenant/addresses.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { listScimTokens, type ScimTokenFacts } from '../storage/scim-tokens.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { expiryOf, type ExpiryOptions } from './expiry.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { createScimTokenRemotely, remoteScimTokens, revokeScimTokenRemotely } from './remote/scim-tokens.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface TokensOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

interface CreateOptions extends TokensOptions, ExpiryOptions {
  readonly name: string;
  /** undefined: the tenant's only one. */
  readonly connection?: string;
}

/** `causeway scim tokens`: a tenant's SCIM tokens, never their values (C12). */
export async function listTokens(context: CommandContext, options: TokensOptions): Promise<ExitCode> {
  const tokens = await eitherWay<readonly Told<ScimTokenFacts>[]>(context, options, {
    remote: async (api) => remoteScimTokens(api, await remoteTenant(api, options.tenant)),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const tenant = await tenantOf(database, options.tenant);
        return told(await listScimTokens(database, tenant.configuration.tenant.id));
      }),
  });
  if (options.json === true) printJson(context.terminal, { scimTokens: tokens });
  else if (tokens.length === 0) context.terminal.out('The tenant has no SCIM tokens.');
  else for (const token of tokens) context.terminal.out(tokenLine(token));
  return EXIT.done;
}

function tokenLine(token: Told<ScimTokenFacts>): string {
  const { name, connection, createdAt, expiresAt, lastUsedAt } = token;
  const expired = expiresAt !== null && new Date(expiresAt) <= systemClock.now();
  const expiry = expiresAt === null ? 'never expires' : `${expired ? 'EXPIRED' : 'expires'} ${expiresAt}`;
  const use = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt}`;
  return `${plainText(name)}  connection ${plainText(connection, 100)}  created ${createdAt}  ${expiry}  ${use}`;
}

/** `causeway scim tokens create`: the token, printed once, and where Okta pushes by it. */
export async function createToken(context: CommandContext, options: CreateOptions): Promise<ExitCode> {
  const { name, connection } = options;
  const wanted = { name, ...(connection === undefined ? {} : { connection }), expiresAt: expiryOf(options) };
  const made = await eitherWay(context, options, {
    remote: async (api) => createScimTokenRemotely(api, await remoteTenant(api, options.tenant), wanted),
    local: () => createHere(context, options, wanted),
  });
  const { token, scimBaseUrl } = made;
  if (options.json === true) printJson(context.terminal, { name, token, scimBaseUrl });
  else {
    context.terminal.out(token);
    context.terminal.err(`SCIM base URL: ${plainText(scimBaseUrl, 1_000)}`);
  }
  return EXIT.done;
}

async function createHere(context: CommandContext, options: TokensOptions, wanted: DesiredScimToken) {
  const { applied, tenant } = await changing(context, options, (current) => {
    const { scimTokens } = current.configuration;
    if (scimTokens.some(({ name }) => name === wanted.name))
      throw new DomainError(
        'already_exists',
        `there is a SCIM token '${plainText(wanted.name, 60)}' already`,
      );
    return [...scimTokens.map(({ name }) => ({ name })), wanted];
  });
  const made = applied.scimTokens.find(({ name }) => name === wanted.name);
  if (made?.token === undefined)
    throw new DomainError('conflict', 'the SCIM token was made, and has just been replaced');
  const { slug } = tenant.configuration.tenant;
  return { token: made.token, scimBaseUrl: tenantAddresses(context.config.publicUrl, slug).scimBaseUrl };
}

/** `causeway scim tokens revoke`: nothing is pushed by it from now on; who was pushed stays. */
export async function revokeToken(
  context: CommandContext,
  name: string,
  options: TokensOptions,
): Promise<ExitCode> {
  const unknown = new CliError(EXIT.usage, [`the tenant has no SCIM token '${plainText(name, 60)}'`]);
  await eitherWay<void>(context, options, {
    async remote(api) {
      const found = await revokeScimTokenRemotely(api, await remoteTenant(api, options.tenant), name);
      if (!found) throw unknown;
    },
    async local() {
      await changing(context, options, ({ configuration }) => {
        const others = configuration.scimTokens.filter((token) => token.name !== name);
        if (others.length === configuration.scimTokens.length) throw unknown;
        return others.map((token) => ({ name: token.name }));
      });
    },
  });
  context.terminal.err('Revoked: nothing is pushed by it any more. Who was pushed stays.');
  return EXIT.done;
}

/** Changes the list of a tenant's SCIM tokens, as a file does. */
async function changing(
  context: CommandContext,
  { tenant }: TokensOptions,
  wanted: (current: ConfiguredTenant) => readonly DesiredScimToken[],
): Promise<ChangedTenant> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const { slug } = (await tenantOf(database, tenant)).configuration.tenant;
    return changeTenant(configurationDeps(database, storage.keyRing, context.ids), slug, {
      rules: { allowHttpLoopback: context.config.loopback },
      actor: context.operator,
      authority: 'host',
      origin: NO_ORIGIN,
      wanted(current) {
        if (current === undefined) throw new DomainError('not_found', `there is no tenant '${slug}'`);
        return { path: '', slug, scimTokens: wanted(current) };
      },
    });
  }, false);
}
