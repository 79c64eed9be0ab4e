import type { ConnectionId, TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AdminWords, ConnectionCause, Mender } from '../connection/diagnosis/cause.js';
import { diagnosisOf } from '../connection/diagnosis/causes.js';
import { OKTA_PATHS_AS_OF } from '../connection/diagnosis/okta-paths.js';
import type { CheckFacts } from '../connection/testing/check.js';
import type { ConnectionTest } from '../connection/testing/connection-test.js';
import type { TokenFault } from '../provisioning/scim-request.js';
import type { SecretAge } from './reminders.js';
import type { SetupStep } from './setup-link.js';

/** `waiting`: for somebody to do it at Okta, or for Okta to call. */
export type SetupCheckStatus = 'passed' | 'warning' | 'failed' | 'waiting' | 'not_tried' | 'not_applicable';

/** One thing that is looked at while a connection is set up. */
export interface SetupCheck {
  /** `scim_token`; of a test of the connection, the id of its check. */
  readonly id: string;
  readonly step: SetupStep;
  readonly status: SetupCheckStatus;
  /** What was seen, in a sentence for an admin. */
  readonly seen: string;
  /** When, where that is known. */
  readonly at?: Date;
  readonly cause?: ConnectionCause;
  readonly facts?: CheckFacts;
  readonly cure?: AdminWords & { readonly pathsAsOf: string; readonly mender: Mender };
}

/** A check with what mends its cause, if it has one. */
export function toldCheck(check: Omit<SetupCheck, 'cure'>): SetupCheck {
  if (check.cause === undefined) return check;
  const { admin, mender } = diagnosisOf(check.cause);
  return { ...check, cure: { ...admin, pathsAsOf: OKTA_PATHS_AS_OF, mender } };
}

/** The last call whose token was refused. */
export interface RefusedCall {
  readonly at: Date;
  readonly fault: TokenFault;
  readonly tokenId: string | null;
  /** Whether a token of this id was good for this tenant lately, or is there with another value. */
  readonly wasOurs: boolean;
}

/** What SCIM has brought. Counts stop at `SETUP_COUNTED_MAX`. */
export interface ScimSeen {
  /** When a token of the connection was last used; null: never. */
  readonly tokenUsedAt: Date | null;
  readonly refused: RefusedCall | null;
  /** The last request that came with a good token. */
  readonly lastRequestAt: Date | null;
  /** When somebody's users were asked for, as Okta's *Test API Credentials* does. */
  readonly usersReadAt: Date | null;
  readonly deactivatedAt: Date | null;
  /** People that were pushed. */
  readonly people: number;
  readonly withoutEmail: number;
  readonly inactive: number;
  /** Groups that were pushed. */
  readonly groups: number;
  /** Names of pushed groups without members: some of them. */
  readonly emptyGroups: readonly string[];
}

/** What is known of a connection that is being set up. */
export interface SetupSeen {
  /** Its last test; undefined: none. */
  readonly test: Pick<ConnectionTest, 'id' | 'source' | 'state' | 'report' | 'createdAt'> | undefined;
  /** Names of groups that a push or a token has brought, `SETUP_COUNTED_MAX` at most. */
  readonly groupsSeen: readonly string[];
  readonly scim: ScimSeen;
  /** The connection's own, and the newest of its SCIM tokens. */
  readonly secrets: readonly SecretAge[];
}

/** Nobody's decision hangs on whether it is more than this. */
export const SETUP_COUNTED_MAX = 1_000;

export interface SetupStatusStore {
  /** @param since what was refused before isn't told */
  read(
    tenantId: TenantId,
    connection: { readonly id: ConnectionId; readonly version: number },
    since: Date,
  ): Promise<SetupSeen>;
  /** As it is in this transaction. */
  readHere(
    scope: TenantScope,
    connection: { readonly id: ConnectionId; readonly version: number },
    since: Date,
  ): Promise<SetupSeen>;
}
