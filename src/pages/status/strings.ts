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
