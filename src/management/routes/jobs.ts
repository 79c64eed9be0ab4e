import { DomainError } from '../../core/errors.js';
import { isUuid } from '../../core/ids.js';
import { createJob, stopJob, type ChangeJobDeps } from '../../domain/job/change-job.js';
import type { Job, JobStore } from '../../domain/job/job.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { listOf, listQuery, PAGE_DEFAULT } from '../contract/common.js';
import { JobResource } from '../contract/jobs.js';

export interface JobDeps extends Omit<ChangeJobDeps, 'auditTools'> {
  readonly transactions: TenantTransactions;
  readonly auditTools: Omit<ChangeJobDeps['auditTools'], 'vault'>;
}

const ANSWER = named('Job', JobResource);

/** Long work: begun by a request, done by a node, looked at by its address. */
export function jobOperations(deps: JobDeps): readonly Operation[] {
  const { jobs } = deps;
  return [
    operation({
      id: 'verifyAuditChain',
      method: 'POST',
      path: '/tenants/{tenant}/audit-events/verify',
      summary: 'Recomputes the tenant’s whole chain of audit events, as a job',
      description: 'The result says how many links are right, and names the first that is not.',
      permission: 'audit-events.read',
      status: 202,
      answer: ANSWER,
      handle: (call) => begin(deps, call, 'audit.verify'),
    }),
    operation({
      id: 'listJobs',
      method: 'GET',
      path: '/tenants/{tenant}/jobs',
      summary: 'Lists jobs, newest first',
      permission: 'jobs.read',
      query: listQuery({}),
      list: true,
      answer: named('JobPage', listOf(JobResource)),
      async handle(call, { query }) {
        const after = call.cursors.after(['jobs'], query.cursor);
        const page = await jobs.list(call.tenant.id, { limit: query.limit ?? PAGE_DEFAULT, after });
        return { body: call.cursors.page(['jobs'], page, shown) };
      },
    }),
    operation({
      id: 'getJob',
      method: 'GET',
      path: '/tenants/{tenant}/jobs/{id}',
      summary: 'One job: how far it is, and what came of it',
      permission: 'jobs.read',
      answer: ANSWER,
      handle: async (call, { path }) => answered(await found(jobs, call, String(path['id']))),
    }),
    operation({
      id: 'stopJob',
      method: 'POST',
      path: '/tenants/{tenant}/jobs/{id}/stop',
      summary: 'Asks a job to stop; what is over stays as it is',
      permission: 'jobs.manage',
      answer: ANSWER,
      async handle(call, { path }) {
        const id = String(path['id']);
        await found(jobs, call, id);
        const { actor } = call.caller;
        await deps.transactions.withTenant(call.tenant.id, (scope) =>
          stopJob(toolsOf(deps, call), scope, { id, actor, origin: call.origin }),
        );
        return answered(await found(jobs, call, id));
      },
    }),
  ];
}

async function begin(deps: JobDeps, call: ApiCall, kind: string): Promise<ApiAnswer> {
  const { actor } = call.caller;
  const id = await deps.transactions.withTenant(call.tenant.id, (scope) =>
    createJob(toolsOf(deps, call), scope, { kind, actor, origin: call.origin }),
  );
  const job = await found(deps.jobs, call, id);
  return { ...answered(job), location: `/tenants/${call.tenant.slug}/jobs/${id}` };
}

const toolsOf = (deps: JobDeps, call: ApiCall): ChangeJobDeps => ({
  ...deps,
  auditTools: { ...deps.auditTools, vault: call.tenant.vault },
});

async function found(jobs: JobStore, call: ApiCall, id: string): Promise<Job> {
  const job = isUuid(id) ? await jobs.find(call.tenant.id, id) : undefined;
  if (job === undefined) throw new DomainError('not_found', `There is no job '${id}'.`);
  return job;
}

function shown({ input: _input, ...job }: Job) {
  return job;
}

const answered = (job: Job): ApiAnswer => ({
  body: shown(job),
  version: [job.id, job.state, job.done, job.stopAsked],
});
