import { messageOf } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Logger } from '../../core/logger.js';
import type { ClaimedJob, JobStore } from './job.js';

/** What a job's work tells of itself as it goes on. @throws StoppedError when it was asked to stop, or is another's now */
export type Progress = (done: number, total: number | null) => Promise<void>;

/** The work of one kind of job. What it gives is the job's result: facts, nothing secret. */
export type JobWork = (job: ClaimedJob, progress: Progress) => Promise<JsonObject>;

/** Thrown out of a job's work where it tells its progress. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(readonly reason: 'asked' | 'lost') {
    super(`the job was stopped: ${reason}`);
  }
}

/** Without news for so long a job is another node's to do. */
const LEASE_SECONDS = 30;

/**
 * Does one job, if there is one to do.
 * @returns whether there was
 */
export async function runJob(
  deps: { readonly jobs: JobStore; readonly log: Logger },
  kinds: Readonly<Record<string, JobWork>>,
): Promise<boolean> {
  const job = await deps.jobs.claim(LEASE_SECONDS);
  if (job === undefined) return false;
  const work = Object.hasOwn(kinds, job.kind) ? kinds[job.kind] : undefined;
  try {
    if (work === undefined) throw new TypeError(`this release knows no job '${job.kind}'`);
    const result = await work(job, async (done, total) => {
      const news = await deps.jobs.progress(job, { done, total }, LEASE_SECONDS);
      if (news === undefined) throw new StoppedError('lost');
      if (news.stopAsked) throw new StoppedError('asked');
    });
    await deps.jobs.finish(job, { state: 'done', result });
  } catch (error) {
    await end(deps, job, error);
  }
  return true;
}

async function end(
  { jobs, log }: { readonly jobs: JobStore; readonly log: Logger },
  job: ClaimedJob,
  error: unknown,
): Promise<void> {
  if (error instanceof StoppedError) {
    if (error.reason === 'asked') await jobs.finish(job, { state: 'stopped', result: null });
    return;
  }
  log.error('job.failed', { job: job.id, kind: job.kind, error: messageOf(error) });
  await jobs.finish(job, { state: 'failed', result: { reason: 'Something failed on our side.' } });
}
