import { plainText } from '../core/text.js';
import type { ConnectionStatus } from '../domain/connection/connection.js';
import { OUTAGE_SECONDS_MAX } from '../domain/connection/lifecycle/declare-outage.js';
import { ConfirmationRequired } from '../domain/connection/lifecycle/impact.js';
import { Type } from 'typebox';
import { Reason } from '../management/contract/common.js';
import { Database } from '../storage/database.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { connectionHere, localConnections } from './local-connections.js';
import { isOf } from './remote/answers.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import {
  connectionThere,
  Impact,
  remoteConnections,
  type ConnectionFacts,
  type OneConnection,
} from './remote/connections.js';
import { RemoteProblem } from './remote/problem.js';
import { printJson } from './terminal.js';
import { chosenKey } from './tested-connection.js';

interface WhichOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  /** undefined: the tenant's only one. */
  readonly connection?: string;
  readonly json?: boolean;
}

export interface ConfirmOptions extends WhichOptions {
  readonly confirm?: string;
  readonly yes?: boolean;
}

/** `causeway connection list`: the connections, how far each has come, what is going on. */
export async function listConnections(context: CommandContext, options: WhichOptions): Promise<ExitCode> {
  const connections = await connectionsOf(context, options);
  if (options.json === true) printJson(context.terminal, { connections });
  else if (connections.length === 0) context.terminal.out('The tenant has no connection.');
  else for (const connection of connections) context.terminal.out(connectionLine(connection));
  return EXIT.done;
}

function connectionsOf(context: CommandContext, options: WhichOptions): Promise<readonly ConnectionFacts[]> {
  return eitherWay(context, options, {
    remote: async (api) => remoteConnections(api, await remoteTenant(api, options.tenant)),
    local: () =>
      inDatabase(context, undefined, async (database) =>
        localConnections(database, await tenantOf(database, options.tenant)),
      ),
  });
}

/** Texts come from outside: nothing of them moves the terminal. */
function connectionLine(connection: ConnectionFacts): string {
  const { key, type, status, issuer, tested, testedAt, candidate, outage } = connection;
  const parts = [
    key,
    type,
    status,
    issuer,
    tested ? `tested ${testedAt ?? ''}`.trim() : 'not tested as it is',
    ...(candidate === null
      ? []
      : [`a candidate waits (${candidate['tested'] === true ? 'tested' : 'not tested'})`]),
    ...(outage === null ? [] : [`outage until ${outage.until}: ${outage.reason}`]),
  ];
  return parts.map((part) => plainText(part, 500)).join('  ');
}

const STATUSES: Readonly<Record<'enable' | 'enforce' | 'disable', ConnectionStatus>> = {
  enable: 'enabled',
  enforce: 'enforced',
  disable: 'disabled',
};

/** `causeway connection enable`, `enforce`, `disable`: the state of a connection, once its impact is confirmed. */
export async function changeStatus(
  context: CommandContext,
  change: keyof typeof STATUSES,
  options: ConfirmOptions & { readonly dryRun?: boolean; readonly reason?: string },
): Promise<ExitCode> {
  const status = STATUSES[change];
  const reason = reasonOf(options);
  return onConnection(context, options, async (connection, key) => {
    if (options.dryRun === true) {
      const impact = await connection.impact(status);
      if (options.json === true) printJson(context.terminal, impact);
      else for (const line of impactLines(impact)) context.terminal.out(line);
      return EXIT.done;
    }
    const changed = await confirmed(context, options, key, (confirm) =>
      connection.setStatus(status, confirm, reason),
    );
    return say(context, options, { connection: key, status, changed }, [
      changed ? `${key} is ${status} now.` : `Nothing to do: ${key} is ${status}.`,
    ]);
  });
}

/** Kept in the audit log, as the API's is. */
function reasonOf({ reason }: { readonly reason?: string }): string | undefined {
  if (reason === undefined || isOf(Reason, reason)) return reason;
  throw new CliError(EXIT.usage, [
    '--reason must be a text of 1 to 500 characters without control characters',
  ]);
}

const impactLines = ({ sentence, confirmation }: Impact): readonly string[] => [
  plainText(sentence, 1_000),
  confirmation === null
    ? 'Nobody is affected: nothing needs to be confirmed.'
    : `Confirm it with: --confirm ${plainText(confirmation, 100)}`,
];

/** `causeway connection candidate show`: what waits for its test, whole; secrets are never in it. */
export async function showCandidate(context: CommandContext, options: WhichOptions): Promise<ExitCode> {
  const connections = await connectionsOf(context, options);
  const key = chosenKey(
    connections.map((connection) => connection.key),
    options.connection,
  );
  const candidate = connections.find((connection) => connection.key === key)?.candidate ?? null;
  if (options.json === true) printJson(context.terminal, { connection: key, candidate });
  else if (candidate === null)
    context.terminal.out(`${key} has no candidate: what is served is all there is.`);
  else
    for (const [member, value] of Object.entries(candidate))
      context.terminal.out(`${plainText(member, 60)}  ${plainText(JSON.stringify(value), 1_000)}`);
  return EXIT.done;
}

/** `causeway connection candidate serve`: what has passed its test takes the place of what is served. */
export function serveCandidateOf(
  context: CommandContext,
  options: ConfirmOptions & { readonly rejoin?: boolean },
): Promise<ExitCode> {
  const { rejoin = false } = options;
  return onConnection(context, options, async (connection, key) => {
    await confirmed(context, options, key, (confirm) => connection.serveCandidate(rejoin, confirm));
    return say(context, options, { connection: key, served: true }, [`${key} serves its candidate now.`]);
  });
}

/** `causeway connection candidate drop`: what is served stays. */
export function dropCandidateOf(context: CommandContext, options: WhichOptions): Promise<ExitCode> {
  return onConnection(context, options, async (connection, key) => {
    await connection.dropCandidate();
    return say(context, options, { connection: key, dropped: true }, [
      `The candidate of ${key} is dropped; what is served stays.`,
    ]);
  });
}

/** `causeway connection outage begin`, `end`: whether the upstream's last word on people counts on. */
export function changeOutage(
  context: CommandContext,
  outage: { readonly reason: string; readonly for: string } | null,
  options: WhichOptions,
): Promise<ExitCode> {
  const seconds = outage === null ? 0 : secondsOf(outage.for);
  return onConnection(context, options, async (connection, key) => {
    await connection.declareOutage(outage === null ? null : { reason: outage.reason, seconds });
    return say(context, options, { connection: key, outage: outage !== null }, [
      outage === null
        ? `The outage of ${key} is over.`
        : `An outage of ${key} is declared for ${seconds} seconds; it ends by itself.`,
    ]);
  });
}

const OUTAGE_SECONDS_MIN = 60;

function secondsOf(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds >= OUTAGE_SECONDS_MIN && seconds <= OUTAGE_SECONDS_MAX) return seconds;
  throw new CliError(EXIT.usage, [
    `--for must be a whole number of seconds from ${OUTAGE_SECONDS_MIN} to ${OUTAGE_SECONDS_MAX}`,
  ]);
}

/** `causeway connection secret add`: the upstream's new secret goes first, the one of before second. */
export async function addSecret(
  context: CommandContext,
  options: WhichOptions & { readonly secretEnv?: string },
): Promise<ExitCode> {
  const secret = await secretOf(context, options.secretEnv);
  return onConnection(context, options, async (connection, key) => {
    await connection.addSecret(secret);
    return say(context, options, { connection: key, added: true }, [
      `${key} uses the new secret; the one of before is tried when the upstream refuses it.`,
    ]);
  });
}

/** Never an option: other users of the machine read those. */
async function secretOf({ terminal, variables }: CommandContext, name: string | undefined): Promise<string> {
  const secret = name === undefined ? (await terminal.readInput()).trim() : variables[name];
  if (secret !== undefined && /^[\x20-\x7e]{16,512}$/.test(secret)) return secret;
  const where = name === undefined ? 'standard input' : `the environment variable ${plainText(name, 60)}`;
  throw new CliError(EXIT.usage, [`${where} must hold the secret: 16 to 512 printable ASCII characters`]);
}

/** `causeway connection secret retire`: the second secret goes; one in use, only when that is confirmed. */
export function retireSecret(context: CommandContext, options: ConfirmOptions): Promise<ExitCode> {
  return onConnection(context, options, async (connection, key) => {
    await confirmed(context, options, key, (confirm) => connection.retireSecret(confirm));
    return say(context, options, { connection: key, retired: true }, [
      `The second secret of ${key} is gone.`,
    ]);
  });
}

function say(
  { terminal }: CommandContext,
  { json }: WhichOptions,
  told: object,
  lines: readonly string[],
): ExitCode {
  if (json === true) printJson(terminal, told);
  else for (const line of lines) terminal.out(plainText(line, 1_000));
  return EXIT.done;
}

/** Works on one connection, here or elsewhere. */
function onConnection(
  context: CommandContext,
  options: WhichOptions,
  work: (connection: OneConnection, key: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  return eitherWay(context, options, {
    async remote(api) {
      const tenant = await remoteTenant(api, options.tenant);
      const key =
        options.connection ??
        chosenKey(
          (await remoteConnections(api, tenant)).map((connection) => connection.key),
          undefined,
        );
      return work(connectionThere(api, tenant, key), key);
    },
    async local() {
      await requireDeployment(context);
      return context.withStorage(async (storage) => {
        const tenant = await tenantOf(new Database(storage.dataSource), options.tenant);
        const keys = tenant.configuration.connections.map((connection) => connection.key);
        const key = chosenKey(keys, options.connection);
        return work(connectionHere(context, storage, tenant, key), key);
      }, false);
    },
  });
}

/** Does what may affect people: first as it was confirmed, then once more when somebody says so to what it would do. */
async function confirmed<T>(
  { terminal }: CommandContext,
  { confirm, yes }: ConfirmOptions,
  key: string,
  act: (confirm: string | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await act(confirm);
  } catch (error) {
    const impact = impactIn(error);
    if (impact === undefined || impact.confirmation === null) throw error;
    const lines = impactLines(impact);
    if (yes !== true) {
      if (terminal.ask === undefined)
        throw new CliError(EXIT.notAllowed, [...lines, 'Nothing was done. --yes confirms whatever it does.']);
      for (const line of lines.slice(0, 1)) terminal.err(line);
      const answer = await terminal.ask(`Type ${plainText(key, 64)} to go on: `);
      if (answer.trim() !== key) throw new CliError(EXIT.notAllowed, ['nothing was done']);
    }
    return act(impact.confirmation);
  }
}

const Refused = Type.Object({ impact: Impact });

/** What is to be confirmed, where an error says so. */
function impactIn(error: unknown): Impact | undefined {
  if (error instanceof ConfirmationRequired && isOf(Impact, error.impact)) return error.impact;
  if (error instanceof RemoteProblem && isOf(Refused, error.body)) return error.body.impact;
  return undefined;
}
