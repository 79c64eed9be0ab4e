import { DataSource } from 'typeorm';
import { FirstSchema1763769600000 } from '../../migrations/1763769600000-first-schema.js';
import { Provisioning1763856000000 } from '../../migrations/1763856000000-provisioning.js';
import { Provider1763942400000 } from '../../migrations/1763942400000-provider.js';
import { Directory1764028800000 } from '../../migrations/1764028800000-directory.js';
import {
  AccessPolicyTable,
  ApiScopeTable,
  ApiTable,
  ApplicationSecretTable,
  ApplicationTable,
} from './rows/applications.js';
import { ConnectionTable, SigningKeyTable } from './rows/connections.js';
import { RoleMappingTable, RoleTable, UserTable } from './rows/people.js';
import { DomainTable, TenantTable } from './rows/tenants.js';
import { ApiTokenTable, LinkTable, ScimTokenTable, TenantLinkTable } from './rows/tokens.js';

/** Tables that TypeORM writes; what is hot (sessions, artifacts, memberships, audit) is named SQL and not here. */
const ENTITIES = [
  TenantTable,
  DomainTable,
  ConnectionTable,
  SigningKeyTable,
  ApplicationTable,
  ApplicationSecretTable,
  ApiTable,
  ApiScopeTable,
  AccessPolicyTable,
  UserTable,
  RoleTable,
  RoleMappingTable,
  ScimTokenTable,
  ApiTokenTable,
  TenantLinkTable,
  LinkTable,
];

export const MIGRATIONS = [
  FirstSchema1763769600000,
  Provisioning1763856000000,
  Provider1763942400000,
  Directory1764028800000,
];

export interface PoolLimits {
  /** Connections at most. */
  readonly connectionsMax: number;
  /** A statement that takes longer is cancelled; 0: never (migrations). */
  readonly statementMs: number;
  /** How long a caller waits for a connection; 2 s where nothing is said. */
  readonly acquireMs?: number;
}

const SERVING: PoolLimits = { connectionsMax: 20, statementMs: 5_000 };
/** A caller that gets no connection in this time is told that the database is unavailable. */
const ACQUIRE_MS = 2_000;

/** The one way to reach PostgreSQL 14 or later. */
export function createDataSource(url: string, limits: PoolLimits = SERVING): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    applicationName: 'causeway',
    synchronize: false,
    logging: false,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    extra: {
      max: limits.connectionsMax,
      connectionTimeoutMillis: limits.acquireMs ?? ACQUIRE_MS,
      statement_timeout: limits.statementMs,
      idle_in_transaction_session_timeout: limits.statementMs === 0 ? 0 : 10_000,
      keepAlive: true,
    },
  });
}
