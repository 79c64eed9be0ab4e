import { systemClock } from '../core/clock.js';
import { verifyTenantChain, type ChainReport } from '../domain/audit/verify-tenant-chain.js';
import { createCheckpointReader } from '../keys/audit-checkpoint.js';
import { PostgresAuditChainStore } from '../storage/audit-chain-store.js';
import type { Database } from '../storage/database.js';
import { checkpointKeys, listTenants } from '../storage/health.js';
import type { Check } from './checks.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireCurrent, withExistingDatabase } from './existing-database.js';
import { printJson } from './terminal.js';

export interface VerifyOptions extends RemoteOptions {
  readonly tenant?: string;
  readonly json?: boolean;
}

/** A tenant's chain, judged. */
export interface ChainCheck extends Check {
  readonly tenant: string;
  /** Links that were recomputed and are right. */
  readonly verified: number;
  readonly checkpoints: number;
  /** Events that the chainer has not reached yet. */
  readonly unchained: number;
  /** The first link that is wrong. */
  readonly firstBadSeq: number | null;
}

/** `causeway audit verify`: recomputes the chains of audit events, and names the first link that is wrong. */
export async function verifyAudit(context: CommandContext, options: VerifyOptions): Promise<ExitCode> {
  context.refuseRemote(options);
  const checks = await withExistingDatabase(context, (state, open) => {
    requireCurrent(state);
    return open((database) => checkChains(database, options.tenant));
  });
  if (options.json === true) printJson(context.terminal, { checks });
  else for (const check of checks) context.terminal.out(`${check.status} ${check.tenant}: ${check.detail}`);
  return checks.every((check) => check.status === 'ok') ? EXIT.done : EXIT.faultsFound;
}

async function checkChains(database: Database, only: string | undefined): Promise<readonly ChainCheck[]> {
  const { systemId, keys } = await checkpointKeys(database);
  const tenants = (await listTenants(database)).filter(({ slug }) => only === undefined || slug === only);
  if (only !== undefined && tenants.length === 0)
    throw new CliError(EXIT.usage, [`there is no tenant '${only}'`]);
  const deps = {
    chain: new PostgresAuditChainStore(database),
    checkpoints: createCheckpointReader(systemId ?? '', keys, () => systemClock.now()),
  };
  const checks: ChainCheck[] = [];
  for (const { id, slug } of tenants) checks.push(judge(slug, await verifyTenantChain(deps, id)));
  return checks;
}

function judge(tenant: string, report: ChainReport): ChainCheck {
  const { verified, checkpoints, waiting, fault } = report;
  const tail = waiting === 0 ? '' : `; ${waiting} newer events are not chained yet`;
  return {
    id: `audit:${tenant}`,
    status: fault === undefined ? 'ok' : 'fail',
    detail:
      fault === undefined
        ? `${verified} events and ${checkpoints} signed checkpoints are what they were${tail}`
        : `first bad seq ${fault.seq}: ${fault.problem}${tail}`,
    tenant,
    verified,
    checkpoints,
    unchained: waiting,
    firstBadSeq: fault?.seq ?? null,
  };
}
