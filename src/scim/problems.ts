import { DomainError, type DomainErrorCode } from '../core/errors.js';
import { UnknownMembersError } from '../domain/provisioning/push-group.js';
import { TooManyRequests } from '../http/rate-limit.js';
import { ScimError } from './errors.js';
import { unknownMembers } from './routes/users.js';

/** What is taken, by the constraint that says so. */
const TAKEN: Readonly<Record<string, string>> = {
  users_user_name_key:
    'Another person of this connection has this userName. If they signed in before they were provisioned, send their Okta user id as externalId; else look the user up by userName and link it.',
  users_external_id_key:
    'Another user of this connection has this externalId: look that user up by externalId, and link or change it.',
  groups_scim_name_key:
    'Another group of this connection has this displayName: look it up by displayName and link it, or push under another name.',
  groups_scim_external_id_key: 'Another group of this connection has this externalId.',
};

const ANSWERS: Readonly<Record<DomainErrorCode, (error: DomainError) => ScimError>> = {
  already_exists: ({ details }) =>
    new ScimError(409, TAKEN[details['constraint'] ?? ''] ?? 'It exists already.', 'uniqueness'),
  not_found: () => new ScimError(404, 'There is no such resource on this connection.'),
  conflict: ({ message }) => new ScimError(409, message),
  invalid_argument: ({ message }) => new ScimError(400, message, 'invalidValue'),
  forbidden: ({ message }) => new ScimError(403, message),
  limit_exceeded: ({ message }) => new ScimError(429, message),
  upstream_unavailable: () => new ScimError(503, 'The database does not answer now. Try again.'),
};

/** Whatever was thrown, as the error that the client is told. What is unknown says nothing of its cause. */
export function toScimError(error: unknown): ScimError {
  if (error instanceof ScimError) return error;
  if (error instanceof TooManyRequests) return new ScimError(429, error.message);
  if (error instanceof UnknownMembersError) return unknownMembers(error.ids);
  if (error instanceof DomainError) return ANSWERS[error.code](error);
  return new ScimError(500, 'Something failed on our side. Try again.');
}
