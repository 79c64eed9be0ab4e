import type { UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  AccessReviewStore,
  AccessUnderReview,
  TenantAbove,
} from '../domain/provisioning/review-access.js';
import { SHOWN_TENANT, showParent, showTenant } from './brokered-sql.js';
import type { Database } from './database.js';
import { ACCOUNT_OF_USER } from './person-sql.js';
import { toApplication } from './tenant-statements.js';
import { DEFAULT_TENANT_SETTINGS } from '../domain/tenant/tenant.js';

/** Grants of user `u`: here, and at the issuer above (E4). */
const GRANTS = `FROM oidc_artifacts a WHERE a.tenant_id = $1 AND a.user_id = u.id AND a.kind = 'Grant'`;
const GRANTS_ABOVE = `FROM tenants t
  JOIN oidc_artifacts a ON a.tenant_id = t.parent_id AND a.user_id = u.id AND a.kind = 'Grant'
  WHERE t.id = $1 AND a.brokered_tenant_id = $1`;

/** A live session or grant of user `u`. */
const LIVES = `(EXISTS (SELECT FROM sessions s WHERE s.tenant_id = $1 AND s.user_id = u.id AND s.ended_at IS NULL)
  OR EXISTS (SELECT ${GRANTS}) OR EXISTS (SELECT ${GRANTS_ABOVE})
  OR u.id = ANY (string_to_array(nullif(current_setting('app.people', true), ''), ',')::uuid[]))`;

const applicationsOf = (grants: string): string =>
  `coalesce((SELECT json_agg(DISTINCT a.client_id) ${grants} AND a.client_id IS NOT NULL), '[]')`;

/** People whose access is to be judged again, in PostgreSQL. */
export class PostgresAccessReviewStore implements AccessReviewStore {
  constructor(private readonly database: Database) {}

  async withAccess(scope: TenantScope, users: readonly UserId[]): Promise<AccessUnderReview> {
    const values = [scope.tenantId, users];
    const [, , , , rows] = await this.database.transaction(scope).send([
      {
        name: 'review_lock',
        // Also who has no access yet: a sign-in that is just being written is waited for. The lock lets references to the
        // users pass, so that pushes that move people between groups don't wait for each other.
        text: `SELECT FROM users u WHERE u.tenant_id = $1 AND u.id = ANY ($2::uuid[])
          ORDER BY u.id FOR NO KEY UPDATE OF u`,
        values,
      },
      showParent(scope.tenantId),
      {
        // A session above, whose rows aren't shown to the statement that reads the people.
        name: 'review_sessions_above',
        text: `SELECT set_config('app.people', coalesce(string_agg(s.brokered_user_id::text, ','), ''), true)
          FROM sessions s WHERE s.tenant_id = ${SHOWN_TENANT} AND s.brokered_tenant_id = $1
            AND s.brokered_user_id = ANY ($2::uuid[]) AND s.ended_at IS NULL`,
        values,
      },
      showTenant(scope.tenantId),
      {
        // A statement of its own: what others committed while the lock was waited for is seen.
        name: 'review_people',
        text: `SELECT ${ACCOUNT_OF_USER} AS account, ${applicationsOf(GRANTS)} AS applications,
            ${applicationsOf(GRANTS_ABOVE)} AS applications_above
          FROM users u WHERE u.tenant_id = $1 AND u.id = ANY ($2::uuid[]) AND ${LIVES} ORDER BY u.id`,
        values,
      },
    ]);
    const people = (rows ?? []).map((row) => ({
      account: row['account'],
      applications: row['applications'],
      applicationsAbove: row['applications_above'] as readonly string[],
    }));
    const usesAbove = people.some(({ applicationsAbove }) => applicationsAbove.length > 0);
    return { people, above: usesAbove ? await this.above(scope) : undefined };
  }

  async above(scope: TenantScope): Promise<TenantAbove> {
    const [, tenants, roles, applications] = await this.database.transaction(scope).send([
      showParent(scope.tenantId),
      { name: 'review_above', text: `SELECT settings FROM tenants WHERE id = ${SHOWN_TENANT}`, values: [] },
      {
        name: 'review_roles_above',
        text: `SELECT key FROM roles WHERE tenant_id = ${SHOWN_TENANT}`,
        values: [],
      },
      {
        name: 'review_applications_above',
        text: `SELECT * FROM applications WHERE tenant_id = ${SHOWN_TENANT}
          AND settings ->> 'audience' = 'tenant-and-customers'`,
        values: [],
      },
      showTenant(scope.tenantId),
    ]);
    return {
      settings: { ...DEFAULT_TENANT_SETTINGS, ...tenants?.[0]?.['settings'] },
      roles: (roles ?? []).map((row) => ({ key: row['key'] })),
      applications: (applications ?? []).map(toApplication),
    };
  }
}
