import { plainText } from '../core/text.js';
import { countChecks, verdictOf, type CheckStatus } from '../domain/connection/testing/check.js';
import { tellCheck, type ToldCheck } from '../domain/connection/testing/tell-check.js';
import { readKeyRing } from '../server/encryption-keys.js';
import type { Database } from '../storage/database.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { eitherWay } from './remote/api.js';
import { testRemotely } from './remote/connection-test.js';
import { printJson } from './terminal.js';
import { chosenKey, type ConnectionTestOptions, type ToldConnection } from './tested-connection.js';
import { UpstreamProber } from './upstream-checks.js';

/** `causeway connection test`: what needs no person, check by check, and what mends it. */
export async function testConnection(
  context: CommandContext,
  options: ConnectionTestOptions,
): Promise<ExitCode> {
  const told = await eitherWay<ToldConnection>(context, options, {
    remote: (api) =>
      testRemotely(api, options, (signInUrl) => {
        context.terminal.err(plainText(`Sign in there, once, within ten minutes: ${signInUrl}`, LINE_MAX));
      }),
    local() {
      if (options.signIn === true)
        throw new CliError(EXIT.usage, ['--sign-in needs a running deployment: give --url and --token']);
      return inDatabase(context, undefined, (database) => testHere(context, database, options));
    },
  });
  if (options.json === true) printJson(context.terminal, told);
  else for (const line of toLines(told)) context.terminal.out(plainText(line, LINE_MAX));
  const passed = options.signIn !== true || told.state === 'passed';
  return told.verdict === 'broken' || !passed ? EXIT.faultsFound : EXIT.done;
}

async function testHere(
  context: CommandContext,
  database: Database,
  options: ConnectionTestOptions,
): Promise<ToldConnection> {
  const { configuration } = await tenantOf(database, options.tenant);
  const keys = configuration.connections.map((connection) => connection.key);
  const key = chosenKey(keys, options.connection);
  const { config, log } = context;
  const keyRing = await readKeyRing(config.encryptionKeys, config.dataDir, log);
  const prober = new UpstreamProber(context, database, keyRing);
  try {
    const [probed] = await prober.probeTenant(configuration.tenant.slug, (one) => one.key === key);
    if (probed === undefined) throw new CliError(EXIT.usage, ['the connection has just been deleted']);
    const { checks } = probed;
    return {
      connection: key,
      verdict: verdictOf(checks),
      counts: countChecks(checks),
      checks: checks.map(tellCheck),
    };
  } finally {
    await prober.close();
  }
}

const LINE_MAX = 4_000;

const WORDS: Readonly<Record<CheckStatus, string>> = {
  passed: 'ok',
  warning: 'warn',
  failed: 'fail',
  not_tried: '-',
  not_applicable: '-',
};

const VERDICTS = {
  ready: 'Nothing stands in the way of a test sign-in.',
  works_with_warnings: 'A test sign-in may work; look at the warnings.',
  broken: 'Nobody can sign in so.',
} as const;

function toLines({ checks, verdict, signInUrl, state, person }: ToldConnection): readonly string[] {
  return [
    ...checks.flatMap((check) => [
      `${WORDS[check.status].padEnd(4)} ${check.id}: ${check.seen}`,
      ...cureLines(check),
    ]),
    state === undefined ? VERDICTS[verdict] : `The test has ${STATES[state] ?? state}.`,
    ...(person === undefined || person === null ? [] : personLines(person)),
    ...(signInUrl === undefined ? [] : [`Sign in there, once, within ten minutes: ${signInUrl}`]),
  ];
}

/** Where somebody has signed in, or nobody. */
const STATES: Readonly<Record<string, string>> = {
  passed: 'passed',
  failed: 'failed',
  superseded: 'been superseded by a later one',
  expired: 'expired: nobody signed in',
};

function personLines({ subject, userName, groups, roles }: NonNullable<ToldConnection['person']>) {
  const given = roles.map(({ key, application }) =>
    application === null ? key : `${key} in ${application}`,
  );
  return [
    `Signed in: ${userName ?? subject} (${subject})`,
    `Groups: ${groups === null ? 'none told' : groups.map(({ name }) => name).join(', ') || 'none'}`,
    `Roles that follow: ${given.join(', ') || 'none'}`,
  ];
}

function cureLines({ cause, cure, facts = {} }: ToldCheck): readonly string[] {
  if (cause === undefined || cure === undefined) return [];
  const suggestions = facts['suggestions'] ?? '';
  return [
    `     ${cure.title} (${cause}). ${cure.cure}`,
    ...(cure.path.length === 0 ? [] : [`     Okta: ${cure.path.map(({ name }) => name).join(' → ')}`]),
    ...(suggestions === '' ? [] : [`     Perhaps: ${suggestions}`]),
  ];
}
