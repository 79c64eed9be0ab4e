import type { TenantId } from '../core/ids.js';
import { PostgresApplicationSecretStore } from './application-secret-store.js';
import type { Database, Statement } from './database.js';

/** When secrets were last used: of applications by their ids, of connections as the relying party names them. */
export class PostgresSecretUseStore {
  readonly #applications: PostgresApplicationSecretStore;

  constructor(private readonly database: Database) {
    this.#applications = new PostgresApplicationSecretStore(database);
  }

  /** @param names an application's secret by its id; a connection's as `connection <id> <member> <mark>` */
  async noteUsed(tenantId: TenantId, names: readonly string[]): Promise<void> {
    const statements: Statement[] = [];
    const ofApplications: string[] = [];
    for (const name of names) {
      const [kind, connectionId, member] = name.split(' ');
      if (kind === 'connection' && connectionId !== undefined)
        statements.push(noting(tenantId, connectionId, member === 'secondarySecret'));
      else ofApplications.push(name);
    }
    if (statements.length > 0) await this.database.inTenant(tenantId, statements);
    if (ofApplications.length > 0) await this.#applications.noteUsed(tenantId, ofApplications);
  }
}

function noting(tenantId: TenantId, connectionId: string, isSecond: boolean): Statement {
  const column = isSecond ? 'secondary_secret_used_at' : 'secret_used_at';
  return {
    name: `connection_${column}`,
    text: `UPDATE connections SET ${column} = now() WHERE tenant_id = $1 AND id = $2
      AND (${column} IS NULL OR ${column} < now() - interval '1 hour')`,
    values: [tenantId, connectionId],
  };
}
