/** Words of the pages by which a device gets its person. `{names}` are filled by the page. */
export const enterCodeStrings = {
  title: 'Connect a device',
  heading: 'Enter the code shown on your device',
  intro: 'It has eight letters. Dashes, spaces and small letters make no difference.',
  codeLabel: 'Code',
  continueButton: 'Continue',
  errors: {
    /** Nothing was typed. */
    empty: 'Enter the code that your device shows.',
    /** Unknown, expired, or used before: alike, so that nobody learns which (RFC 8628 section 5.1). */
    unknown: "That code doesn't work. Check the letters, or start again on your device for a new code.",
  },
} as const;

export const confirmDeviceStrings = {
  title: 'Sign in on a device',
  heading: 'Sign in on {application}?',
  warning:
    'Only continue if you started this yourself, just now. ' +
    'If somebody sent you the code, they want to sign in as you.',
  code: 'Code',
  codeHint: 'Your device must show the same one.',
  asked: 'Asked',
  askedAgo: '{ago} ago',
  from: 'From address',
  device: 'Device',
  reference: "Device's own name",
  unknown: 'unknown',
  signedInAs: 'Signed in as {account}.',
  notYou: 'Not you?',
  continueButton: 'Continue',
  stopButton: "It wasn't me",
} as const;

export const deviceNoticeStrings = {
  done: {
    heading: 'Done',
    text: 'Go back to your device. {application} goes on there by itself.',
    again: '',
  },
  stopped: {
    heading: 'Stopped',
    text: 'The device was told no. Nobody was signed in on it.',
    again: 'Enter another code',
  },
  gone: {
    heading: "This code doesn't work any more",
    text: 'It has expired, or it was used. Start again on your device for a new code.',
    again: 'Enter another code',
  },
} as const;
