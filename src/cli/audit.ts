import { systemClock } from '../core/clock.js';
import { plainText } from '../core/text.js';
import { verifyTenantChain } from '../domain/audit/verify-tenant-chain.js';
import { createCheckpointReader } from '../keys/audit-checkpoint.js';
import { PostgresAuditChainStore } from '../storage/audit-chain-store.js';
import type { Database } from '../storage/database.js';
import { checkpointKeys, listTenants } from '../storage/health.js';
import type { Check } from './checks.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireCurrent, withExistingDatabase } from './existing-database.js';
import { eitherWay, type RemoteApi } from './remote/api.js';
import { verifyRemotely, type JudgedChain } from './remote/audit.js';
import { remoteTenants } from './remote/chosen.js';
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
  const checks = await eitherWay<readonly ChainCheck[]>(context, options, {
    remote: (api) => checkChainsRemotely(api, options.tenant),
    local: () =>
      withExistingDatabase(context, (state, open) => {
        requireCurrent(state);
        return open((database) => checkChains(database, options.tenant));
      }),
  });
  if (options.json === true) printJson(context.terminal, { checks });
  else
    for (const check of checks)
      context.terminal.out(`${check.status} ${check.tenant}: ${plainText(check.detail, 500)}`);
  return checks.every((check) => check.status === 'ok') ? EXIT.done : EXIT.faultsFound;
}

/** One tenant after the other: each is a job of the deployment's nodes. */
async function checkChainsRemotely(api: RemoteApi, only: string | undefined): Promise<readonly ChainCheck[]> {
  const checks: ChainCheck[] = [];
  for (const tenant of only === undefined ? await remoteTenants(api) : [only])
    checks.push(judge(tenant, await verifyRemotely(api, tenant)));
  return checks;
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
  for (const { id, slug } of tenants) {
    const { waiting, fault = null, ...report } = await verifyTenantChain(deps, id);
    checks.push(judge(slug, { ...report, unchained: waiting, firstBad: fault }));
  }
  return checks;
}

function judge(tenant: string, judged: JudgedChain): ChainCheck {
  const { verified, checkpoints, unchained, firstBad } = judged;
  const tail = unchained === 0 ? '' : `; ${unchained} newer events are not chained yet`;
  return {
    id: `audit:${tenant}`,
    status: firstBad === null ? 'ok' : 'fail',
    detail:
      firstBad === null
        ? `${verified} events and ${checkpoints} signed checkpoints are what they were${tail}`
        : `first bad seq ${firstBad.seq}: ${firstBad.problem}${tail}`,
    tenant,
    verified,
    checkpoints,
    unchained,
    firstBadSeq: firstBad?.seq ?? null,
  };
}
