import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Json } from '../core/json.js';
import { badRequest, quoted, ScimError } from './errors.js';

/** Bytes of a request's body, at most. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 64;

/**
 * The body of a request. Throws ScimError 413 when it is too large, 400 invalidSyntax unless it is UTF-8 and JSON (RFC 8259)
 * with each name once in an object and at most 64 levels: what parsers disagree about is not guessed at.
 */
export async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const tooLarge = new ScimError(413, `The body may have ${MAX_BODY_BYTES} bytes: send less at once.`);
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  // The connection outlives a body that is too large: else the answer wouldn't arrive.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) {
      // What is still to come is thrown away, so that whatever follows on the connection is read from its beginning.
      request.resume();
      throw tooLarge;
    }
    chunks.push(bytes);
  }
  return size === 0 ? undefined : parseJson(decode(Buffer.concat(chunks, size)));
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw badRequest('invalidSyntax', 'The body is not UTF-8.');
  return new TextDecoder().decode(bytes);
}

/** Parses JSON, and refuses what `JSON.parse` lets pass: names given twice, nesting without end. */
export function parseJson(text: string): Json {
  let value: Json;
  try {
    checkStructure(text);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof ScimError) throw error;
    throw badRequest('invalidSyntax', 'The body is not JSON.');
  }
  return value;
}

/** One pass over the text, before anything is made of it. What isn't JSON is left to the parser to say. */
function checkStructure(text: string): void {
  /** Names of the objects that are open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (names !== undefined && isName(text, end)) addName(names, text.slice(at, end + 1));
      at = end;
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH)
        throw badRequest('invalidSyntax', `The body is nested deeper than ${MAX_DEPTH} levels.`);
    } else if (character === '}' || character === ']') open.pop();
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** Whether a string is followed by a colon. */
function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at += 1;
  return text[at] === ':';
}

function addName(names: Set<string>, literal: string): void {
  const name: unknown = literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1);
  if (typeof name !== 'string') return;
  if (names.has(name)) throw badRequest('invalidSyntax', `${quoted(name)} is given twice in one object.`);
  names.add(name);
}
