import type { IconName } from '../elements.js';

/**
 * Why a person doesn't get further. The first twelve also reach applications as reason codes or OAuth errors.
 */
export const ERROR_REASONS = [
  'not_assigned',
  'no_role',
  'scim_deprovisioned',
  'provisioning_off',
  'upstream_unavailable',
  'upstream_refused',
  'mfa_required',
  'expired',
  'other_browser',
  'app_misconfigured',
  'connection_disabled',
  'connection_broken',
  'domain_mismatch',
  'already_used',
  'tenant_suspended',
  'access_ended',
  'too_many_tries',
  'unknown_page',
  'bad_request',
  'server_error',
] as const;

export type ErrorReason = (typeof ERROR_REASONS)[number];

/** What a page can offer; the caller gives the addresses. */
export type ErrorAction = 'tryAgain' | 'useAnother' | 'myApps' | 'otherWays';

/** The words of one reason and how its page looks. */
export interface ReasonWords {
  readonly heading: string;
  /** What happened. */
  readonly what: string;
  /** What to do about it. */
  readonly whatToDo: string;
  /** Buttons in order, each with its words; the first one leads. */
  readonly actions: readonly (readonly [action: ErrorAction, label: string])[];
  /** HTTP status of the page. */
  readonly status: number;
  readonly icon: IconName;
}

const TRY_AGAIN = ['tryAgain', 'Try again'] as const;
const START_AGAIN = ['tryAgain', 'Start again'] as const;
const USE_ANOTHER = ['useAnother', 'Use another account'] as const;
const MY_APPS = ['myApps', 'My apps'] as const;
const OTHER_WAYS = ['otherWays', 'Other ways to sign in'] as const;

/** Words of the error page itself. */
export const errorStrings = {
  signedInAs: 'Signed in as {account}.',
  notYou: 'Not you?',
  theirWords: 'In the words of {connection}:',
  detail: 'What is wrong with it:',
  back: 'Back to {application}',
  reference: 'Reference',
  time: 'Time',
} as const;

/** Every reason needs its words, or this doesn't compile. */
export const reasonStrings: Readonly<Record<ErrorReason, ReasonWords>> = {
  not_assigned: {
    heading: "You don't have access to {application}",
    what: "You aren't assigned to it.",
    whatToDo: 'Ask your IT team to assign you and give them the reference.',
    actions: [TRY_AGAIN, USE_ANOTHER],
    status: 403,
    icon: 'lock',
  },
  no_role: {
    heading: 'You have no role in {application} yet',
    what: 'You signed in, but none of your groups gives access.',
    whatToDo: 'Ask your IT team for access.',
    actions: [MY_APPS, USE_ANOTHER],
    status: 403,
    icon: 'lock',
  },
  scim_deprovisioned: {
    heading: 'Your account is switched off',
    what: 'Your organization has ended your access.',
    whatToDo: "If that's wrong, your IT team can turn it on in Okta.",
    actions: [USE_ANOTHER],
    status: 403,
    icon: 'lock',
  },
  provisioning_off: {
    heading: "Your account isn't here yet",
    what: 'Your organization adds people before they can sign in.',
    whatToDo: 'If you were added just now, try again in a minute.',
    actions: [TRY_AGAIN],
    status: 403,
    icon: 'clock',
  },
  upstream_unavailable: {
    heading: "{connection} isn't answering",
    what: "It's not your password.",
    whatToDo: 'Try again in a minute.',
    actions: [TRY_AGAIN, OTHER_WAYS],
    status: 503,
    icon: 'plug',
  },
  upstream_refused: {
    heading: '{connection} stopped this sign-in',
    what: "A sign-in rule of your organization didn't allow it.",
    whatToDo: 'Your IT team can see why with the reference.',
    actions: [TRY_AGAIN],
    status: 403,
    icon: 'lock',
  },
  mfa_required: {
    heading: '{application} needs a stronger sign-in',
    what: 'Use your second factor when Okta asks.',
    whatToDo: "If it doesn't ask, your IT team must allow it.",
    actions: [['tryAgain', 'Sign in again']],
    status: 403,
    icon: 'shield',
  },
  expired: {
    heading: 'This sign-in took too long',
    what: 'For your safety it ended after 10 minutes.',
    whatToDo: 'Nothing is wrong with your account.',
    actions: [START_AGAIN],
    status: 400,
    icon: 'clock',
  },
  other_browser: {
    heading: 'Finish in the browser you started in',
    what: 'This page belongs to a sign-in in another browser or a private window, or cookies are blocked.',
    whatToDo: 'Go back to that window, or start again here.',
    actions: [START_AGAIN],
    status: 400,
    icon: 'window',
  },
  app_misconfigured: {
    heading: "{application}'s sign-in isn't set up correctly",
    what: "It sent an address that isn't registered, so we didn't send you there.",
    whatToDo: 'Tell the people who run {application}.',
    actions: [],
    status: 400,
    icon: 'wrench',
  },
  connection_disabled: {
    heading: 'Sign-in through {connection} is off or needs repair',
    what: "It can't be used right now.",
    whatToDo: 'Your IT team can see why with the reference.',
    actions: [OTHER_WAYS, TRY_AGAIN],
    status: 403,
    icon: 'pause',
  },
  connection_broken: {
    heading: 'Sign-in through {connection} is off or needs repair',
    what: "It can't be used right now.",
    whatToDo: 'Your IT team can see why with the reference.',
    actions: [OTHER_WAYS, TRY_AGAIN],
    status: 502,
    icon: 'wrench',
  },
  domain_mismatch: {
    heading: 'That account belongs elsewhere',
    what: "You signed in as {account}, but this sign-in is for {tenant}'s addresses.",
    whatToDo: 'Use your {tenant} account.',
    actions: [USE_ANOTHER],
    status: 403,
    icon: 'lock',
  },
  already_used: {
    heading: 'This sign-in was already finished',
    what: 'Its page was opened a second time, by a reload or the back button.',
    whatToDo: 'Go back to your application.',
    actions: [START_AGAIN],
    status: 400,
    icon: 'clock',
  },
  tenant_suspended: {
    heading: "{tenant}'s sign-in is paused",
    what: 'Nobody can sign in here until it is turned on again.',
    whatToDo: 'Ask your IT team.',
    actions: [],
    status: 403,
    icon: 'pause',
  },
  access_ended: {
    heading: 'Your access to {tenant} is over',
    what: 'It was given for a limited time, which has ended.',
    whatToDo: 'Ask for it again in your console.',
    actions: [MY_APPS],
    status: 403,
    icon: 'clock',
  },
  too_many_tries: {
    heading: 'Too many tries',
    what: 'We count tries to keep accounts safe.',
    whatToDo: 'Wait {wait}, then try again.',
    actions: [TRY_AGAIN],
    status: 429,
    icon: 'clock',
  },
  unknown_page: {
    heading: "This page doesn't exist",
    what: 'The address has a mistake in it, or what was here is gone.',
    whatToDo: 'Check the address, or start from your application.',
    actions: [MY_APPS],
    status: 404,
    icon: 'search',
  },
  bad_request: {
    heading: "We can't use this request",
    what: 'Something in it is missing or wrong.',
    whatToDo: 'Go back to your application and start again.',
    actions: [START_AGAIN],
    status: 400,
    icon: 'warning',
  },
  server_error: {
    heading: 'Something failed on our side',
    what: "It's not your account.",
    whatToDo: 'Try again in a minute. If it happens again, give your IT team the reference.',
    actions: [TRY_AGAIN],
    status: 500,
    icon: 'warning',
  },
};
