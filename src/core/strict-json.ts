import type { Json } from './json.js';
import { quoted } from './text.js';

const MAX_DEPTH = 64;

/** A text that is no JSON, or such that parsers disagree about. `message` is for whoever sent it. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/**
 * Parses JSON (RFC 8259), and refuses what `JSON.parse` lets pass: names given twice in an object, more than 64 levels,
 * halves of surrogate pairs, which are no characters and which databases keep as something else.
 * @throws JsonError
 */
export function parseStrictJson(text: string): Json {
  checkStructure(text);
  const value = parse(text);
  // A text is read as UTF-8, so that a half can only come as an escape.
  if (SURROGATE_ESCAPE.test(text) && !isWellFormed(value))
    throw new JsonError('A text holds half of a surrogate pair.');
  return value;
}

const SURROGATE_ESCAPE = /\\ud[89a-f]/i;

function parse(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    throw new JsonError('The body is not JSON.');
  }
}

/** Whether all texts and names are sequences of characters. It is as deep as `MAX_DEPTH` at most. */
function isWellFormed(value: Json): boolean {
  if (typeof value === 'string') return !LONE_SURROGATE.test(value);
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  return Object.entries(value).every(([name, member]) => isWellFormed(name) && isWellFormed(member));
}

/** With the flag `u` a pair is one character, so that what is left is a half. */
const LONE_SURROGATE = /\p{Surrogate}/u;

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
      if (open.length > MAX_DEPTH) throw new JsonError(`The body is nested deeper than ${MAX_DEPTH} levels.`);
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
  const name = nameOf(literal);
  if (names.has(name)) throw new JsonError(`${quoted(name)} is given twice in one object.`);
  names.add(name);
}

function nameOf(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    throw new JsonError('The body is not JSON.');
  }
}
