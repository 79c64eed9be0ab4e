import type { IncomingMessage } from 'node:http';
import type { Json } from '../core/json.js';
import { JsonError, parseStrictJson } from '../core/strict-json.js';
import { readText } from '../http/read-body.js';
import { badRequest, ScimError } from './errors.js';

/** Bytes of a request's body, at most. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * The body of a request. Throws ScimError 413 when it is too large, 400 invalidSyntax unless it is UTF-8 and JSON (RFC 8259)
 * with each name once in an object and at most 64 levels: what parsers disagree about is not guessed at.
 */
export async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const { text, fault } = await readText(request, MAX_BODY_BYTES);
  if (text === undefined)
    throw fault === 'too_large'
      ? new ScimError(413, `The body may have ${MAX_BODY_BYTES} bytes: send less at once.`)
      : badRequest('invalidSyntax', 'The body is not UTF-8.');
  return text === '' ? undefined : parseJson(text);
}

/** Parses JSON, and refuses what `JSON.parse` lets pass: names given twice, nesting without end. */
export function parseJson(text: string): Json {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw badRequest('invalidSyntax', error.message);
    throw error;
  }
}
