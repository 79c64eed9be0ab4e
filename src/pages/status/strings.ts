/** Words of the pages that stand where the console will be. */
export const statusStrings = {
  title: 'Status',
  headings: {
    ok: 'Causeway is running',
    failing: 'Causeway needs attention',
  },
  texts: {
    ok: 'Every check passes. This version is managed from the command line.',
    failing: 'A check fails. Run the doctor on the machine of Causeway to see what helps.',
  },
  version: 'Version',
  uptime: 'Running for',
  database: 'Database',
  databaseKinds: { embedded: 'Embedded PostgreSQL', external: 'PostgreSQL' },
  checksHeading: 'Checks',
  states: { ok: 'Passes', failing: 'Fails' },
  nextHeading: 'What to do next',
  commands: [
    [
      'Describe your organizations and applications in a file, then apply it:',
      'npm run cli -- apply -f causeway.yaml',
    ],
    ['Check configuration, database, keys and connections:', 'npm run cli -- doctor'],
    ['Make a token for the management API:', 'npm run cli -- token create --system --role console:owner'],
  ],
  docs: 'Read how in the README',
} as const;

export const firstRunStrings = {
  title: 'First run',
  valid: {
    heading: 'Causeway is ready for you',
    text: 'Your link is right. This version is managed from the command line, so start there.',
  },
  used: {
    heading: 'This link was used before',
    text: 'Each link works once. Make a token on the machine that runs Causeway instead.',
  },
  late: {
    heading: 'This link has ended',
    text: 'A first-run link works for 30 minutes. Make a token on the machine that runs Causeway instead.',
  },
  unknown: {
    heading: "This link isn't right",
    text: 'Copy the whole link again. Or make a token on the machine that runs Causeway.',
  },
  commands: [
    [
      'Make a token for the first owner. It is shown once:',
      'npm run cli -- token create --system --role console:owner',
    ],
    [
      'Then describe your organizations and applications in a file, and apply it:',
      'npm run cli -- apply -f causeway.yaml',
    ],
  ],
} as const;
