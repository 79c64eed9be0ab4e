import { plainText } from '../core/text.js';
import { diagnosisOf, oktaPath } from '../domain/connection/diagnosis/causes.js';
import { countChecks, verdictOf, type Check, type CheckStatus } from '../domain/connection/testing/check.js';
import { readKeyRing } from '../server/encryption-keys.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { printJson } from './terminal.js';
import { UpstreamProber, type ProbedConnection } from './upstream-checks.js';

export interface ConnectionTestOptions extends RemoteOptions {
  readonly tenant?: string;
  readonly connection?: string;
  readonly json?: boolean;
}

/** `causeway connection test`: what needs no person, check by check, and what mends it. */
export async function testConnection(
  context: CommandContext,
  options: ConnectionTestOptions,
): Promise<ExitCode> {
  context.refuseRemote(options);
  return inDatabase(context, undefined, async (database) => {
    const { configuration } = await tenantOf(database, options.tenant);
    const key = chosenKey(
      configuration.connections.map((connection) => connection.key),
      options.connection,
    );
    const { config, log } = context;
    const keyRing = await readKeyRing(config.encryptionKeys, config.dataDir, log);
    const prober = new UpstreamProber(context, database, keyRing);
    try {
      const [probed] = await prober.probeTenant(configuration.tenant.slug, (one) => one.key === key);
      if (probed === undefined) throw new CliError(EXIT.usage, ['the connection has just been deleted']);
      if (options.json === true) printJson(context.terminal, toJson(probed));
      else for (const line of toLines(probed)) context.terminal.out(line);
      return verdictOf(probed.checks) === 'broken' ? EXIT.faultsFound : EXIT.done;
    } finally {
      await prober.close();
    }
  });
}

/** @throws CliError when there is none, or several and none is chosen */
function chosenKey(keys: readonly string[], wanted: string | undefined): string {
  const [only, ...others] = keys;
  if (wanted === undefined && only !== undefined && others.length === 0) return only;
  if (wanted === undefined)
    throw new CliError(EXIT.usage, [`give --connection KEY: the tenant has ${keys.length} connections`]);
  if (!keys.includes(wanted))
    throw new CliError(EXIT.usage, [`'${plainText(wanted, 60)}' is no connection of the tenant`]);
  return wanted;
}

function toJson({ connection, checks }: ProbedConnection) {
  return {
    connection: connection.key,
    issuer: connection.issuer,
    verdict: verdictOf(checks),
    counts: countChecks(checks),
    checks: checks.map((check) => ({ ...check, ...curesOf(check) })),
  };
}

function curesOf({ cause }: Check) {
  if (cause === undefined) return {};
  const { admin, mender } = diagnosisOf(cause);
  return { title: admin.title, meaning: admin.meaning, cure: admin.cure, path: admin.path, mender };
}

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

function toLines({ checks }: ProbedConnection): readonly string[] {
  return [
    ...checks.flatMap((check) => [
      `${WORDS[check.status].padEnd(4)} ${check.id}: ${check.seen}`,
      ...cureLines(check),
    ]),
    VERDICTS[verdictOf(checks)],
  ];
}

function cureLines({ cause, facts = {} }: Check): readonly string[] {
  if (cause === undefined) return [];
  const { title, cure } = diagnosisOf(cause).admin;
  const path = oktaPath(cause);
  const suggestions = facts['suggestions'] ?? '';
  return [
    `     ${title} (${cause}). ${cure}`,
    ...(path === undefined ? [] : [`     Okta: ${path}`]),
    ...(suggestions === '' ? [] : [`     Perhaps: ${suggestions}`]),
  ];
}
