import { Type, type Static } from 'typebox';
import { AuditEventResource } from '../../management/contract/audit-events.js';
import { orNull } from '../../management/contract/common.js';
import { CliError, EXIT } from '../exit-codes.js';
import { answerOf, isOf } from './answers.js';
import { pathOf, type RemoteApi } from './api.js';
import { doneRemotely } from './jobs.js';

/** A chain as whoever recomputed it judges it. */
export interface JudgedChain {
  readonly verified: number;
  readonly checkpoints: number;
  readonly unchained: number;
  readonly firstBad: { readonly seq: number; readonly problem: string } | null;
}

const Count = Type.Integer({ minimum: 0 });
const Result = Type.Object({
  verified: Count,
  checkpoints: Count,
  unchained: Count,
  firstBad: orNull(Type.Object({ seq: Count, problem: Type.String() })),
});
const Facts = Type.Object({ result: Result });

/** Has a running deployment recompute a tenant's chain, and waits for that. */
export async function verifyRemotely(api: RemoteApi, tenant: string): Promise<JudgedChain> {
  const job = await doneRemotely(api, tenant, pathOf('tenants', tenant, 'audit-events', 'verify'));
  if (job.state !== 'done' || !isOf(Facts, job))
    throw new CliError(EXIT.internal, [`job ${job.id} has ${job.state}: ask for it again, or see the log`]);
  return answerOf(Facts, job).result;
}

/** Audit events of a tenant that the filters leave. */
export function remoteEvents(
  api: RemoteApi,
  tenant: string,
  query: Readonly<Record<string, string | boolean | undefined>>,
  limit: number,
): Promise<{ readonly items: readonly Static<typeof AuditEventResource>[]; readonly isMore: boolean }> {
  return api.list(AuditEventResource, pathOf('tenants', tenant, 'audit-events'), { query, limit });
}
