import type { OrgClock } from '../clock.js';
import type { ScimAnswer } from './answer.js';
import { ProvisioningError, refusalOf } from './failure.js';
import type { ProvisioningSettings } from './settings.js';
import { exchange, scimHeaders, type ScimMethod } from './wire.js';

/** One request of the agent and its answer, in the order of sending. */
export interface ScimRequest {
  readonly at: Date;
  readonly method: ScimMethod;
  readonly url: string;
  /** As they were sent, in order. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text that was sent; empty when there was none. */
  readonly body: string;
  /** Nothing while it is under way, or when no answer came. */
  status: number | undefined;
  /** The answer's body, or what went wrong on the way. */
  answer: string;
}

const RECORDS_MAX = 20_000;
const ATTEMPTS_MAX = 10;
const RETRY_SECONDS_DEFAULT = 5 * 60;

/**
 * How long Okta waits after a 429: whole seconds of `Retry-After` only. It reads no HTTP date; then, and without the
 * header, it is five minutes. Doubled at each retry.
 */
function secondsToWait({ headers }: ScimAnswer, retries: number): number {
  const given = headers['retry-after'];
  const seconds = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : RETRY_SECONDS_DEFAULT;
  return seconds * 2 ** retries;
}

interface ClientParts {
  readonly clock: OrgClock;
  readonly settings: () => ProvisioningSettings;
  /** Aborts when provisioning is disabled. */
  readonly signal: AbortSignal;
  readonly log: ScimRequest[];
}

/** Sends SCIM requests as Okta does, remembers them, and waits when it is told 429. */
export class ScimClient {
  readonly #parts: ClientParts;
  /** When the next attempt is due, while the client waits after a 429. */
  waitingUntil: Date | undefined;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /**
   * The answer to a request, after up to ten attempts while it is 429.
   * @throws ProvisioningError when no answer comes
   */
  async ask(method: ScimMethod, path: string, body?: unknown): Promise<ScimAnswer> {
    const { clock, signal } = this.#parts;
    for (let retries = 0; ; retries += 1) {
      const answer = await this.askOnce(method, path, body);
      if (answer.status !== 429 || retries + 1 >= ATTEMPTS_MAX) return answer;
      const seconds = secondsToWait(answer, retries);
      this.waitingUntil = new Date(clock.nowMs() + seconds * 1000);
      await clock.wait(seconds, signal);
      this.waitingUntil = undefined;
      if (signal.aborted) throw new ProvisioningError('provisioning was disabled');
    }
  }

  /** The same, but its answer must have one of these statuses. @throws ProvisioningError in Okta's words else */
  async demand(
    wanted: readonly number[],
    method: ScimMethod,
    path: string,
    body?: unknown,
  ): Promise<ScimAnswer> {
    const answer = await this.ask(method, path, body);
    if (!wanted.includes(answer.status)) throw refusalOf(answer);
    return answer;
  }

  /** One attempt, whatever comes of it. @throws ProvisioningError when no answer comes */
  async askOnce(method: ScimMethod, path: string, body?: unknown): Promise<ScimAnswer> {
    const { clock, log, signal } = this.#parts;
    const { baseUrl, authorization, timeoutSeconds } = this.#parts.settings();
    const headers = scimHeaders(method, authorization);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const record: ScimRequest = {
      at: new Date(clock.nowMs()),
      method,
      url: baseUrl + path,
      headers,
      body: text ?? '',
      status: undefined,
      answer: '',
    };
    log.push(record);
    if (log.length > RECORDS_MAX) log.splice(0, RECORDS_MAX / 10);
    try {
      const wire = { method, url: record.url, headers, body: text, timeoutSeconds, signal };
      const answer = await exchange(wire);
      record.status = answer.status;
      record.answer = answer.text;
      return answer;
    } catch (error) {
      record.answer = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }
}
