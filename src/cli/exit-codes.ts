import { CommanderError } from 'commander';
import { DomainError, messageOf, type DomainErrorCode } from '../core/errors.js';
import { ConfirmationRequired } from '../domain/connection/lifecycle/impact.js';
import { ConfigError } from '../server/config-values.js';
import { SealError } from '../keys/sealing.js';
import { EmbeddedDatabaseError } from '../storage/embedded/errors.js';
import { isUnavailable } from '../storage/errors.js';
import { SchemaError } from '../storage/schema.js';

/** What the shell is told. */
export const EXIT = {
  done: 0,
  /** `doctor`, `audit verify`: something is not sound. */
  faultsFound: 1,
  usage: 64,
  badFile: 65,
  unreachable: 69,
  /** A fault of Causeway's own. */
  internal: 70,
  notAllowed: 77,
  configuration: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end of a command that says why, a line for each thing. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    readonly lines: readonly string[],
  ) {
    super(lines.join('\n'));
  }
}

const DOMAIN: Readonly<Record<DomainErrorCode, ExitCode>> = {
  not_found: EXIT.usage,
  invalid_argument: EXIT.usage,
  already_exists: EXIT.badFile,
  conflict: EXIT.badFile,
  forbidden: EXIT.notAllowed,
  limit_exceeded: EXIT.unreachable,
  upstream_unavailable: EXIT.unreachable,
};

/** What affects many, and nobody has confirmed: the same code by the API. */
const isUnconfirmed = (error: unknown): boolean =>
  error instanceof DomainError && error.details['problem'] === 'confirmation_required';

/** What an error means to the shell and to the person in front of it. */
export function explain(error: unknown): { readonly exitCode: ExitCode; readonly lines: readonly string[] } {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage, lines: [] };
  if (error instanceof ConfigError) return { exitCode: EXIT.configuration, lines: error.faults };
  if (error instanceof SchemaError)
    return {
      exitCode:
        error.fault === 'unreachable' || error.fault === 'busy' ? EXIT.unreachable : EXIT.configuration,
      lines: [error.message],
    };
  if (error instanceof EmbeddedDatabaseError)
    return {
      exitCode:
        error.reason === 'unreachable' || error.reason === 'start_failed'
          ? EXIT.unreachable
          : EXIT.configuration,
      lines: [`DATA_DIR: ${error.message}`],
    };
  if (error instanceof SealError)
    return { exitCode: EXIT.configuration, lines: [`ENCRYPTION_KEYS: ${error.message}`] };
  if (error instanceof ConfirmationRequired || isUnconfirmed(error))
    return { exitCode: EXIT.notAllowed, lines: [messageOf(error)] };
  if (error instanceof DomainError) return { exitCode: DOMAIN[error.code], lines: [error.message] };
  if (isUnavailable(error))
    return { exitCode: EXIT.unreachable, lines: [`the database does not answer: ${messageOf(error)}`] };
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return { exitCode: EXIT.internal, lines: [`this is a fault of Causeway's own: ${stack}`] };
}
