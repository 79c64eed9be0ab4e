import { badRequest, quoted, type ScimError } from '../errors.js';

export const MAX_FILTER_BYTES = 4096;
export const MAX_FILTER_DEPTH = 20;

export type Syntax = 'invalidFilter' | 'invalidPath';

/**
 * A piece of a filter or of a PATCH path. `at`: where it begins, counted from 1. `sub`: `.name` right behind
 * a `]`.
 */
export type Token =
  | { readonly kind: 'word' | 'sub' | 'string'; readonly text: string; readonly at: number }
  | { readonly kind: '(' | ')' | '[' | ']' | 'end'; readonly text: string; readonly at: number };

/** 400 that says where. */
export function fault(syntax: Syntax, token: { readonly at: number }, what: string): ScimError {
  const place = syntax === 'invalidFilter' ? 'filter' : 'path';
  return badRequest(syntax, `The ${place} can't be read at character ${token.at}: ${what}.`);
}

const PIECE = /\s+|(?<bracket>[()[\]])|(?<string>"(?:[^"\\]|\\.)*")|(?<word>[^\s"()[\]]+)/suy;
/** NUL, and halves of surrogate pairs: no value holds them. */
// oxlint-disable-next-line no-control-regex -- finding NUL is what it is for
const UNSTORABLE = /\u0000|\p{Cs}/u;

function decode(literal: string, at: number, syntax: Syntax): string {
  let text: unknown;
  try {
    text = JSON.parse(literal);
  } catch {
    throw fault(syntax, { at }, `${quoted(literal)} is not text as JSON writes it`);
  }
  if (typeof text !== 'string' || UNSTORABLE.test(text)) {
    throw fault(syntax, { at }, 'the text holds a character that no value can hold');
  }
  return text;
}

/**
 * Cuts a filter or a PATCH path into pieces, strings decoded. Linear; nothing is parsed that is longer than 4
 * KiB or nested deeper than 20. Throws ScimError 400 of type `syntax`.
 */
export function scan(text: string, syntax: Syntax): readonly Token[] {
  if (Buffer.byteLength(text) > MAX_FILTER_BYTES) {
    throw badRequest(syntax, `A filter or path may have ${MAX_FILTER_BYTES} bytes: send a shorter one.`);
  }
  const tokens: Token[] = [];
  let depth = 0;
  let index = 0;
  while (index < text.length) {
    PIECE.lastIndex = index;
    const piece = PIECE.exec(text);
    const at = index + 1;
    if (piece === null) throw fault(syntax, { at }, 'the text in double quotes has no end');
    index = PIECE.lastIndex;
    const { bracket, string, word } = piece.groups ?? {};
    if (bracket === '(' || bracket === '[') {
      depth += 1;
      if (depth > MAX_FILTER_DEPTH) throw fault(syntax, { at }, `deeper than ${MAX_FILTER_DEPTH} brackets`);
      tokens.push({ kind: bracket, text: bracket, at });
    } else if (bracket === ')' || bracket === ']') {
      depth -= 1;
      tokens.push({ kind: bracket, text: bracket, at });
    } else if (string !== undefined) {
      tokens.push({ kind: 'string', text: decode(string, at, syntax), at });
    } else if (word !== undefined) {
      const behind = word.startsWith('.') && text[at - 2] === ']';
      tokens.push(behind ? { kind: 'sub', text: word.slice(1), at } : { kind: 'word', text: word, at });
    }
  }
  return [...tokens, { kind: 'end', text: '', at: text.length + 1 }];
}
