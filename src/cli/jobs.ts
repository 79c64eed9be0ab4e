import { DomainError } from '../core/errors.js';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListKey } from '../core/page.js';
import { plainText } from '../core/text.js';
import { NO_ORIGIN } from '../domain/audit/audit-event.js';
import { stopJob } from '../domain/job/change-job.js';
import type { Job } from '../domain/job/job.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { PostgresJobStore } from '../storage/job-store.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { remoteJob, remoteJobs, stopRemotely } from './remote/jobs.js';
import { printJson, terminalJson } from './terminal.js';
import { told, type Told } from './told.js';

interface JobOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

type ToldJob = Told<Omit<Job, 'input' | 'result'>> & { readonly result: Job['result'] };

const PAGE = 200;

/** `causeway jobs list`: work that outlives the request that asked for it, newest first. */
export async function listJobs(
  context: CommandContext,
  options: JobOptions & { readonly limit: string },
): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  const { items, isMore } = await eitherWay<{
    readonly items: readonly ToldJob[];
    readonly isMore: boolean;
  }>(context, options, {
    remote: async (api) => remoteJobs(api, await remoteTenant(api, options.tenant), limit),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const { configuration } = await tenantOf(database, options.tenant);
        const jobs = await latestJobs(database, configuration.tenant.id, limit + 1);
        return { items: jobs.slice(0, limit).map(toldJob), isMore: jobs.length > limit };
      }),
  });
  if (options.json === true) printJson(context.terminal, { jobs: items, isMore });
  else if (items.length === 0) context.terminal.out('There are no jobs.');
  else for (const job of items) context.terminal.out(jobLine(job));
  if (isMore && options.json !== true) context.terminal.err('There are more: --limit shows them.');
  return EXIT.done;
}

async function latestJobs(database: Database, tenantId: TenantId, limit: number): Promise<readonly Job[]> {
  const store = new PostgresJobStore(database);
  const jobs: Job[] = [];
  let after: ListKey | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await store.list(tenantId, { limit: Math.min(PAGE, limit - jobs.length), after });
    jobs.push(...page.items);
    after = page.next;
  } while (after !== undefined && jobs.length < limit);
  return jobs;
}

/** `causeway jobs show`: how far one is, and what came of it. */
export async function showJob(context: CommandContext, id: string, options: JobOptions): Promise<ExitCode> {
  const job = await eitherWay<ToldJob>(context, options, {
    remote: async (api) => remoteJob(api, await remoteTenant(api, options.tenant), id),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const { configuration } = await tenantOf(database, options.tenant);
        return toldJob(await jobOf(database, configuration.tenant.id, id));
      }),
  });
  print(context, options, job);
  return EXIT.done;
}

/** `causeway jobs stop`: at its next step; what is over stays as it is. */
export async function stopJobOf(context: CommandContext, id: string, options: JobOptions): Promise<ExitCode> {
  const job = await eitherWay<ToldJob>(context, options, {
    remote: async (api) => stopRemotely(api, await remoteTenant(api, options.tenant), id),
    local: () => stopHere(context, id, options),
  });
  print(context, options, job);
  return EXIT.done;
}

async function stopHere(context: CommandContext, id: string, options: JobOptions): Promise<ToldJob> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const { configuration, wrappedDataKey } = await tenantOf(database, options.tenant);
    const { id: tenantId } = configuration.tenant;
    await jobOf(database, tenantId, id);
    const tools = {
      ...deps,
      jobs: new PostgresJobStore(database),
      auditTools: { ...deps, vault: deps.keys.openVault(tenantId, wrappedDataKey) },
    };
    await database.withTenant(tenantId, (scope) =>
      stopJob(tools, scope, { id, actor: context.operator, origin: NO_ORIGIN }),
    );
    return toldJob(await jobOf(database, tenantId, id));
  }, false);
}

async function jobOf(database: Database, tenantId: TenantId, id: string): Promise<Job> {
  const job = isUuid(id) ? await new PostgresJobStore(database).find(tenantId, id) : undefined;
  if (job === undefined) throw new DomainError('not_found', `there is no job '${plainText(id, 60)}'`);
  return job;
}

const toldJob = ({ input: _input, result, ...job }: Job): ToldJob => ({ ...told(job), result });

function print({ terminal }: CommandContext, { json }: JobOptions, job: ToldJob): void {
  if (json === true) {
    printJson(terminal, job);
    return;
  }
  terminal.out(jobLine(job));
  if (job.result !== null) terminal.out(terminalJson(job.result, 2));
}

function jobLine({
  id,
  kind,
  state,
  done,
  total,
  stopAsked,
  createdBy,
  createdAt,
  finishedAt,
}: ToldJob): string {
  const parts = [
    createdAt,
    id,
    plainText(kind, 60),
    state,
    total === null ? `${done} done` : `${done} of ${total} done`,
    `by ${plainText(createdBy, 100)}`,
    ...(finishedAt === null ? [] : [`over ${finishedAt}`]),
    ...(stopAsked && finishedAt === null ? ['is to stop'] : []),
  ];
  return parts.join('  ');
}
