import type { ConnectionId, TenantId, UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { TenantScope } from '../../core/scope.js';
import type { AuditRecord } from '../audit/audit-record.js';
import type { NewDelivery } from '../delivery/delivery.js';
import type { LoginTransaction } from '../sign-in/login-transaction.js';
import type { Account } from '../user/account.js';

/** SHA-256 of a kind and a bearer value: the only name under which an artifact is kept. */
export type ArtifactHash = Buffer;

/** What the protocol engine stores: code, grant, refresh token, interaction … (design, Words). */
export interface Artifact {
  readonly hash: ArtifactHash;
  readonly kind: string;
  readonly payload: JsonObject;
  /** Time left by the database's clock. */
  readonly remainingSeconds: number;
  readonly consumed: boolean;
  readonly grant: StoredGrant | undefined;
  readonly session: StoredSession | undefined;
  readonly account: Account | undefined;
  /** The answer that consumed it, still inside its leeway and with an unused successor; sealed. */
  readonly replay: string | undefined;
  /** Whom it is for, where that is a person of a tenant below this one: `account` is to be asked of that one. */
  readonly brokered?: BrokeredPerson | undefined;
}

/** An interaction with its answer. */
export interface AnsweredArtifact extends Pick<Artifact, 'hash' | 'payload'> {
  readonly userId: string | null;
  /**
   * The tenant above whose interaction it is, where a person of the scope's tenant signs in to an application of that one.
   */
  readonly waitingAt?: TenantId | undefined;
  /** Gets it as it is kept, with its person as they are then; not called where it is there no more. */
  readonly told?: (kept: Artifact) => void;
}

/** A person at the issuer above their own: in an application of an MSP for its customers (E4). */
export interface BrokeredPerson {
  readonly tenantId: TenantId;
  readonly userId: UserId;
}

export interface StoredGrant {
  readonly payload: JsonObject;
  readonly remainingSeconds: number;
}

/** A session as stored: one row, and a row for each application that takes part. */
export interface StoredSession {
  readonly uid: string;
  readonly payload: JsonObject;
  readonly remainingSeconds: number;
  /** Seconds since the epoch, by the database's clock: it is over then, however much it is used. */
  readonly endsAt: number;
  readonly userId: UserId | null;
  /** The tenant below this one that the person is of; null: they are of this one. */
  readonly homeTenantId: TenantId | null;
  /** null of a person of another tenant, too. */
  readonly connectionId: ConnectionId | null;
  readonly upstreamSession: string | null;
  readonly sealedUpstreamIdToken: string | null;
  readonly applications: readonly (Omit<SessionApplication, 'grantHash'> & {
    readonly grant: StoredGrant | null;
  })[];
  readonly account: Account | undefined;
}

export interface SessionApplication {
  readonly clientId: string;
  readonly sid: string;
  readonly grantId: string | null;
  readonly grantHash: ArtifactHash | null;
  readonly persistsLogout: boolean;
}

export interface NewArtifact {
  readonly hash: ArtifactHash;
  readonly kind: string;
  /** What it ends with; a grant's own: the grant that it comes from. */
  readonly grantHash: ArtifactHash | null;
  readonly userId: string | null;
  /** The tenant below this one that the person is of; absent: they are of this one, or it is for nobody. */
  readonly homeTenantId?: TenantId | undefined;
  readonly clientId: string | null;
  readonly sessionUid: string | null;
  readonly payload: JsonObject;
  readonly lifetimeSeconds: number;
  /** A second name, by which a person finds a device's code: unique in the tenant, kept from the first write on. */
  readonly userCodeHash?: Buffer;
}

export interface SessionWrite {
  readonly uid: string;
  readonly cookieHash: Buffer;
  readonly payload: JsonObject;
  readonly userId: string | null;
  readonly homeTenantId?: TenantId | undefined;
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  /** Where it came from: set when the person has just signed in, kept otherwise. */
  readonly origin:
    | {
        readonly connectionId: string | null;
        readonly upstreamSession: string | null;
        readonly sealedUpstreamIdToken: string | null;
        readonly ip: string | null;
        readonly userAgent: string | null;
      }
    | undefined;
  /** Applications that joined or changed; others stay as they are, so two tabs don't lose one. */
  readonly applications: readonly SessionApplication[];
  readonly leftApplications: readonly string[];
}

/** All that one protocol request writes: committed together or not at all. */
export interface ArtifactCommit {
  /** Must be active, and stay so until the commit. */
  readonly userId: string | null;
  /**
   * The tenant below this one that the person is of, which must be active and below this one still; absent: they are of
   * this one.
   */
  readonly homeTenantId?: TenantId | undefined;
  /** They were read as somebody of a connection, and must be so still: the policy on local accounts isn't asked then. */
  readonly connected?: boolean;
  /**
   * The person's standing (Account) by which they were let in, which must still be theirs: where something begins that a
   * later loss of roles would have ended, had it been there (invariant 5). null: nothing begins.
   */
  readonly standing: string | null;
  /** Sessions and grants that must still live. */
  readonly requiredSession: string | null;
  readonly requiredGrant: ArtifactHash | null;
  /** Taken once (invariant 3): when somebody else took one before, nothing is written and its grant is deleted. */
  readonly consume: readonly Consumption[];
  readonly artifacts: readonly NewArtifact[];
  readonly session: SessionWrite | undefined;
  readonly destroy: readonly ArtifactHash[];
  /** Grants that end, and with them every artifact that hangs on them. */
  readonly revokeGrants: readonly ArtifactHash[];
  /** JWT access tokens that introspection and revocation must know. */
  readonly tokenRecords: readonly TokenRecord[];
  readonly loginTransaction: LoginTransaction | undefined;
  /** The tenant whose connection the trip goes by, where that isn't this one. */
  readonly loginTenantId?: TenantId | undefined;
  readonly audit: readonly AuditRecord[];
  /** What applications are to be told of it. */
  readonly deliveries: readonly NewDelivery[];
}

export interface Consumption {
  readonly hash: ArtifactHash;
  /** The grant that dies when the artifact was taken before; null: it lives on, because a leeway covers that. */
  readonly grantHash: ArtifactHash | null;
  /** For a refresh token: its answer, sealed, to be given again within the leeway. */
  readonly replay:
    { readonly sealed: string; readonly leewaySeconds: number; readonly successor: ArtifactHash } | undefined;
}

export interface TokenRecord {
  readonly hash: ArtifactHash;
  readonly grantHash: ArtifactHash | null;
  readonly lifetimeSeconds: number;
}

/** What a JWT hangs on; null: an application's own, about itself. */
export type LiveTokenRecord = Pick<TokenRecord, 'grantHash'>;

/** An application's part in a session of a person, by the id that the application knows it by. */
export interface PersonsPart {
  readonly userId: string;
  readonly clientId: string;
  readonly sid: string;
}

/**
 * `committed`: all is written. `taken`: a one-time artifact was used before. `ended`: the person, session or grant is
 * no more. `collided`: a device's code that waits already has the same user code. In all but the first nothing was
 * written.
 */
export type CommitOutcome = 'committed' | 'taken' | 'ended' | 'collided';

/** Artifacts and sessions of a tenant. Each method is one flush; what a token exchange has given out takes a second. */
export interface ArtifactStore {
  /** Live artifacts by hash, with the grant, session and person that they hang on: without its grant a token is dead. */
  load(tenantId: TenantId, hashes: readonly ArtifactHash[]): Promise<readonly Artifact[]>;
  /** The same for an interaction, if it lives: it has a person at most, and hangs on no grant and no session. */
  loadInteraction(tenantId: TenantId, hash: ArtifactHash): Promise<readonly Artifact[]>;
  /** A live device code by the code that its person types. */
  loadByUserCode(tenantId: TenantId, userCodeHash: Buffer): Promise<Artifact | undefined>;
  sessionByCookie(tenantId: TenantId, cookieHash: Buffer): Promise<StoredSession | undefined>;
  sessionByUid(tenantId: TenantId, uid: string): Promise<StoredSession | undefined>;
  account(tenantId: TenantId, userId: string): Promise<Account | undefined>;
  /** A JWT's record, while it lives, and its grant, and what that grant comes from. */
  tokenRecord(tenantId: TenantId, hash: ArtifactHash): Promise<LiveTokenRecord | undefined>;
  /** The grant that an application holds in a person's live session. */
  grantOfSession(tenantId: TenantId, part: PersonsPart): Promise<ArtifactHash | undefined>;
  /** Gives the grant that the token hangs on; null when it has none, or there is no such record. */
  deleteTokenRecord(tenantId: TenantId, hash: ArtifactHash): Promise<ArtifactHash | null>;
  commit(tenantId: TenantId, work: ArtifactCommit): Promise<CommitOutcome>;
  /** Marks a one-time id as used, for so long; false when it was used before (compare-and-set). */
  claim(tenantId: TenantId, mark: Pick<NewArtifact, 'hash' | 'kind' | 'lifetimeSeconds'>): Promise<boolean>;
  /** Gives an interaction its answer, in the caller's transaction, with its next flush. */
  answer(scope: TenantScope, answer: AnsweredArtifact): void;
}
