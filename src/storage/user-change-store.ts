import type { UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { LockedUser, UserChangeStore } from '../domain/user/change-user.js';
import type { Database } from './database.js';

/** What operators change of users, in PostgreSQL. */
export class PostgresUserChangeStore implements UserChangeStore {
  constructor(private readonly database: Database) {}

  async lock(scope: TenantScope, id: UserId): Promise<LockedUser | undefined> {
    const [row] = await this.database.transaction(scope).query({
      name: 'user_lock',
      text: 'SELECT user_name, source, active, version FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
      values: [scope.tenantId, id],
    });
    if (row === undefined) return undefined;
    return {
      userName: row['user_name'],
      source: row['source'],
      active: row['active'],
      version: row['version'],
    };
  }

  setActive(scope: TenantScope, id: UserId, active: boolean): void {
    this.database.transaction(scope).defer([
      {
        name: 'user_set_active',
        text: `UPDATE users SET active = $3, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2`,
        values: [scope.tenantId, id, active],
      },
    ]);
  }

  delete(scope: TenantScope, id: UserId): void {
    this.database.transaction(scope).defer([
      {
        name: 'user_delete',
        text: 'DELETE FROM users WHERE tenant_id = $1 AND id = $2',
        values: [scope.tenantId, id],
      },
    ]);
  }
}
