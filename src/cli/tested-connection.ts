import { plainText } from '../core/text.js';
import type { CheckCounts, Verdict } from '../domain/connection/testing/check.js';
import type { ToldCheck } from '../domain/connection/testing/tell-check.js';
import type { RemoteOptions } from './command-context.js';
import { CliError, EXIT } from './exit-codes.js';

export interface ConnectionTestOptions extends RemoteOptions {
  readonly tenant?: string;
  readonly connection?: string;
  readonly json?: boolean;
}

/** What a command tells of a connection that was asked. */
export interface ToldConnection {
  readonly connection: string;
  readonly verdict: Verdict;
  readonly counts: CheckCounts;
  readonly checks: readonly ToldCheck[];
  /** Where a person goes on with the test; only a running deployment has such an address. */
  readonly signInUrl?: string;
}

/** @throws CliError when there is none, or several and none is chosen */
export function chosenKey(keys: readonly string[], wanted: string | undefined): string {
  const [only, ...others] = keys;
  if (wanted === undefined && only !== undefined && others.length === 0) return only;
  if (wanted === undefined)
    throw new CliError(EXIT.usage, [
      keys.length === 0 ? 'the tenant has no connection' : 'give --connection KEY: the tenant has several',
    ]);
  if (!keys.includes(wanted))
    throw new CliError(EXIT.usage, [`'${plainText(wanted, 60)}' is no connection of the tenant`]);
  return wanted;
}
