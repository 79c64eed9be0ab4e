import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { TenantId } from '../core/ids.js';
import type { Json } from '../core/json.js';
import type { Logger } from '../core/logger.js';
import { plainText } from '../core/text.js';
import type { ScimRequestRecord, ScimRequestStore } from '../domain/provisioning/scim-request.js';
import { isObject } from './resource/check-json.js';

const BODY_MAX = 16 * 1024;
const DEPTH_MAX = 12;
/** Requests that wait to be written, at most: a database that is slow must not fill the memory. */
const WAITING_MAX = 10_000;
const SECRET = /password|secret|token|authorization/i;
/** What PostgreSQL's jsonb can't hold: NUL, halves of surrogate pairs. */
const UNFIT = /\\u0000|\\ud[89a-f][0-9a-f]{2}/i;

/** A body as it is kept: without passwords, and not larger than is worth reading. */
export function redacted(body: Json | undefined): Json {
  if (body === undefined) return null;
  const text = JSON.stringify(masked(body, 0));
  if (UNFIT.test(text)) return { unreadable: 'the body holds characters that can not be kept' };
  if (text.length > BODY_MAX) {
    // Neither half a character nor half an escape at the end.
    const kept = text.slice(0, BODY_MAX).replace(/\\[^"]{0,5}$|\p{Cs}$/u, '');
    return { truncated: `${kept}…`, characters: text.length };
  }
  const kept: Json = JSON.parse(text);
  return kept;
}

function masked(value: Json, depth: number): Json {
  if (depth > DEPTH_MAX) return '…';
  if (Array.isArray(value)) return value.map((each: Json) => masked(each, depth + 1));
  if (!isObject(value)) return value;
  const members = Object.entries<Json>(value);
  const namesSecret = members.some(
    ([name, each]) => isPath(name) && typeof each === 'string' && SECRET.test(each),
  );
  return Object.fromEntries(
    members.map(([name, each]) => [
      name,
      SECRET.test(name) || (namesSecret && name.toLowerCase() === 'value')
        ? '…'
        : isPath(name) && typeof each === 'string'
          ? maskedText(each)
          : masked(each, depth + 1),
    ]),
  );
}

/** Members that hold paths and filters: of a PATCH, of a search. */
const isPath = (name: string): boolean => ['path', 'filter'].includes(name.toLowerCase());

/** A path or filter: if it asks of a secret, without the values that it compares with. */
const maskedText = (text: string): string =>
  SECRET.test(text) ? text.replace(/"(?:[^"\\]|\\.)*"?/g, '"…"') : text;

const TARGET_MAX = 2_000;

/** The address of a request as it is kept: below the SCIM base, decoded, without secrets. */
export function recordedTarget(target: string): string {
  const [path = '', query] = target.split(/\?(.*)/s);
  const parameters = [...new URLSearchParams(query ?? '')].map(
    ([name, value]) => `${name}=${SECRET.test(name) ? '…' : maskedText(value)}`,
  );
  const shown = parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
  return plainText(shown, TARGET_MAX);
}

/**
 * The flight recorder (C13): what was asked and what it came to, written beside the requests some hundred at a time. What a
 * node hasn't written when it is killed is lost; the changes themselves and their audit events are not.
 */
export class Recorder {
  #waiting: { readonly tenantId: TenantId; readonly record: ScimRequestRecord }[] = [];
  #dropped = 0;

  constructor(
    private readonly store: ScimRequestStore,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  now(): Date {
    return this.clock.now();
  }

  add(tenantId: TenantId, record: ScimRequestRecord): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ tenantId, record });
    else this.#dropped += 1;
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#dropped > 0) this.log.warn('scim.requests_not_recorded', { requests: this.#dropped });
    this.#dropped = 0;
    const byTenant = new Map<TenantId, ScimRequestRecord[]>();
    for (const { tenantId, record } of waiting) {
      const records = byTenant.get(tenantId) ?? [];
      records.push(record);
      byTenant.set(tenantId, records);
    }
    for (const [tenantId, records] of byTenant) {
      try {
        await this.store.append(tenantId, records);
      } catch (error) {
        this.log.warn('scim.requests_not_recorded', { requests: records.length, error: messageOf(error) });
      }
    }
  }
}
