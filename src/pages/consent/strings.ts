/** Words of the consent page. */
export const consentStrings = {
  title: 'Allow access',
  heading: '{application} wants to use your {tenant} account',
  intro: 'If you allow it, {application} can:',
  signedInAs: 'Signed in as {account}.',
  notYou: 'Not you?',
  returnsTo: 'You then go back to {host}.',
  withdraw: 'You can withdraw this in your portal.',
  allowButton: 'Allow',
  denyButton: "Don't allow",
} as const;

/** What the standard scopes let an application do, in plain words (OpenID Connect Core 1.0 section 5.4). */
export const scopeStrings: Readonly<Record<string, string>> = {
  openid: 'Know that it is you',
  profile: 'See your name',
  email: 'See your email address',
  phone: 'See your phone number',
  address: 'See your postal address',
  groups: "See which groups you're in",
  roles: 'See which roles you have',
  offline_access: "Keep its access when you aren't using it",
};
