const UNKNOWN = {
  heading: "That sign-in didn't work",
  text: 'The answer that came back could not be used. Start again; if it happens again, tell the people who run this.',
};

const UNAVAILABLE = {
  heading: 'Sign-in is not available right now',
  text: 'This is not about your account. Try again in a minute.',
};

/** By OAuth error (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6). */
const ANSWERS = new Map(
  Object.entries({
    access_denied: {
      heading: "You weren't let in",
      text: 'Your organization did not allow this sign-in, or you went back. Try again, or with another account.',
    },
    login_required: { heading: 'Please sign in again', text: 'Your sign-in has ended.' },
    invalid_grant: {
      heading: 'Please sign in again',
      text: 'Your access has ended, or you signed out elsewhere.',
    },
    temporarily_unavailable: UNAVAILABLE,
    server_error: UNAVAILABLE,
  }),
);

/** By the reason that Causeway gives as description of `access_denied`. */
const DENIALS = new Map(
  Object.entries({
    not_assigned: {
      heading: "You don't have access to this application",
      text: 'Nobody has given it to you yet. Ask your IT team, or use another account.',
    },
    no_role: {
      heading: 'You have no role here yet',
      text: 'You signed in, but none of your groups gives you a role. Ask your IT team, or use another account.',
    },
    scim_deprovisioned: {
      heading: 'Your account is switched off',
      text: 'Your organization has ended your access.',
    },
  }),
);

/** An error in words for the person in front of it; `detail` is for whoever is asked for help. */
export function wordsFor(error) {
  const code = error.error ?? undefined;
  const description = error.error_description ?? undefined;
  if (code === undefined) return { ...UNKNOWN, detail: error.message };
  const words = (code === 'access_denied' && DENIALS.get(description)) || ANSWERS.get(code) || UNKNOWN;
  return { ...words, detail: description === undefined ? code : `${code}: ${description}` };
}
