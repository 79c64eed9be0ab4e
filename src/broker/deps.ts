import type { Context } from 'koa';
import type { Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { SignInDeps } from '../domain/account/account-deps.js';
import type { ArtifactStore } from '../domain/artifact/artifact-store.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import type { AuditStore } from '../domain/audit/audit-store.js';
import type { GroupsApiStore } from '../domain/connection/upstream-groups/groups-api.js';
import type { ConnectionTestStore } from '../domain/connection/testing/connection-test.js';
import type { ConsentStore } from '../domain/consent/consent-store.js';
import type { AccessStore } from '../domain/session/end-access.js';
import type { UpstreamSessionStore } from '../domain/session/upstream-logout.js';
import type { LoginTransactionStore } from '../domain/sign-in/login-transaction-store.js';
import type { PeopleStore } from '../domain/sign-in/people-store.js';
import type { UpstreamGrantStore } from '../domain/sign-in/upstream-grant-store.js';
import type { TenantTransactions } from '../domain/tenant/transactions.js';
import type { OktaGroups } from '../rp/okta-groups/okta-groups.js';
import type { RelyingParty } from '../rp/relying-party.js';
import type { ConnectionTester } from '../rp/testing/tester.js';

/** What the federated sign-in is made of. */
export interface BrokerDeps {
  readonly transactions: TenantTransactions;
  readonly logins: LoginTransactionStore;
  readonly artifacts: ArtifactStore;
  readonly people: PeopleStore;
  readonly access: AccessStore;
  readonly upstreamGrants: UpstreamGrantStore;
  readonly upstreamSessions: UpstreamSessionStore;
  readonly audit: AuditStore;
  readonly consents: ConsentStore;
  readonly relyingParty: RelyingParty;
  readonly tester: ConnectionTester;
  /** For groups that a token can't hold (A11). */
  readonly oktaGroups: Pick<OktaGroups, 'groupsOf'>;
  readonly groupsApis: Pick<GroupsApiStore, 'read'>;
  /** For accounts of Causeway's own (F4, F5). */
  readonly local: SignInDeps;
  readonly tests: ConnectionTestStore;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly onOutcome: (outcome: string) => void;
  readonly stylesheetHref: string;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Logger;
}
