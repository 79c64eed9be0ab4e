import { HttpError } from 'koa';
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';

/** What went wrong, in words for the person in front of it. */
export interface Fault {
  readonly heading: string;
  readonly text: string;
  /** The issuer's own words, for whoever is asked for help. */
  readonly detail: string | undefined;
  readonly status: number;
}

type Words = Pick<Fault, 'heading' | 'text'>;

const UNAVAILABLE: Words = {
  heading: 'Sign-in is not available right now',
  text: 'This is not about your account. Try again in a minute.',
};

/** Errors of an authorization response (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6). */
const ANSWERS: ReadonlyMap<string, Words> = new Map([
  [
    'access_denied',
    {
      heading: "You weren't let in",
      text: 'Your organization did not allow this sign-in, or you went back. Try again, or with another account.',
    },
  ],
  ['login_required', { heading: 'Please sign in again', text: 'Your sign-in has ended.' }],
  ['temporarily_unavailable', UNAVAILABLE],
  ['server_error', UNAVAILABLE],
]);

/** Why access was denied, by the reason code that Causeway gives as description. */
const DENIALS: ReadonlyMap<string, Words> = new Map([
  [
    'not_assigned',
    {
      heading: "You don't have access to this application",
      text: 'Nobody has given it to you yet. Ask your IT team, or use another account.',
    },
  ],
  [
    'no_role',
    {
      heading: 'You have no role here yet',
      text: 'You signed in, but none of your groups gives you a role. Ask your IT team, or use another account.',
    },
  ],
  [
    'scim_deprovisioned',
    {
      heading: 'Your account is switched off',
      text: 'Your organization has ended your access.',
    },
  ],
]);

const UNKNOWN: Words = {
  heading: "That sign-in didn't work",
  text: 'The answer that came back could not be used. Start again; if it happens again, tell the people who run this.',
};

/** An answer that belongs to no sign-in of this browser: an old tab, a bookmark, or somebody else's link. */
export const STRAY_ANSWER: Fault = {
  heading: 'This sign-in is not one of yours',
  text: 'It was finished already, took too long, or began in another browser. Start again here.',
  detail: undefined,
  status: 400,
};

export const UNKNOWN_PAGE: Fault = {
  heading: 'There is nothing here',
  text: 'The address has a mistake in it, or what was here is gone.',
  detail: undefined,
  status: 404,
};

/** Words for any error that a sign-in can end with. */
export function faultOf(error: unknown): Fault {
  if (error instanceof AuthorizationResponseError) {
    const { error: code, error_description: description } = error;
    const words =
      (code === 'access_denied' && DENIALS.get(description ?? '')) || ANSWERS.get(code) || UNKNOWN;
    const detail = description === undefined ? code : `${code}: ${description}`;
    return { ...words, detail, status: code === 'access_denied' ? 403 : 502 };
  }
  if (error instanceof ResponseBodyError) return { ...UNKNOWN, detail: error.error, status: 502 };
  if (error instanceof HttpError && error.expose)
    return { ...UNKNOWN, detail: error.message, status: error.status };
  return { ...UNAVAILABLE, detail: undefined, status: 502 };
}

/** Whether a renewal failed because the person's access or session has ended, and not by an accident on the way. */
export function isOver(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error === 'invalid_grant';
}
