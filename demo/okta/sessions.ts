import { randomText } from './ids.js';
import { ExpiringMap } from './expiring-map.js';
import type { OrgClock } from './clock.js';
import type { Factor, User } from './people.js';

/** An Okta session lives two hours after its last use. */
const SESSION_IDLE_SECONDS = 2 * 60 * 60;
/** How long someone may sit on the sign-in page. */
const TRANSACTION_SECONDS = 60 * 60;

/** One person signed in to one org in one browser. */
export interface SsoSession {
  readonly id: string;
  readonly userId: string;
  /** When the person last proved who they are, in seconds since the epoch. */
  authTime: number;
  /** What they proved it with; a password is always among it. */
  factors: Set<'pwd' | Factor>;
  /** `idp` claim: this org, or the identity provider that signed them in. */
  idp: string;
  /** Client ids that got tokens in this session. */
  readonly clients: Set<string>;
  readonly keepSignedIn: boolean;
}

/** What the person still has to do on the sign-in pages. */
export type Stage = 'identify' | 'password' | 'otp' | 'webauthn' | 'consent' | 'enroll';

/** A person on their way through the sign-in pages (Okta's `stateToken`). */
export interface SignInTransaction {
  readonly id: string;
  /** The authorization request that brought them, or nothing when they just open the dashboard. */
  readonly request: AuthorizeRequest | undefined;
  /** Identity provider that signs them in instead of a password at this org. */
  readonly idp: string | undefined;
  stage: Stage;
  username: string;
  userId: string | undefined;
  keepSignedIn: boolean;
  /** What they proved in this transaction. */
  proved: Set<'pwd' | Factor>;
  /**
   * Whether proofs of an older session don't count (`prompt=login`, `max_age`); false once they were given
   * anew.
   */
  fresh: boolean;
  consented: boolean;
  enrolled: boolean;
  message: string | undefined;
}

export type ResponseMode = 'query' | 'fragment' | 'form_post' | 'okta_post_message';

/** A checked authorization request. */
export interface AuthorizeRequest {
  readonly clientId: string;
  /** `/oauth2` or `/oauth2/{id}`. */
  readonly serverBase: string;
  /** Scheme and host that the browser used: decides the issuer of clients in DYNAMIC mode. */
  readonly origin: string;
  readonly redirectUri: string;
  readonly responseType: string;
  readonly responseMode: ResponseMode;
  readonly state: string;
  readonly scopes: readonly string[];
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
  readonly prompt: readonly string[];
  readonly maxAge: number | undefined;
  readonly loginHint: string | undefined;
  readonly acrValues: readonly string[];
  readonly idp: string | undefined;
}

export class SessionStore {
  readonly #sessions: ExpiringMap<SsoSession>;
  readonly #transactions: ExpiringMap<SignInTransaction>;

  constructor(clock: OrgClock) {
    this.#sessions = new ExpiringMap(clock);
    this.#transactions = new ExpiringMap(clock);
  }

  open(parts: Omit<SsoSession, 'id' | 'clients'>): SsoSession {
    const session: SsoSession = { ...parts, id: randomText(24), clients: new Set() };
    this.#sessions.set(session.id, session, SESSION_IDLE_SECONDS);
    return session;
  }

  /** The living session of a cookie; looking at it counts as use. */
  find(id: string | undefined): SsoSession | undefined {
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (session !== undefined) this.#sessions.touch(session.id, SESSION_IDLE_SECONDS);
    return session;
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  /** Ends all sessions of a person, or everyone's. */
  endAll(user?: User): void {
    this.#sessions.deleteWhere(({ userId }) => user === undefined || userId === user.id);
  }

  list(): SsoSession[] {
    return this.#sessions.values();
  }

  begin(
    parts: Pick<SignInTransaction, 'request' | 'idp' | 'fresh'> & Partial<SignInTransaction>,
  ): SignInTransaction {
    const transaction: SignInTransaction = {
      stage: 'identify',
      username: '',
      userId: undefined,
      keepSignedIn: false,
      proved: new Set(),
      consented: false,
      enrolled: false,
      message: undefined,
      ...parts,
      id: randomText(24),
    };
    this.#transactions.set(transaction.id, transaction, TRANSACTION_SECONDS);
    return transaction;
  }

  transaction(id: string | undefined): SignInTransaction | undefined {
    return id === undefined ? undefined : this.#transactions.get(id);
  }

  finish(transaction: SignInTransaction): void {
    this.#transactions.delete(transaction.id);
  }
}
