import type { TenantContext } from '../http/tenant-context.js';
import { recordHash } from '../op/jwt-handles.js';
import { ClientRate } from '../http/client-rate.js';
import { CLIENT_RATE } from '../http/rate-limit.js';
import { Recorder } from '../scim/recorder.js';
import { ScimServer, type ScimDeps } from '../scim/scim.js';
import { PostgresAccessReviewStore } from '../storage/access-review-store.js';
import { PostgresArtifactStore } from '../storage/artifact-store.js';
import { PostgresClientUseStore } from '../storage/client-use-store.js';
import type { Database } from '../storage/database.js';
import { PostgresProvisioningStore } from '../storage/provisioning-store.js';
import { PostgresScimRequestStore } from '../storage/scim-request-store.js';

type Shared = Pick<ScimDeps, 'access' | 'audit' | 'ids' | 'clock' | 'log' | 'originOf'>;

/** The SCIM server, its flight recorder, and its clients' quotas, over the stores of this node. */
export function composeScim(
  database: Database,
  shared: Shared,
): { readonly scim: ScimServer; readonly scimRecorder: Recorder; readonly scimRate: ClientRate } {
  const scimRecorder = new Recorder(new PostgresScimRequestStore(database), shared.clock, shared.log);
  const scimRate = new ClientRate(CLIENT_RATE, {
    uses: new PostgresClientUseStore(database),
    clock: shared.clock,
    node: shared.ids.uuid(),
  });
  const artifacts = new PostgresArtifactStore(database);
  const scim = new ScimServer({
    ...shared,
    transactions: database,
    provisioning: new PostgresProvisioningStore(database),
    reviews: new PostgresAccessReviewStore(database),
    recorder: scimRecorder,
    clientRate: scimRate,
    now: () => shared.clock.now(),
    accessTokenLives: async (tenant: TenantContext, jti: string) =>
      (await artifacts.tokenRecord(tenant.id, recordHash(jti))) !== undefined,
  });
  return { scim, scimRecorder, scimRate };
}
