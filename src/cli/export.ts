import type { JsonObject } from '../core/json.js';
import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { exportTenant, toYaml, VariableNames } from '../management/apply-file/write-apply-file.js';
import { ExportAnswer } from '../management/contract/configuration.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import type { Database } from '../storage/database.js';
import { listTenants } from '../storage/health.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { eitherWay, LONG_MS, pathOf } from './remote/api.js';
import { terminalJson } from './terminal.js';

export interface ExportOptions extends RemoteOptions {
  /** undefined: all. */
  readonly tenant?: string;
  readonly secrets?: string;
  readonly json?: boolean;
}

interface ConfigurationFile {
  readonly tenants: readonly JsonObject[];
}

/** Whatever the length: a line is cut nowhere. */
const LINE_MAX = Number.MAX_SAFE_INTEGER;

const KEPT = [
  'Secrets are not in this file. Applied where it comes from, it leaves them as they are. A new deployment makes those of',
  "applications and SCIM tokens itself; it needs those of connections: 'export --secrets env' names a variable for each.",
];
const NAMED = ['Secrets are not in this file: set these environment variables before it is applied.'];

/** `causeway export`: the configuration as a file of `apply` (F8, E7). MSPs come before their customers. */
export async function exportConfiguration(
  context: CommandContext,
  options: ExportOptions,
): Promise<ExitCode> {
  const { secrets, json, tenant } = options;
  if (secrets !== undefined && secrets !== 'env') throw new CliError(EXIT.usage, ["--secrets takes 'env'"]);
  const file = await eitherWay<ConfigurationFile>(context, options, {
    remote: (api) =>
      api.get(ExportAnswer, pathOf('configuration', 'export'), {
        query: { tenant, secrets },
        deadlineMs: LONG_MS,
      }),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const variables = secrets === 'env' ? new VariableNames() : undefined;
        const tenants = await chosen(database, tenant);
        return { tenants: tenants.map((one) => exportTenant(one, variables)) };
      }),
  });
  const comment = secrets === 'env' ? [...NAMED, ...variablesOf(file)] : KEPT;
  if (json === true) context.terminal.out(terminalJson(file, 2));
  // No entry's name or value holds what a terminal obeys: a deployment elsewhere that says so is not obeyed either.
  else
    for (const line of toYaml(file, comment).trimEnd().split('\n'))
      context.terminal.out(plainText(line, LINE_MAX));
  return EXIT.done;
}

/** The variables that the file names, in its order. */
function variablesOf(file: ConfigurationFile): readonly string[] {
  const names: string[] = [];
  JSON.stringify(file, (key, value: unknown) => {
    if (key === 'env' && typeof value === 'string') names.push(value);
    return value;
  });
  return names;
}

const depth = ({ configuration }: ConfiguredTenant): number => (configuration.parentSlug === null ? 0 : 1);

async function chosen(database: Database, wanted: string | undefined): Promise<readonly ConfiguredTenant[]> {
  if (wanted !== undefined) return [await tenantOf(database, wanted)];
  const store = new PostgresConfigurationStore(database);
  const tenants: ConfiguredTenant[] = [];
  for (const { slug } of await listTenants(database)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other: all at once would be a crowd of connections
    const tenant = slug === SYSTEM_SLUG ? undefined : await store.find(slug);
    if (tenant !== undefined) tenants.push(tenant);
  }
  return tenants.toSorted((one, other) => depth(one) - depth(other));
}
