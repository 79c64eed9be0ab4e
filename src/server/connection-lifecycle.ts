import type { Operation } from '../management/api/operation.js';
import { connectionKind } from '../management/routes/configuration/connection-kind.js';
import {
  entryOperations,
  type ConfigurationDeps,
} from '../management/routes/configuration/entry-operations.js';
import { connectionLifecycleOperations } from '../management/routes/connection-lifecycle.js';
import { secretRotationOperations } from '../management/routes/secret-rotation.js';
import { ShownConnections } from '../management/routes/shown-connections.js';
import { PostgresApplicationSecretStore } from '../storage/application-secret-store.js';
import { PostgresImpactStore } from '../storage/connection-impact-store.js';
import { PostgresConnectionTestStore } from '../storage/connection-test-store.js';
import type { Database } from '../storage/database.js';
import { PostgresSameOrgStore } from '../storage/same-org-store.js';

/** Connections as resources, and what takes them from draft to enforced. */
export function connectionOperations(
  configuration: ConfigurationDeps,
  { database }: { readonly database: Database },
): readonly Operation[] {
  const deps = {
    ...configuration.apply,
    lifecycles: configuration.lifecycles,
    impacts: new PostgresImpactStore(database),
    rules: configuration.rules,
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
  ];
}
