/** Words of the pages around signing out. */
export const confirmStrings = {
  title: 'Sign out',
  heading: 'Sign out of {application}?',
  headingWithoutApplication: 'Sign out of {tenant}?',
  text: 'You also leave the other applications that you opened through {tenant}.',
  signOutButton: 'Sign out',
  onlyButton: 'Sign out of {application} only',
  stayButton: 'Stay signed in',
} as const;

export const signedOutStrings = {
  title: 'Signed out',
  heading: "You're signed out of {application}",
  headingWithoutApplication: "You're signed out",
  stillSignedIn: "You're still signed in to {connection}. On a shared computer, sign out there too.",
  done: 'You can close this page.',
  upstreamUnreachable:
    "{connection} can't be reached now, so you may still be signed in there. On a shared computer, close the browser.",
  upstreamButton: 'Sign out of {connection} too',
  backButton: 'Back to {application}',
} as const;

export const leavingStrings = {
  title: 'Signed out',
  heading: "You're signed out",
  text: 'Your other applications are told now. You go on to {target} in a moment.',
  continueButton: 'Continue to {target}',
} as const;

export const framesStrings = {
  title: 'Sign-out of {application}',
  framedTitle: 'Signed out',
} as const;
