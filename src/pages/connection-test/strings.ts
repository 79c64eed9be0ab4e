/** What somebody reads at the end of a test sign-in; all else stands in the tab where it was started. */
export const testNoticeStrings = {
  done: {
    heading: 'Done, go back to the first tab',
    text: 'What this sign-in has shown is there. Nobody was signed in here, and you can close this tab.',
  },
  over: {
    heading: 'This test is over',
    text: 'Its address was used, another test was started, or ten minutes have passed. Start it again in the first tab.',
  },
  other_browser: {
    heading: 'This test began in another browser',
    text: 'It has to end in the one in which it began. Start it again in the first tab.',
  },
} as const;
