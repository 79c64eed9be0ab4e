import type { TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { RequestOrigin } from '../audit/audit-event.js';

/** Somebody who is signed in to the console. Expiry, idleness and freshness are judged by the database's clock. */
export interface ConsoleSession {
  readonly tenantId: TenantId;
  readonly tenantSlug: string;
  readonly userId: UserId;
  readonly userName: string;
  readonly sessionId: string;
  /** How they proved who they are (RFC 8176). */
  readonly amr: readonly string[];
  /** When they did so last. */
  readonly authenticatedAt: Date;
  /** That was within the last five minutes: enough for what is dangerous. */
  readonly fresh: boolean;
  /** Key of the connection by which their organization signs them in; null: a local account, which steps up here. */
  readonly connection: string | null;
}

/** How somebody proved who they are (RFC 8176), and when. */
export interface ConsoleProof {
  readonly amr: readonly string[];
  /** null: just now. So does a time count that is still to come. */
  readonly authenticatedAt: Date | null;
}

export interface ConsoleSessionStore {
  /**
   * Opens a session for a person who may come in, whose row it locks, as whatever ends their access does.
   * @returns false: they may not, or the session at the issuer that it would hang on is over
   */
  open(
    scope: TenantScope,
    session: ConsoleProof & {
      readonly id: string;
      /** SHA-256 of the cookie. */
      readonly hash: Buffer;
      readonly userId: UserId;
      /** The session at the tenant's issuer that it hangs on; null: none. */
      readonly sessionUid: string | null;
      readonly origin: RequestOrigin;
    },
  ): Promise<boolean>;
  /** The live session of a cookie, if its person may still come in: asked of the database each time. */
  find(hash: Buffer): Promise<ConsoleSession | undefined>;
  /** The person has just proved again who they are. @returns false: the session is over */
  stepUp(scope: TenantScope, sessionId: string, proof: ConsoleProof): Promise<boolean>;
  /** @returns false: it was over */
  end(scope: TenantScope, sessionId: string): Promise<boolean>;
}

/** How long a session lasts at most, how long unused, and how long a proof is fresh; in seconds. */
export const CONSOLE_SESSION = { absolute: 12 * 3600, idle: 3600, fresh: 5 * 60 } as const;
