/** Words of the pages before a sign-in. `{names}` are filled by the page. */
export const discoveryStrings = {
  title: 'Sign in',
  heading: 'Sign in to {application}',
  headingWithoutApplication: 'Sign in',
  intro: 'Enter your work email and we take you to the right place.',
  emailLabel: 'Work email',
  continueButton: 'Continue',
  localAccount: 'Use a local account',
  errors: {
    /** Nothing was typed. */
    empty: 'Enter your work email.',
    /** What was typed is no address. */
    malformed: 'Enter an address like name@company.example.',
    /** No domain fits, or the domain has no connection: alike, so that nobody learns which. */
    unknown: "We couldn't find a sign-in for that address. Check the spelling or ask your IT team.",
  },
} as const;

export const chooserStrings = {
  title: 'Choose how to sign in',
  heading: 'Choose how to sign in',
  intro: 'You go on to {application} afterwards.',
  lastUsed: 'Used last time',
  outage: 'Sign-in through {connection} has a problem right now. You can try it, or use another way.',
  anotherEmail: 'Use another email address',
  localAccount: 'Use a local account',
} as const;

export const continueStrings = {
  title: 'Continue to {target}',
  heading: 'Continue to {target}',
  text: 'We take you there now. If nothing happens, use the button.',
  continueButton: 'Continue to {target}',
} as const;
