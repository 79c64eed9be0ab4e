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
  upstreamButton: 'Sign out of {connection} too',
  backButton: 'Back to {application}',
} as const;
