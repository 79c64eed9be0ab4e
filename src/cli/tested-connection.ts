import { plainText } from '../core/text.js';
import type { CheckCounts, Verdict } from '../domain/connection/testing/check.js';
import type { ToldCheck } from '../domain/connection/testing/tell-check.js';
import type { RemoteOptions } from './command-context.js';
import { CliError, EXIT } from './exit-codes.js';

export interface ConnectionTestOptions extends RemoteOptions {
  readonly tenant?: string;
  readonly connection?: string;
  readonly json?: boolean;
  /** Wait until a person has signed in. */
  readonly signIn?: boolean;
}

/** What a command tells of a connection that was asked. */
export interface ToldConnection {
  readonly connection: string;
  readonly verdict: Verdict;
  readonly counts: CheckCounts;
  readonly checks: readonly ToldCheck[];
  /** Where a person goes on with the test; only a running deployment has such an address. */
  readonly signInUrl?: string;
  /** How a test with a person's sign-in has ended. */
  readonly state?: string;
  /** Who signed in, and the roles that follow; null: nobody did, or it isn't known. */
  readonly person?: ToldPerson | null;
}

/** A person as a test of a running deployment tells them. */
interface ToldPerson {
  readonly subject: string;
  readonly userName: string | null;
  readonly groups: readonly { readonly name: string }[] | null;
  readonly roles: readonly { readonly key: string; readonly application: string | null }[];
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
