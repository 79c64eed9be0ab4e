import { systemClock } from '../core/clock.js';
import type { ApplyDeps } from '../domain/configuration/apply-deps.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { Operation } from '../management/api/operation.js';
import { auditOperations } from '../management/routes/audit-events.js';
import { deliveryOperations } from '../management/routes/deliveries.js';
import { groupOperations } from '../management/routes/groups.js';
import { keyOperations } from '../management/routes/keys.js';
import { noticeOperations } from '../management/routes/notices.js';
import { roleAssignmentOperations } from '../management/routes/role-assignments.js';
import { scimRequestOperations } from '../management/routes/scim-requests.js';
import { sessionOperations } from '../management/routes/sessions.js';
import { userOperations } from '../management/routes/users.js';
import { previewClaims } from '../op/claims-preview.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { PostgresAccountStore } from '../storage/account-store.js';
import { PostgresArtifactStore } from '../storage/artifact-store.js';
import { PostgresAuditListStore } from '../storage/audit-list-store.js';
import { PostgresConsentListStore } from '../storage/consent-list-store.js';
import { PostgresConsentStore } from '../storage/consent-store.js';
import type { Database } from '../storage/database.js';
import { PostgresDeliveryListStore } from '../storage/delivery-list-store.js';
import { PostgresGroupListStore } from '../storage/group-list-store.js';
import { PostgresNoticeStore } from '../storage/notice-store.js';
import { PostgresRoleAssignmentListStore } from '../storage/role-assignment-list-store.js';
import { PostgresRoleAssignmentStore } from '../storage/role-assignment-store.js';
import { PostgresScimRequestListStore } from '../storage/scim-request-list-store.js';
import { PostgresScimRequestStore } from '../storage/scim-request-store.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import { PostgresSigningKeyStore } from '../storage/signing-key-store.js';
import { PostgresUserChangeStore } from '../storage/user-change-store.js';
import { PostgresUserListStore } from '../storage/user-list-store.js';

export interface PeopleParts {
  readonly database: Database;
  readonly directory: TenantDirectory;
  readonly providers: ProviderCache;
}

/** Operations on people and what they do: users, groups, sessions, consents, roles given directly, audit, deliveries, keys. */
export function peopleOperations(parts: PeopleParts, apply: ApplyDeps): readonly Operation[] {
  const { database, directory, providers } = parts;
  const artifacts = new PostgresArtifactStore(database);
  const accounts = new PostgresAccountStore(database);
  const deliveries = new PostgresDeliveryListStore(database);
  const auditTools = { ids: apply.ids, clock: systemClock };
  const shared = { ...apply, transactions: database, accounts, auditTools };
  return [
    ...userOperations({
      ...shared,
      users: new PostgresUserChangeStore(database),
      lists: new PostgresUserListStore(database),
      previewClaims: (tenant, request) => previewClaims(tenant, providers, artifacts, request),
      directory,
    }),
    ...groupOperations({ lists: new PostgresGroupListStore(database) }),
    ...sessionOperations({
      ...shared,
      sessions: new PostgresSessionListStore(database),
      people: new PostgresUserListStore(database),
      consents: new PostgresConsentStore(database),
      consentLists: new PostgresConsentListStore(database),
    }),
    ...roleAssignmentOperations({
      ...shared,
      assignments: new PostgresRoleAssignmentStore(database),
      lists: new PostgresRoleAssignmentListStore(database),
    }),
    ...auditOperations({ events: new PostgresAuditListStore(database) }),
    ...noticeOperations({ ...shared, notices: new PostgresNoticeStore(database) }),
    ...scimRequestOperations({
      lists: new PostgresScimRequestListStore(database),
      requests: new PostgresScimRequestStore(database),
    }),
    ...deliveryOperations({ ...shared, deliveries }),
    ...keyOperations({ ...apply, signingKeys: new PostgresSigningKeyStore(database), directory }),
  ];
}
