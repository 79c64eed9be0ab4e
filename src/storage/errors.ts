import { DomainError } from '../core/errors.js';

/** Constraint → what is taken, in the words of the person who asked. */
const TAKEN: Readonly<Record<string, string>> = {
  tenants_slug_key: 'slug',
  domains_verified_key: 'domain',
  connections_key_key: 'connection key',
  applications_client_id_key: 'clientId',
  apis_identifier_key: 'API identifier',
  roles_key_key: 'role key',
  scim_tokens_name_key: 'SCIM token name',
  users_user_name_key: 'userName',
  users_local_name_key: 'userName',
  users_external_id_key: 'externalId',
  users_pkey: 'user id',
  groups_scim_name_key: 'displayName of a pushed group',
  groups_scim_external_id_key: 'externalId of a pushed group',
  identities_pkey: 'identity',
  oidc_artifacts_user_code_key: 'user code',
};

interface PostgresError {
  readonly code?: string;
  readonly constraint?: string;
}

/** The database's own error: pg's, or pg's inside TypeORM's. */
function postgresError(error: unknown): PostgresError {
  if (!(error instanceof Error)) return {};
  const inner = (error as { driverError?: unknown }).driverError;
  return (inner instanceof Error ? inner : error) as PostgresError;
}

/**
 * serialization_failure, deadlock_detected: PostgreSQL asks to run the transaction again. So does a prepared statement whose
 * table has got a column since, by the migration of a newer node beside this one (I3).
 */
export function isRetryable(error: unknown): boolean {
  const { code, constraint } = postgresError(error);
  if (code === '40001' || code === '40P01') return true;
  // Of one session's requests at once, ON CONFLICT by its uid can miss a row that another one is writing anew just then.
  if (code === '23505' && constraint === 'sessions_cookie_key') return true;
  if (code === '0A000' && error instanceof Error && /cached plan/.test(error.message)) return true;
  return error instanceof DomainError && error.cause !== undefined && isRetryable(error.cause);
}

/** Whether the database can't be asked now: no connection, shutting down, time-out, read-only standby. */
export function isUnavailable(error: unknown): boolean {
  const { code } = postgresError(error);
  if (code !== undefined) return /^(08|53|57|25006|ECONN|EPIPE|ENOENT|ETIMEDOUT)/.test(code);
  return (
    error instanceof Error &&
    /timeout exceeded when trying to connect|Connection terminated/.test(error.message)
  );
}

/**
 * A database error as a domain error, by named constraint; others as they are.
 * @throws always
 */
export function translate(error: unknown): never {
  const { code, constraint = '' } = postgresError(error);
  // 23505 unique_violation
  if (code === '23505' && TAKEN[constraint] !== undefined)
    throw new DomainError(
      'already_exists',
      `${TAKEN[constraint]} is taken`,
      { constraint },
      { cause: error },
    );
  if (isUnavailable(error))
    throw new DomainError('upstream_unavailable', 'the database does not answer', {}, { cause: error });
  throw error;
}
