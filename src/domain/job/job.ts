import type { TenantId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { TenantScope } from '../../core/scope.js';

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'stopped';

/** Work that outlives the request that asked for it. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly input: JsonObject;
  readonly done: number;
  /** null: not known. */
  readonly total: number | null;
  readonly result: JsonObject | null;
  readonly stopAsked: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** A job that is one node's to do now. */
export interface ClaimedJob {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly kind: string;
  readonly input: JsonObject;
  /** Whoever claims it later has a greater one: what is written with a lesser is refused (F-24). */
  readonly fence: number;
}

/** Jobs and who does them. A lease that isn't renewed ends, and the job is done again by another node. */
export interface JobStore {
  create(scope: TenantScope, job: Pick<Job, 'id' | 'kind' | 'input' | 'createdBy'>): Promise<void>;
  find(tenantId: TenantId, id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(tenantId: TenantId, page: PageRequest): Promise<ListPage<Job>>;
  /** Takes the oldest job that nobody does. */
  claim(leaseSeconds: number): Promise<ClaimedJob | undefined>;
  /** Tells how far it is, and keeps the lease. @returns undefined: it is another's now */
  progress(
    job: ClaimedJob,
    at: { readonly done: number; readonly total: number | null },
    leaseSeconds: number,
  ): Promise<{ readonly stopAsked: boolean } | undefined>;
  /** @returns false: it was another's, and nothing was written */
  finish(
    job: ClaimedJob,
    end: { readonly state: 'done' | 'failed' | 'stopped'; readonly result: JsonObject | null },
  ): Promise<boolean>;
  /** @returns false: there is no such job, or it is over */
  askStop(scope: TenantScope, id: string): Promise<boolean>;
}
