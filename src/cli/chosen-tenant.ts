import type { ConnectionId } from '../core/ids.js';
import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import type { Database } from '../storage/database.js';
import { listTenants } from '../storage/health.js';
import type { CommandContext } from './command-context.js';
import { CliError, EXIT } from './exit-codes.js';
import { requireCurrent, withExistingDatabase } from './existing-database.js';
import type { InterruptSignal } from './interrupt.js';

/**
 * The deployment's database for a command that looks at one tenant.
 * @param signals that break `work` off; undefined: all
 */
export function inDatabase<T>(
  context: CommandContext,
  signals: readonly InterruptSignal[] | undefined,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return withExistingDatabase(
    context,
    (state, open) => {
      requireCurrent(state);
      return open(work);
    },
    signals,
  );
}

/** @throws CliError when there is none of the slug, or none is named and there are several */
export async function tenantOf(database: Database, slug: string | undefined): Promise<ConfiguredTenant> {
  const name = slug ?? (await onlyTenant(database));
  const tenant = await new PostgresConfigurationStore(database).find(name);
  if (tenant === undefined) throw new CliError(EXIT.usage, [`there is no tenant '${plainText(name, 60)}'`]);
  return tenant;
}

async function onlyTenant(database: Database): Promise<string> {
  const [only, ...others] = (await listTenants(database)).filter(({ slug }) => slug !== SYSTEM_SLUG);
  if (only === undefined) throw new CliError(EXIT.usage, ['there is no tenant yet']);
  if (others.length > 0)
    throw new CliError(EXIT.usage, [`give --tenant SLUG: there are ${others.length + 1} tenants`]);
  return only.slug;
}

/** @throws CliError when the tenant has no such connection */
export function connectionOf({ configuration }: ConfiguredTenant, key: string): ConnectionId {
  const connection = configuration.connections.find((each) => each.key === key);
  if (connection === undefined)
    throw new CliError(EXIT.usage, [`'${plainText(key, 60)}' is no connection of the tenant`]);
  return connection.id;
}
