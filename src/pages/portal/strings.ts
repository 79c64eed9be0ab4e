/** Words of the portal. */
export const portalStrings = {
  title: 'Your permissions',
  heading: 'What you have allowed',
  intro: 'These applications may use your {tenant} account.',
  none: "You haven't allowed any application to use your {tenant} account.",
  signedInAs: 'Signed in as {account}.',
  withdrawButton: 'Withdraw from {application}',
  signedOutHeading: 'Sign in first',
  signedOutText: 'Open one of your applications and sign in. Then come back to this address.',
} as const;
