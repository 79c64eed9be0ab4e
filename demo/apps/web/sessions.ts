import { randomBytes } from 'node:crypto';
import type { EndedSignIn } from './logout-tokens.js';
import type { Attempt, SignedIn } from './sign-in.js';

/** One browser: who is signed in there, and the sign-ins that it has begun, by `state`. */
export interface Session {
  readonly id: string;
  readonly attempts: Map<string, Attempt>;
  signedIn: SignedIn | undefined;
  /** The issuer ended the sign-in that was here, without this browser: its next page says so. */
  endedElsewhere: boolean;
  usedAt: number;
}

const IDLE_MS = 8 * 3_600_000;
const SESSIONS_MAX = 10_000;
/** Tabs in which one browser may begin to sign in at the same time. */
const ATTEMPTS_MAX = 10;

/** Sessions in memory, by the random id in the browser's cookie. A real application keeps them where all its nodes look. */
export class Sessions {
  readonly #byId = new Map<string, Session>();

  constructor(private readonly now: () => number) {}

  find(id: string | undefined): Session | undefined {
    const session = id === undefined ? undefined : this.#byId.get(id);
    if (session === undefined) return undefined;
    if (session.usedAt + IDLE_MS < this.now()) {
      this.#byId.delete(session.id);
      return undefined;
    }
    session.usedAt = this.now();
    return session;
  }

  create(): Session {
    for (const [id] of this.#byId) {
      if (this.#byId.size < SESSIONS_MAX) break;
      this.#byId.delete(id);
    }
    const id = randomBytes(32).toString('base64url');
    const session: Session = {
      id,
      attempts: new Map(),
      signedIn: undefined,
      endedElsewhere: false,
      usedAt: this.now(),
    };
    this.#byId.set(id, session);
    return session;
  }

  /**
   * A session of a new id for someone who has just signed in: an id that somebody planted in the browser beforehand
   * opens nothing (session fixation).
   */
  signedIn(before: Session, signedIn: SignedIn): Session {
    this.end(before);
    const session = this.create();
    for (const [state, attempt] of before.attempts) session.attempts.set(state, attempt);
    session.signedIn = signedIn;
    return session;
  }

  end(session: Session): void {
    this.#byId.delete(session.id);
  }

  /** Takes the sign-in out of every browser that has it; what those browsers have begun goes on. */
  endElsewhere({ sid, sub }: EndedSignIn): void {
    for (const session of this.#byId.values()) {
      const claims = session.signedIn?.claims;
      if (claims === undefined) continue;
      if (sid !== undefined && claims['sid'] !== sid) continue;
      if (sub !== undefined && claims.sub !== sub) continue;
      session.signedIn = undefined;
      session.endedElsewhere = true;
    }
  }
}

/** Remembers a sign-in that begins; the oldest of too many is forgotten. */
export function remember(session: Session, attempt: Attempt): void {
  const [oldest] = session.attempts.keys();
  if (session.attempts.size >= ATTEMPTS_MAX && oldest !== undefined) session.attempts.delete(oldest);
  session.attempts.set(attempt.state, attempt);
}

/** The sign-in that an answer belongs to. Each is taken once. */
export function take(session: Session | undefined, state: string | null): Attempt | undefined {
  const attempt = state === null ? undefined : session?.attempts.get(state);
  if (attempt !== undefined) session?.attempts.delete(attempt.state);
  return attempt;
}
