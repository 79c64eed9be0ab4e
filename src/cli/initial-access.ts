import { systemClock } from '../core/clock.js';
import { plainText } from '../core/text.js';
import type { ApplicationType, GrantType } from '../domain/application/application.js';
import { createInitialAccess } from '../domain/application/create-initial-access.js';
import {
  SERVICES_ONLY,
  type InitialAccessToken,
  type RegistrationBounds,
} from '../domain/application/registration.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { newApplicationSettings } from '../domain/configuration/defaults.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { PostgresRegistrationStore } from '../storage/registration-store.js';
import { tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireDeployment } from './existing-database.js';
import { expiryOf, type ExpiryOptions } from './expiry.js';
import { printJson } from './terminal.js';

interface TenantOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

export interface InitialAccessOptions extends TenantOptions, ExpiryOptions {
  readonly name: string;
  readonly system?: boolean;
  readonly role?: string;
  /** Comma-separated. */
  readonly type?: string;
  readonly grant?: string;
  readonly api?: readonly string[];
  readonly scope?: readonly string[];
}

/** `causeway token create --initial-access`: a token by which machines register applications, shown once. */
export async function createInitialAccessToken(
  context: CommandContext,
  options: InitialAccessOptions,
): Promise<ExitCode> {
  context.refuseRemote(options);
  if (options.system === true || options.role !== undefined)
    throw new CliError(EXIT.usage, ['--initial-access is for one tenant (--tenant SLUG), and has no --role']);
  const bounds = boundsOf(options);
  const expiresAt = expiryOf(options);
  return changing(context, options, async ({ deps, database, tenant }) => {
    const { id } = tenant.configuration.tenant;
    const request = { name: options.name, bounds, expiresAt, actor: context.operator };
    const { token } = await database.withTenant(id, (scope) =>
      createInitialAccess(deps, scope, request, tenant.configuration),
    );
    if (options.json === true) printJson(context.terminal, { token });
    else context.terminal.out(token);
    return EXIT.done;
  });
}

/** An existing deployment that is changed, with what that takes. */
async function changing(
  context: CommandContext,
  options: TenantOptions,
  work: (tools: {
    readonly database: Database;
    readonly tenant: ConfiguredTenant;
    readonly deps: Parameters<typeof createInitialAccess>[0];
  }) => Promise<ExitCode>,
): Promise<ExitCode> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const configuration = configurationDeps(database, storage.keyRing, context.ids);
    const tenant = await tenantOf(database, options.tenant);
    const vault = configuration.keys.openVault(tenant.configuration.tenant.id, tenant.wrappedDataKey);
    const registrations = new PostgresRegistrationStore(database);
    const deps = { ...configuration, registrations, auditTools: { ...configuration, vault } };
    return work({ database, tenant, deps });
  });
}

const TYPES: readonly ApplicationType[] = ['web', 'spa', 'native', 'service'];
const GRANTS: readonly GrantType[] = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'device_code',
  'token_exchange',
];

/** Types without grants bring what new applications of those types have. */
function boundsOf(options: InitialAccessOptions): RegistrationBounds {
  const types = chosen('--type', TYPES, options.type) ?? SERVICES_ONLY.types;
  const usual = new Set(types.flatMap((type) => newApplicationSettings(type).grantTypes));
  return {
    types,
    grants: chosen('--grant', GRANTS, options.grant) ?? GRANTS.filter((grant) => usual.has(grant)),
    apis: [...new Set(options.api)],
    scopes: options.scope === undefined ? null : [...new Set(options.scope)],
  };
}

function chosen<T extends string>(
  flag: string,
  known: readonly T[],
  text: string | undefined,
): readonly T[] | undefined {
  if (text === undefined) return undefined;
  const words = new Set(text.split(',').map((word) => word.trim()));
  const found = known.filter((word) => words.has(word));
  if (found.length === 0 || found.length < words.size)
    throw new CliError(EXIT.usage, [
      `${flag} must be a list of ${known.join(', ')}, with commas between them`,
    ]);
  return found;
}

/** An initial access token in one line. */
export function initialAccessLine({
  id,
  name,
  bounds,
  createdAt,
  expiresAt,
  lastUsedAt,
}: InitialAccessToken): string {
  const expired = expiresAt !== null && expiresAt <= systemClock.now();
  const expiry =
    expiresAt === null ? 'never expires' : `${expired ? 'EXPIRED' : 'expires'} ${expiresAt.toISOString()}`;
  const use = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.toISOString()}`;
  const apis = bounds.apis.length === 0 ? '' : `  apis ${bounds.apis.join(',')}`;
  const scopes = bounds.scopes === null ? '' : `  scopes ${bounds.scopes.join(',') || 'none'}`;
  const may = `registers ${bounds.types.join(',')} with ${bounds.grants.join(',')}${apis}${scopes}`;
  return `${id}  ${plainText(name)}  ${may}  created ${createdAt.toISOString()}  ${expiry}  ${use}`;
}
