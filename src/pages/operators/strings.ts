/** Words of the pages on which local accounts sign in. `{names}` are filled by the page. */
export const localSignInStrings = {
  title: 'Sign in',
  headings: { sign_in: 'Sign in to {tenant}', step_up: "Show that it's you" },
  intros: {
    sign_in: 'With an account of Causeway itself, not of your organization.',
    step_up: 'What you are about to do needs a fresh proof. You are signed in as {account}.',
  },
  passkeyButton: 'Use a passkey',
  passwordInstead: 'Use password and code',
  passkeyInstead: 'Use a passkey',
  userName: 'User name',
  password: 'Password',
  passwordHint: 'Leave it empty if you have none, and use a recovery code.',
  code: 'Code of your app, or a recovery code',
  continueButton: 'Continue',
  withConnection: 'Sign in with {connection}',
  breakGlassOnly: 'Every use is recorded and the owners are told.',
  breakGlass: 'Every use of a break-glass account is recorded and the owners are told.',
  missing: "This browser can't use passkeys here. Use password and code.",
  stopped: 'Nothing came from your passkey. Try again.',
  faults: {
    wrong: "That didn't match. Check what you entered, or use a new code.",
    late: 'This page waited too long, or another tab took its place. Try again.',
    too_many: 'Too many tries. Wait {seconds} seconds, then try again.',
  },
} as const;

export const enrolStrings = {
  title: 'Set up your sign-in',
  headings: { first_run: 'Become the first owner', enrolment: 'Set up your sign-in, {account}' },
  intros: {
    first_run: 'Choose a name and how you sign in. You can do everything here from then on.',
    enrolment: 'Choose how you sign in. This link works once.',
  },
  userName: 'User name',
  passkeyIntro: 'A passkey is kept by your device or security key, and opened by your finger, face or PIN.',
  passkeyButton: 'Create a passkey',
  passwordInstead: 'Use password and code',
  passkeyInstead: 'Use a passkey',
  password: 'Password',
  passwordHint: 'At least 12 characters. A few unrelated words are good.',
  seedIntro: 'Add this key to your authenticator app:',
  code: 'Code that the app shows',
  continueButton: 'Continue',
  missing: "This browser can't use passkeys here. Use password and code.",
  stopped: 'No passkey was made. Try again.',
  faults: {
    late: 'This page waited too long. Try again.',
    passkey: "The passkey couldn't be checked. Try again.",
    code: "That code doesn't match. Wait for the next one, and check your device's clock.",
    user_name: 'Use 1 to 100 characters without blanks.',
    user_name_taken: 'Another account has this name. Choose another one.',
    too_short: 'Use at least 12 characters.',
    too_long: 'Use at most 1,000 characters.',
    unreadable: "Use characters that you can see. This text holds one that can't be typed.",
    is_user_name: 'Use something else than your user name.',
    too_many: 'Too many people sign in right now. Wait {seconds} seconds, then try again.',
  },
} as const;

export const recoveryStrings = {
  title: 'Recovery codes',
  heading: 'Save your recovery codes',
  intros: {
    passkey: 'Each works once, with your user name, on the day when you have no passkey at hand.',
    password: 'Each works once, in place of the code of your app.',
  },
  keep: 'Keep them where nobody else looks. They are never shown again.',
  continueButton: "I've saved them",
} as const;

export const consoleSignOutStrings = {
  title: 'Sign out',
  heading: 'Sign out of Causeway?',
  who: 'You are signed in as {account}.',
  signOutButton: 'Sign out',
} as const;

export const consoleRefusalStrings = {
  startAgain: 'Start again',
  reasons: {
    no_role: {
      heading: 'You have no role in the console of {tenant}',
      text: 'You signed in, but none of your groups gives access. Ask an owner for a role.',
    },
    refused: {
      heading: "You aren't signed in to the console",
      text: "Your organization's sign-in was not finished, or your access has ended.",
    },
    late: {
      heading: 'This sign-in took too long',
      text: 'It ended after 10 minutes, was finished before, or began in another tab or browser.',
    },
    other_account: {
      heading: 'You signed in as somebody else',
      text: 'So you are signed out of the console. Start again with your own account.',
    },
    not_fresh: {
      heading: 'That sign-in was not a fresh one',
      text: 'Your organization sent you back without asking who you are. Sign out there, then try again.',
    },
  },
} as const;

export const linkStrings = {
  first_run: {
    title: 'First run',
    used: {
      heading: 'This link was used before',
      text: 'Causeway has an owner. Each link works once.',
    },
    late: {
      heading: 'This link has ended',
      text: 'A first-run link works for 30 minutes.',
    },
    unknown: {
      heading: "This link isn't right",
      text: 'Copy the whole link again. Or make a new one on the machine that runs Causeway.',
    },
  },
  enrolment: {
    title: 'Set up your sign-in',
    used: {
      heading: 'This link was used before',
      text: 'Each link works once. If that was not you, tell an owner at once.',
    },
    late: {
      heading: 'This link has ended',
      text: 'A link works for 30 minutes, and until a newer one is made. Ask an owner for another.',
    },
    unknown: {
      heading: "This link isn't right",
      text: 'Copy the whole link again. Or ask an owner for a new one.',
    },
  },
  commands: [
    [
      'Print a link for a new owner, on the machine that runs Causeway:',
      'npm run cli -- admin create --username NAME',
    ],
    ['Or a new link for an account that exists:', 'npm run cli -- admin reset --username NAME'],
  ],
} as const;

export const applicationPageStrings = {
  title: 'Connect {application}',
  issuer: 'Issuer',
  clientId: 'Client ID',
  endpoints: 'Endpoints',
  settings: 'Settings',
  settingsText: 'What the programs below read from their environment. Put the secret in its place yourself.',
  snippets: 'Programs for common libraries',
} as const;
