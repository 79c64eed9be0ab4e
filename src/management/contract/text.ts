import { Type } from 'typebox';

/**
 * No control characters, nor those that change the direction of text: names are shown to people and
 * printed in terminals.
 */
export const PLAIN = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]+$';

/** A name that people read. */
export const DisplayName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: PLAIN,
  description: 'a text of 1 to 200 characters without control characters',
});

/** A text that machines compare: group names, claim names, scopes of others. */
export const PlainText = Type.String({
  minLength: 1,
  maxLength: 1_000,
  pattern: PLAIN,
  description: 'a text of 1 to 1,000 characters without control characters',
});

/** An address, checked further where it is used. */
export const Address = Type.String({
  minLength: 1,
  maxLength: 2_048,
  pattern: '^[\\u0021-\\u007e]+$',
  description: 'an address: printable ASCII without spaces, at most 2,048 characters',
});

/** A scope of OAuth (RFC 6749 section 3.3). */
export const ScopeName = Type.String({
  maxLength: 200,
  pattern: '^[\\u0021\\u0023-\\u005b\\u005d-\\u007e]+$',
  description: 'a scope: printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)',
});
