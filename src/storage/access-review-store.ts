import type { UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { AccessReviewStore, PersonWithAccess } from '../domain/provisioning/review-access.js';
import type { Database } from './database.js';
import { ACCOUNT_OF_USER } from './person-sql.js';

/** A live session or grant of user `u`. */
const LIVES = `(EXISTS (SELECT FROM sessions s WHERE s.tenant_id = $1 AND s.user_id = u.id AND s.ended_at IS NULL)
  OR EXISTS (SELECT FROM oidc_artifacts a WHERE a.tenant_id = $1 AND a.user_id = u.id AND a.kind = 'Grant'))`;

/** People whose access is to be judged again, in PostgreSQL. */
export class PostgresAccessReviewStore implements AccessReviewStore {
  constructor(private readonly database: Database) {}

  async withAccess(scope: TenantScope, users: readonly UserId[]): Promise<readonly PersonWithAccess[]> {
    const values = [scope.tenantId, users];
    const [, rows] = await this.database.transaction(scope).send([
      {
        name: 'review_lock',
        // Also who has no access yet: a sign-in that is just being written is waited for. The lock lets references to the
        // users pass, so that pushes that move people between groups don't wait for each other.
        text: `SELECT FROM users u WHERE u.tenant_id = $1 AND u.id = ANY ($2::uuid[])
          ORDER BY u.id FOR NO KEY UPDATE OF u`,
        values,
      },
      {
        // A statement of its own: what others committed while the lock was waited for is seen.
        name: 'review_people',
        text: `SELECT ${ACCOUNT_OF_USER} AS account, coalesce((
            SELECT json_agg(DISTINCT a.client_id) FROM oidc_artifacts a
            WHERE a.tenant_id = $1 AND a.user_id = u.id AND a.kind = 'Grant' AND a.client_id IS NOT NULL), '[]')
            AS applications
          FROM users u WHERE u.tenant_id = $1 AND u.id = ANY ($2::uuid[]) AND ${LIVES} ORDER BY u.id`,
        values,
      },
    ]);
    return (rows ?? []).map((row) => ({ account: row['account'], applications: row['applications'] }));
  }
}
