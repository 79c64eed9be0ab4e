import { DomainError } from '../../core/errors.js';
import type { TenantId } from '../../core/ids.js';
import type { TryCounter } from '../artifact/try-counter.js';
import { sha256 } from '../audit/audit-record.js';

/** Failures that are for free, and the time in which they count, in seconds. */
const WINDOW_SECONDS = 15 * 60;
const FREE = 5;
/** The longest that anybody waits for their next try: strangers can slow a person down, and never shut them out. */
const DELAY_SECONDS_MAX = 30;
/** Tries of one network, whomever it tries: a house full of people who mistype gets through. */
const NETWORK_TRIES = 100;

const nameOf = (...parts: readonly string[]): Buffer =>
  sha256(parts.map((part) => `${part.length}:${part}`).join('|'));

function tooMany(seconds: number): DomainError {
  return new DomainError('limit_exceeded', 'too many tries', { retryAfterSeconds: String(seconds) });
}

/** How long somebody who tried too often must wait, in seconds; undefined: the error is another one, and goes on. */
export function waitOf(error: unknown): number | undefined {
  if (!(error instanceof DomainError) || error.code !== 'limit_exceeded') return undefined;
  return Number(error.details['retryAfterSeconds'] ?? DELAY_SECONDS_MAX);
}

/** The tries of one sign-in by password, counted whether the name is anybody's or not. */
export class PasswordTries {
  readonly #name: Buffer;
  readonly #network: Buffer;
  readonly #gate: Buffer;

  constructor(
    private readonly tries: TryCounter,
    private readonly tenantId: TenantId,
    private readonly who: { readonly userName: string; readonly network: string },
  ) {
    const name = who.userName.toLowerCase();
    this.#name = nameOf('password', name);
    this.#network = nameOf('network', who.network);
    this.#gate = nameOf('gate', name, who.network);
  }

  /**
   * Counts a try before it is made. After five failures for a name, from wherever they came, each network has one try in
   * a time that grows to half a minute; so a stranger's tries never keep the person out of another network.
   * @throws DomainError `limit_exceeded`, with `retryAfterSeconds`
   */
  async begin(): Promise<void> {
    const names = [this.#name, this.#network];
    const [byName = 1, byNetwork = 1] = await this.tries.count(this.tenantId, names, WINDOW_SECONDS);
    if (byNetwork > NETWORK_TRIES) throw tooMany(DELAY_SECONDS_MAX);
    if (byName < FREE) return;
    const seconds = Math.min(DELAY_SECONDS_MAX, 2 ** Math.min(byName - FREE, 10));
    const [within = 1] = await this.tries.count(this.tenantId, [this.#gate], seconds);
    if (within > 1) throw tooMany(seconds);
  }

  /**
   * Counts a try of a second factor before it is judged: five wrong ones in fifteen minutes, from wherever they came, and
   * no code of the app is taken any more. Written-down codes are: nobody can guess those. Who knows no password
   * counts elsewhere, so nobody can use up another's, nor learn from the time it takes that a password was right.
   */
  async beginCode(passwordOf: string | undefined): Promise<{ readonly mayTry: boolean }> {
    const [count = 1] = await this.tries.count(this.tenantId, [this.#code(passwordOf)], WINDOW_SECONDS);
    return { mayTry: count <= FREE };
  }

  /** The try was none: it was right. */
  async forgive(userId: string): Promise<void> {
    await this.tries.forgive(this.tenantId, [this.#name, this.#network, this.#code(userId)]);
  }

  #code(passwordOf: string | undefined): Buffer {
    return passwordOf === undefined
      ? nameOf('no code', this.who.userName.toLowerCase())
      : nameOf('code', passwordOf);
  }
}

/**
 * Counts a try of a passkey: nobody guesses one, but each costs a signature.
 * @throws DomainError `limit_exceeded`, with `retryAfterSeconds`
 */
export async function countPasskeyTry(tries: TryCounter, tenantId: TenantId, network: string): Promise<void> {
  const [count = 1] = await tries.count(tenantId, [nameOf('passkeys', network)], WINDOW_SECONDS);
  if (count > NETWORK_TRIES) throw tooMany(DELAY_SECONDS_MAX);
}
