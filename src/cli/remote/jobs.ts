import { setTimeout as sleep } from 'node:timers/promises';
import type { Static } from 'typebox';
import { JobResource } from '../../management/contract/jobs.js';
import { pathOf, type RemoteApi } from './api.js';

type Job = Static<typeof JobResource>;

const POLL_MS = 500;

/** A tenant's jobs, newest first. */
export function remoteJobs(
  api: RemoteApi,
  tenant: string,
  limit: number,
): Promise<{ readonly items: readonly Job[]; readonly isMore: boolean }> {
  return api.list(JobResource, pathOf('tenants', tenant, 'jobs'), { limit });
}

/** One job. @throws RemoteProblem `not_found` */
export function remoteJob(api: RemoteApi, tenant: string, id: string): Promise<Job> {
  return api.get(JobResource, pathOf('tenants', tenant, 'jobs', id));
}

/** Asks a job to stop. @throws RemoteProblem `not_found` */
export function stopRemotely(api: RemoteApi, tenant: string, id: string): Promise<Job> {
  return api.post(JobResource, pathOf('tenants', tenant, 'jobs', id, 'stop'), {});
}

/** Begins a job and waits until it is over; who gives up waiting leaves it at work. */
export async function doneRemotely(api: RemoteApi, tenant: string, path: string): Promise<Job> {
  let job = await api.post(JobResource, path, {});
  while (job.state === 'waiting' || job.state === 'running') {
    // oxlint-disable-next-line no-await-in-loop -- until it is over
    await sleep(POLL_MS);
    // oxlint-disable-next-line no-await-in-loop -- as above
    job = await remoteJob(api, tenant, job.id);
  }
  return job;
}
