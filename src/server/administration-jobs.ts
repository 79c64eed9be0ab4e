import { systemClock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { verifyTenantChain } from '../domain/audit/verify-tenant-chain.js';
import { runJob, type JobWork } from '../domain/job/run-job.js';
import { createCheckpointReader } from '../keys/audit-checkpoint.js';
import { PostgresAuditChainStore } from '../storage/audit-chain-store.js';
import type { Database } from '../storage/database.js';
import { checkpointKeys } from '../storage/health.js';
import { PostgresJobStore } from '../storage/job-store.js';

/** Does a job of the management API, if one waits. */
export function administrationJobs(database: Database, log: Logger): () => Promise<boolean> {
  const jobs = new PostgresJobStore(database);
  const kinds: Readonly<Record<string, JobWork>> = { 'audit.verify': verifyAudit(database) };
  return () => runJob({ jobs, log }, kinds);
}

const verifyAudit =
  (database: Database): JobWork =>
  async ({ tenantId }, progress) => {
    const { systemId, keys } = await checkpointKeys(database);
    const { verified, checkpoints, waiting, fault } = await verifyTenantChain(
      {
        chain: new PostgresAuditChainStore(database),
        checkpoints: createCheckpointReader(systemId ?? '', keys, () => systemClock.now()),
        onProgress: progress,
      },
      tenantId,
    );
    const firstBad = fault === undefined ? null : { seq: fault.seq, problem: fault.problem };
    return { sound: fault === undefined, verified, checkpoints, unchained: waiting, firstBad };
  };
