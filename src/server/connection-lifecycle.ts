import { systemClock } from '../core/clock.js';
import { groupsCaller } from '../broker/api-groups.js';
import type { Operation } from '../management/api/operation.js';
import { connectionKind } from '../management/routes/configuration/connection-kind.js';
import {
  entryOperations,
  type ConfigurationDeps,
} from '../management/routes/configuration/entry-operations.js';
import { connectionLifecycleOperations } from '../management/routes/connection-lifecycle.js';
import { secretRotationOperations } from '../management/routes/secret-rotation.js';
import { ShownConnections } from '../management/routes/shown-connections.js';
import { upstreamGroupOperations } from '../management/routes/upstream-groups.js';
import type { OktaGroups } from '../rp/okta-groups/okta-groups.js';
import { PostgresApplicationSecretStore } from '../storage/application-secret-store.js';
import { PostgresImpactStore } from '../storage/connection-impact-store.js';
import { PostgresConnectionTestStore } from '../storage/connection-test-store.js';
import type { Database } from '../storage/database.js';
import { PostgresGroupListStore } from '../storage/group-list-store.js';
import { PostgresGroupsApiStore } from '../storage/groups-api-store.js';
import { PostgresSameOrgStore } from '../storage/same-org-store.js';
import { PostgresSetupStatusStore } from '../storage/setup-status-store.js';

/** Connections as resources, and what takes them from draft to enforced. */
export function connectionOperations(
  configuration: ConfigurationDeps,
  { database, oktaGroups }: { readonly database: Database; readonly oktaGroups: OktaGroups },
): readonly Operation[] {
  const deps = {
    ...configuration.apply,
    lifecycles: configuration.lifecycles,
    impacts: new PostgresImpactStore(database),
    rules: configuration.rules,
    failed: {
      status: new PostgresSetupStatusStore(database),
      publicUrl: configuration.publicUrl,
      now: () => systemClock.now(),
    },
  };
  const kind = connectionKind(deps);
  const connections = new ShownConnections(configuration, kind);
  return [
    ...entryOperations(kind, configuration),
    ...connectionLifecycleOperations({
      ...deps,
      transactions: database,
      tests: new PostgresConnectionTestStore(database),
      proofs: new PostgresSameOrgStore(database),
      connections,
    }),
    ...secretRotationOperations({
      ...deps,
      connections,
      applicationSecrets: new PostgresApplicationSecretStore(database),
    }),
    ...upstreamGroupOperations({
      ...configuration.apply,
      connections,
      lists: new PostgresGroupListStore(database),
      groupsApis: new PostgresGroupsApiStore(database),
      async findAtOkta(tenant, connection, stored, begins) {
        const caller = groupsCaller(tenant, connection, stored);
        if (caller !== undefined) return oktaGroups.find(caller.party, caller.access, begins);
        const message =
          'The Groups API was set up for another org than this connection leads to: set it up again.';
        return { trouble: 'not_authorized', message };
      },
    }),
  ];
}
