import type { Database } from './database.js';

/**
 * Tables with a `tenant_id` that are outside row security: `domains` is read before the tenant is known, the
 * others are reached by the hash of a bearer value, which is its own proof.
 */
export const OUTSIDE_ROW_SECURITY: readonly string[] = [
  'access_token_records',
  'api_tokens',
  'console_sessions',
  'domains',
  'login_transactions',
  'oidc_artifacts',
  'pending_sign_ins',
];

/**
 * What of row-level security is not in force for the application's role; empty when all is. Judged by what
 * PostgreSQL would do for that role, not by what the migrations meant.
 */
export async function rowSecurityFaults(database: Database): Promise<readonly string[]> {
  return database.transact(async (query) => {
    await query({ text: 'SET LOCAL ROLE causeway_app', values: [] });
    const [role] = await query({
      text: `SELECT rolsuper OR rolbypassrls AS unbound FROM pg_roles WHERE rolname = current_user`,
      values: [],
    });
    const tables = await query({
      text: `SELECT c.relname AS name, row_security_active(c.oid) AS active,
          pg_has_role(current_user, c.relowner, 'MEMBER') AS owned
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname`,
      values: [],
    });
    const [seen] = await query({ text: 'SELECT EXISTS (SELECT FROM roles) AS rows', values: [] });
    return [
      ...(role?.['unbound'] === true ? ['causeway_app is a superuser or has BYPASSRLS'] : []),
      ...tables.filter((table) => table['owned'] === true).map(({ name }) => `causeway_app owns ${name}`),
      ...tables
        .filter((table) => table['active'] !== true && !OUTSIDE_ROW_SECURITY.includes(table['name']))
        .map(({ name }) => `row security is not active on ${name}`),
      ...(seen?.['rows'] === true ? ['rows are visible to who has named no tenant'] : []),
    ];
  });
}
