import type { Json } from '../core/json.js';
import { OutboundError } from './error.js';

/** What is read as JSON: a status is the caller's to judge. */
export interface JsonAnswer {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const JSON_TYPE = /^application\/(?:[a-z0-9.!#$&^_-]+\+)?json(?:\s*;|$)/i;

/**
 * Whether the answer calls itself JSON: `application/json` or a type that ends in `+json` (RFC 6839 section
 * 3.1).
 */
export function isJson(headers: Headers): boolean {
  return JSON_TYPE.test(headers.get('content-type')?.trim() ?? '');
}

/**
 * The value of a JSON answer (F-10).
 * @throws OutboundError `bad_response` when it doesn't call itself JSON or isn't; the message doesn't quote
 * it
 */
export function parseJson(answer: JsonAnswer): Json {
  if (!isJson(answer.headers))
    throw new OutboundError('bad_response', 'The answer is not JSON but another content type');
  try {
    const value: Json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
    return value;
  } catch {
    // Not kept as the cause: V8's message quotes the text.
    throw new OutboundError('bad_response', 'The answer calls itself JSON, and is not');
  }
}
