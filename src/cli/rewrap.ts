import { messageOf } from '../core/errors.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { SealError } from '../keys/sealing.js';
import { configurationDeps } from '../server/configuration.js';
import type { Storage } from '../server/open-storage.js';
import { Database } from '../storage/database.js';
import { PostgresDataKeys, type StoredDataKey } from '../storage/data-keys.js';
import { tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { requireDeployment } from './existing-database.js';
import { printJson } from './terminal.js';

export interface RewrapOptions extends RemoteOptions {
  readonly json?: boolean;
}

const PAGE = 200;

/**
 * `causeway keys rewrap`: seals every tenant's data key by the first of `ENCRYPTION_KEYS`, so that the others can go
 * (F-17). Each is its own step: a run that was broken off is simply run again. Nodes that serve notice nothing.
 * @returns `faultsFound` when some are still under another key
 */
export async function rewrapDataKeys(context: CommandContext, options: RewrapOptions): Promise<ExitCode> {
  context.refuseRemote(options);
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const dataKeys = new PostgresDataKeys(database);
    const prefix = storage.keyRing.firstPrefix;
    const before = await dataKeys.count(prefix);
    const rewrapped = await rewrapAll(context, storage, dataKeys, before.others);
    // Asked anew: a node that has not been restarted yet may have made a tenant under the key of before.
    const after = await dataKeys.count(prefix);
    if (rewrapped > 0) await record(context, storage, database, { rewrapped, left: after.others });
    const told = { tenants: after.all, rewrapped, onOtherKeys: after.others };
    if (options.json === true) printJson(context.terminal, told);
    else
      context.terminal.out(
        `Rewrapped ${rewrapped}; ${after.others} of ${after.all} data keys are on old keys.`,
      );
    return after.others === 0 ? EXIT.done : EXIT.faultsFound;
  }, false);
}

async function rewrapAll(
  { terminal }: CommandContext,
  { keyRing }: Storage,
  dataKeys: PostgresDataKeys,
  total: number,
): Promise<number> {
  let rewrapped = 0;
  let last: StoredDataKey | undefined;
  do {
    const page = await dataKeys.others(keyRing.firstPrefix, last?.id ?? null, PAGE);
    for (const key of page) {
      try {
        if (await dataKeys.replace(key, keyRing.rewrap(key.id, key.wrapped))) rewrapped += 1;
      } catch (error) {
        // One tenant that can't be opened keeps no other under an old key.
        if (!(error instanceof SealError)) throw error;
        terminal.err(`${key.slug}: ${messageOf(error)}`);
      }
    }
    last = page.at(-1);
    if (last !== undefined) terminal.err(`${rewrapped} of ${total}`);
  } while (last !== undefined);
  return rewrapped;
}

async function record(
  context: CommandContext,
  { keyRing }: Storage,
  database: Database,
  details: { readonly rewrapped: number; readonly left: number },
): Promise<void> {
  const { configuration, wrappedDataKey } = await tenantOf(database, SYSTEM_SLUG);
  const { id } = configuration.tenant;
  const deps = configurationDeps(database, keyRing, context.ids);
  const auditTools = { ...deps, vault: deps.keys.openVault(id, wrappedDataKey) };
  const entry = auditEntry({
    action: 'data_keys.rewrapped',
    actor: context.operator,
    details: { ...details },
  });
  await deps.audit.appendAlone(id, [recordOf(id, entry, auditTools)]);
}
