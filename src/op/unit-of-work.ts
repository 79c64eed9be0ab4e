import { AsyncLocalStorage } from 'node:async_hooks';
import type { JsonObject } from '../core/json.js';
import type {
  Artifact,
  ArtifactCommit,
  ArtifactHash,
  ArtifactStore,
  CommitOutcome,
  Consumption,
  NewArtifact,
  SessionWrite,
  StoredGrant,
  StoredSession,
  TokenRecord,
} from '../domain/artifact/artifact-store.js';
import type { TenantId } from '../core/ids.js';
import type { AuditRecord } from '../domain/audit/audit-record.js';
import type { NewDelivery } from '../domain/delivery/delivery.js';
import type { LoginTransaction } from '../domain/sign-in/login-transaction.js';
import type { Account } from '../domain/user/account.js';
import type { TenantContext } from '../http/tenant-context.js';
import { ArtifactNames, cookieHash } from './artifact-names.js';
import { EMPTY_COMMIT } from './empty-commit.js';
import { isDenied, mayBegin } from './standing.js';

/** Tokens whose value alone doesn't tell their kind: asked for together, so that introspection costs one flush. */
const BEARER_KINDS = ['AccessToken', 'ClientCredentials', 'RefreshToken'];

/** What a found thing is to the library: its payload with times by this node's clock. */
export interface Found {
  readonly payload: JsonObject;
  readonly remainingSeconds: number;
  readonly consumed: boolean;
}

/**
 * What one request reads and writes. Reads bring along what will be asked for next (grant, session, person); writes
 * wait until the request is done and go out in one statement, all or nothing.
 */
export class UnitOfWork {
  static readonly #current = new AsyncLocalStorage<UnitOfWork>();

  readonly names = new ArtifactNames();
  readonly #artifacts = new Map<string, Promise<readonly Artifact[]>>();
  readonly #grants = new Map<string, StoredGrant>();
  readonly #sessions = new Map<string, StoredSession>();
  readonly #accounts = new Map<string, Promise<Account | undefined>>();
  /** Tenants below this one, of people who are not its own, by the person's id (E4). */
  readonly #homes = new Map<string, TenantId>();
  readonly #writes = new Map<string, NewArtifact>();
  readonly #destroys = new Map<string, ArtifactHash>();
  readonly #revoked: ArtifactHash[] = [];
  readonly #consumed: Consumption[] = [];
  readonly #tokenRecords: TokenRecord[] = [];
  readonly #audit: AuditRecord[] = [];
  readonly #deliveries: NewDelivery[] = [];
  #session: SessionWrite | undefined;
  #login: LoginTransaction | undefined;
  #loginTenantId: TenantId | undefined;
  /** clientIds of applications that get a grant of the person's with this request, which had none. */
  readonly #begins: string[] = [];
  #cookieSession: string | undefined;
  #endedSession: string | undefined;
  #requiredSession: string | null = null;
  #requiredGrant: ArtifactHash | null = null;
  #userId: string | null = null;

  constructor(
    readonly tenant: TenantContext,
    readonly store: ArtifactStore,
  ) {}

  /** The request's unit of work. @throws TypeError outside of a request. */
  static get current(): UnitOfWork {
    const unit = UnitOfWork.#current.getStore();
    if (unit === undefined)
      throw new TypeError('no unit of work: the protocol engine was called outside of a request');
    return unit;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return UnitOfWork.#current.run(this, work);
  }

  /** A live artifact; what this request wrote itself is seen too. */
  async artifact(kind: string, id: string): Promise<Found | undefined> {
    const hash = this.names.of(kind, id);
    const key = hash.toString('base64');
    const written = this.#writes.get(key);
    if (written !== undefined)
      return { payload: written.payload, remainingSeconds: written.lifetimeSeconds, consumed: false };
    if (this.#destroys.has(key)) return undefined;
    if (kind === 'Grant') {
      const grant = this.#grants.get(key);
      if (grant !== undefined) return { ...grant, consumed: false };
    }
    return this.loaded(kind, id);
  }

  /** An artifact as the database has it, with all that hangs on it. */
  async loaded(kind: string, id: string): Promise<Artifact | undefined> {
    const hash = this.names.of(kind, id);
    const known = this.#artifacts.get(hash.toString('base64'));
    const artifacts = await (known ?? this.#load(kind, id));
    return artifacts.find((artifact) => artifact.hash.equals(hash));
  }

  /** A device's code by what its person types, as the database has it. */
  async byUserCode(userCodeHash: Buffer): Promise<Artifact | undefined> {
    const artifact = await this.store.loadByUserCode(this.tenant.id, userCodeHash);
    if (artifact !== undefined) this.remember(artifact);
    return artifact;
  }

  /** One flush for all kinds that it may be, under the name of each: whoever asks next waits for the same promise. */
  #load(kind: string, id: string): Promise<readonly Artifact[]> {
    const kinds = BEARER_KINDS.includes(kind) ? BEARER_KINDS : [kind];
    const hashes = kinds.map((one) => this.names.of(one, id));
    const asked =
      kind === 'Interaction'
        ? this.store.loadInteraction(this.tenant.id, this.names.of(kind, id))
        : this.store.load(this.tenant.id, hashes);
    const loading = asked.then((artifacts) => {
      for (const artifact of artifacts) this.remember(artifact);
      return artifacts;
    });
    for (const hash of hashes) this.#artifacts.set(hash.toString('base64'), loading);
    return loading;
  }

  /** Keeps an artifact that was read already, with what came with it: it won't be asked for. */
  know(artifact: Artifact): void {
    this.#artifacts.set(artifact.hash.toString('base64'), Promise.resolve([artifact]));
    this.remember(artifact);
  }

  /** Keeps what came with an artifact: its grant, session and person. */
  remember(artifact: Artifact): void {
    const { grantId } = artifact.payload;
    if (artifact.kind === 'Grant') this.#grants.set(artifact.hash.toString('base64'), artifact);
    if (artifact.grant !== undefined && typeof grantId === 'string')
      this.#rememberGrant(grantId, artifact.grant);
    const { brokered } = artifact;
    if (brokered !== undefined) this.#homes.set(brokered.userId, brokered.tenantId);
    if (artifact.session !== undefined) this.#rememberSession(artifact.session);
    if (artifact.account !== undefined)
      this.#accounts.set(artifact.account.userId, Promise.resolve(artifact.account));
  }

  #rememberGrant(grantId: string, grant: StoredGrant): void {
    this.#grants.set(this.names.of('Grant', grantId).toString('base64'), grant);
  }

  #rememberSession(session: StoredSession): void {
    this.#sessions.set(session.uid, session);
    if (session.userId !== null && session.homeTenantId !== null)
      this.#homes.set(session.userId, session.homeTenantId);
    for (const application of session.applications)
      if (application.grantId !== null && application.grant !== null)
        this.#rememberGrant(application.grantId, application.grant);
    if (session.account !== undefined)
      this.#accounts.set(session.account.userId, Promise.resolve(session.account));
  }

  async sessionByCookie(id: string): Promise<StoredSession | undefined> {
    const session = await this.store.sessionByCookie(this.tenant.id, cookieHash(id));
    if (session !== undefined) this.#rememberSession(session);
    this.#cookieSession = session?.uid;
    return this.#withPerson(session);
  }

  /**
   * A session of another tenant's person comes without them, and one beside somebody else's artifact: they are asked for.
   * Without its person it is none.
   */
  async #withPerson(session: StoredSession | undefined): Promise<StoredSession | undefined> {
    if (session === undefined || session.userId === null || session.account !== undefined) return session;
    const account = await this.account(session.userId);
    return account === undefined ? undefined : { ...session, account };
  }

  async sessionByUid(uid: string): Promise<StoredSession | undefined> {
    const known = this.#sessions.get(uid);
    if (known !== undefined) return this.#withPerson(known);
    const session = await this.store.sessionByUid(this.tenant.id, uid);
    if (session !== undefined) this.#rememberSession(session);
    return this.#withPerson(session);
  }

  /** The session as this request read it. */
  knownSession(uid: string): StoredSession | undefined {
    return this.#sessions.get(uid);
  }

  async account(userId: string): Promise<Account | undefined> {
    let account = this.#accounts.get(userId);
    if (account === undefined) {
      account = this.#account(userId);
      this.#accounts.set(userId, account);
    }
    return account;
  }

  async #account(userId: string): Promise<Account | undefined> {
    const home = await this.home(userId);
    return home === undefined ? undefined : this.store.account(home.id, userId);
  }

  /** Says whose person somebody is, where nothing that is read tells. */
  belongsTo(userId: string, homeId: TenantId): void {
    this.#homes.set(userId, homeId);
  }

  /**
   * The tenant that a person is of: this one, unless what the request has read of them says one below it. Undefined when
   * that isn't below this one any more, or is suspended: then the person is nobody here.
   */
  async home(userId: string): Promise<TenantContext | undefined> {
    const id = this.#homes.get(userId);
    if (id === undefined) return this.tenant;
    const home = await this.tenant.customer({ id });
    return home?.suspended === false ? home : undefined;
  }

  /** The tenant below this one that a person is of; undefined: this one itself. */
  homeTenantId(userId: string | null): TenantId | undefined {
    return userId === null ? undefined : this.#homes.get(userId);
  }

  /** What was read of the person isn't true any more. */
  forgetAccount(userId: string): void {
    this.#accounts.delete(userId);
  }

  write(artifact: NewArtifact): void {
    const key = artifact.hash.toString('base64');
    this.#writes.set(key, artifact);
    if (artifact.userId !== null) this.#userId = artifact.userId;
    if (artifact.kind === 'Grant') {
      // One that was there must not rise again, when it was ended since.
      if (this.#grants.has(key)) this.#requiredGrant = artifact.hash;
      else this.#begins.push(String(artifact.clientId));
    }
    // A grant that is known must still be there when something new is hung on it.
    if (artifact.grantHash !== null && !this.#writes.has(artifact.grantHash.toString('base64')))
      this.#requiredGrant = artifact.grantHash;
    if (artifact.sessionUid !== null && this.#sessions.has(artifact.sessionUid))
      this.#requiredSession = artifact.sessionUid;
  }

  /** The library drops the session that came by cookie; when it writes it again, only its id was changed. */
  dropSession(): void {
    this.#endedSession = this.#cookieSession;
  }

  /** The session that the request ended. */
  get endedSession(): string | undefined {
    return this.#endedSession;
  }

  /** Gives an interaction that this request makes its answer: an error that the application gets when it is resumed. */
  answerInteraction(uid: string, result: JsonObject): void {
    const key = this.names.of('Interaction', uid).toString('base64');
    const written = this.#writes.get(key);
    if (written !== undefined) this.#writes.set(key, { ...written, payload: { ...written.payload, result } });
  }

  writeSession(session: SessionWrite): void {
    this.#session = session;
    if (this.#endedSession === session.uid) this.#endedSession = undefined;
    if (session.userId !== null) this.#userId = session.userId;
    if (this.#sessions.has(session.uid)) this.#requiredSession = session.uid;
  }

  get writtenSession(): SessionWrite | undefined {
    return this.#session;
  }

  destroy(kind: string, id: string): void {
    const hash = this.names.of(kind, id);
    this.#writes.delete(hash.toString('base64'));
    this.#destroys.set(hash.toString('base64'), hash);
  }

  revokeGrant(grantId: string): void {
    this.revokeGrantHash(this.names.of('Grant', grantId));
  }

  revokeGrantHash(hash: ArtifactHash): void {
    this.#grants.delete(hash.toString('base64'));
    this.#revoked.push(hash);
  }

  get revokesGrants(): boolean {
    return this.#revoked.length > 0;
  }

  consume(consumption: Consumption): void {
    this.#consumed.push(consumption);
  }

  /** Adds the sealed answer to the refresh token that this request consumes: losing the race to it is no crime then. */
  replayable(hash: ArtifactHash, replay: NonNullable<Consumption['replay']>): void {
    const index = this.#consumed.findIndex((consumption) => consumption.hash.equals(hash));
    if (index >= 0) this.#consumed[index] = { hash, grantHash: null, replay };
  }

  get consumed(): readonly Consumption[] {
    return this.#consumed;
  }

  recordToken(record: TokenRecord, userId: string | null): void {
    this.#tokenRecords.push(record);
    if (userId !== null) this.#userId = userId;
    if (record.grantHash !== null && !this.#writes.has(record.grantHash.toString('base64')))
      this.#requiredGrant = record.grantHash;
  }

  /** A trip to an upstream that begins with this request, by a connection of this tenant or of one below it. */
  beginLogin(transaction: LoginTransaction, tenantId: TenantId): void {
    this.#login = transaction;
    this.#loginTenantId = tenantId === this.tenant.id ? undefined : tenantId;
  }

  audit(record: AuditRecord): void {
    this.#audit.push(record);
  }

  /** What an application is to be told, if this request comes to its commit. */
  deliver(delivery: NewDelivery): void {
    this.#deliveries.push(delivery);
  }

  /** Drops what waits but the end of grants and its events: the request was refused half way. */
  dropNew(): void {
    this.#writes.clear();
    this.#begins.length = 0;
    this.#consumed.length = 0;
    this.#deliveries.length = 0;
    this.#tokenRecords.length = 0;
    this.#requiredGrant = null;
    this.#requiredSession = null;
    this.#userId = null;
  }

  /** Ends the grant of a one-time value that was taken before, with its event: the request's own writes were refused. */
  async punish(record: AuditRecord): Promise<void> {
    const revokeGrants = this.#requiredGrant === null ? [] : [this.#requiredGrant];
    await this.store.commit(this.tenant.id, { ...EMPTY_COMMIT, revokeGrants, audit: [record] });
  }

  /**
   * Writes what waits. Nothing waiting: no flush. Where a session or a grant begins, the person's groups and assignments
   * must be those by which they were let in; if others came to be meanwhile, they are judged again.
   */
  async commit(): Promise<CommitOutcome> {
    const account = await this.#beginner();
    // Let in a moment ago and without any role since: they are told so, and no session begins.
    const home = account === undefined ? undefined : await this.home(account.userId);
    if (account !== undefined && this.#session?.origin !== undefined && isDenied(home, account))
      this.#session = undefined;
    const outcome = await this.#commit(account?.standing ?? null);
    if (outcome !== 'ended' || account === undefined) return outcome;
    this.forgetAccount(account.userId);
    const now = await this.account(account.userId);
    if (now === undefined || now.standing === account.standing) return 'ended';
    if (home === undefined || !mayBegin({ tenant: this.tenant, home }, now, this.#begins)) return 'ended';
    return this.#commit(now.standing);
  }

  /** For whom something begins. */
  async #beginner(): Promise<Account | undefined> {
    const begins = this.#begins.length > 0 || this.#session?.origin !== undefined;
    return begins && this.#userId !== null ? this.account(this.#userId) : undefined;
  }

  async #commit(standing: string | null): Promise<CommitOutcome> {
    const account = this.#userId === null ? undefined : await this.#accounts.get(this.#userId);
    const work: ArtifactCommit = {
      userId: this.#userId,
      homeTenantId: this.homeTenantId(this.#userId),
      connected: typeof account?.connectionId === 'string',
      standing,
      requiredSession: this.#requiredSession,
      requiredGrant: this.#requiredGrant,
      consume: this.#consumed,
      artifacts: [...this.#writes.values()].map((artifact) => ({
        ...artifact,
        homeTenantId: this.homeTenantId(artifact.userId),
      })),
      session: this.#session && { ...this.#session, homeTenantId: this.homeTenantId(this.#session.userId) },
      destroy: [...this.#destroys.values()],
      revokeGrants: this.#revoked,
      tokenRecords: this.#tokenRecords,
      loginTransaction: this.#login,
      loginTenantId: this.#loginTenantId,
      audit: this.#audit,
      deliveries: this.#deliveries,
    };
    const idle =
      work.consume.length + work.artifacts.length + work.destroy.length + work.revokeGrants.length === 0 &&
      work.tokenRecords.length + work.audit.length === 0 &&
      work.session === undefined;
    return idle ? 'committed' : this.store.commit(this.tenant.id, work);
  }
}
