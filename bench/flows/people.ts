import { Browser } from '../driver/browser.js';
import { UnexpectedAnswer } from '../driver/http.js';
import type { Party, SignedIn } from '../driver/party.js';
import { emailOf, WEB } from '../parties.js';
import { prepare, type Flow, type Operation } from './flow.js';

/**
 * Sessions that are prepared at least. Several for one worker, because the floor's memory adapter walks all tokens of a
 * grant at each new one: one session used for seconds would slow the floor down by what no deployment has.
 */
const SESSIONS_MIN = 32;

interface Session {
  readonly browser: Browser;
  readonly email: string;
  signedIn: SignedIn;
}

let nextPerson = 0;

async function newSession(party: Party): Promise<Session> {
  nextPerson += 1;
  const email = emailOf(nextPerson);
  const browser = new Browser(party.http);
  return { browser, email, signedIn: await party.signIn(browser, email, 'upstream') };
}

/** Workers, each of which goes round sessions of its own. */
async function withSessions(
  party: Party,
  workers: number,
  work: (session: Session) => Promise<void>,
): Promise<readonly Operation[]> {
  const sessions = await prepare(Math.max(SESSIONS_MIN, workers), () => newSession(party));
  await party.verify(sessions[0]?.signedIn.idToken ?? '', WEB.clientId);
  return Array.from({ length: workers }, (_, worker) => {
    const own = sessions.filter((_session, index) => index % workers === worker);
    let turn = 0;
    return async () => {
      turn += 1;
      const session = own[turn % own.length];
      if (session !== undefined) await work(session);
    };
  });
}

/** Rotates a refresh token; a new ID Token and access token come along. */
export const refresh: Flow = {
  name: 'refresh',
  flushesMax: 2,
  ratioMin: 0.5,
  open: (party, workers) =>
    withSessions(party, workers, async (session) => {
      session.signedIn = await refreshed(party, session);
    }),
};

/**
 * The next tokens of a session. The floor's memory holds a thousand entries or two: of very many at once, one that had to
 * wait is forgotten, and signs in again, which the floor has to bear.
 */
async function refreshed(party: Party, session: Session): Promise<SignedIn> {
  try {
    return await party.refresh(session.signedIn);
  } catch (error) {
    if (party.hasLeeway || !(await party.isOver(session.signedIn))) throw error;
    return (await newSession(party)).signedIn;
  }
}

/**
 * Two tabs, or an application that missed an answer and asks again: the same refresh token twice at the same time. Both
 * get the same tokens. The floor would take that for theft, so it refreshes twice, one after the other.
 */
export const refreshStorm: Flow = {
  name: 'refresh storm',
  // The winner's two, and three of who comes too late: it reads, is refused, and reads the winner's answer.
  flushesMax: 5,
  ratioMin: undefined,
  open: (party, workers) =>
    withSessions(party, workers, async (session) => {
      if (!party.hasLeeway) {
        session.signedIn = await refreshed(party, session);
        session.signedIn = await refreshed(party, session);
        return;
      }
      const [one, other] = await Promise.all([
        party.refresh(session.signedIn),
        party.refresh(session.signedIn),
      ]);
      if (one.refreshToken !== other.refreshToken) throw new UnexpectedAnswer('two branches were made');
      session.signedIn = one;
    }),
};

/** Asks about an opaque access token of a person (RFC 7662). */
export const introspection: Flow = {
  name: 'introspection',
  flushesMax: 2,
  ratioMin: undefined,
  open: (party, workers) =>
    withSessions(party, workers, async ({ signedIn }) => {
      if (!(await party.introspect(WEB, signedIn.accessToken)))
        throw new UnexpectedAnswer('a live token introspects as dead');
    }),
};

/** Sign-in of a person whose session lives: authorize, token, userinfo. */
export const singleSignOn: Flow = {
  name: 'single-sign-on login',
  flushesMax: 6,
  ratioMin: 0.5,
  open: (party, workers) =>
    withSessions(party, workers, async ({ browser, email }) => {
      await party.signIn(browser, email, 'session');
    }),
};

/** Sign-in of a known person without a session: authorize, upstream, callback, authorize, token, userinfo. */
export const brokeredLogin: Flow = {
  name: 'brokered login',
  flushesMax: 11,
  ratioMin: 0.5,
  open: async (party, workers) => {
    await party.verify((await newSession(party)).signedIn.idToken, WEB.clientId);
    return Array.from({ length: workers }, () => async () => {
      await newSession(party);
    });
  },
};
