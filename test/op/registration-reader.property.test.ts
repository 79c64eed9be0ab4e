import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/core/json.js';
import { CLIENT_ID } from '../../src/domain/application/application.js';
import { MEMBERS } from '../../src/op/registration/dialect.js';
import { readMetadata } from '../../src/op/registration/read-metadata.js';
import { RegistrationError } from '../../src/op/registration/registration-error.js';

const RUNS = { numRuns: 500 };

/** Words that mean something here, beside any others. */
const WORDS = [
  'web browser native service authorization_code client_credentials implicit code token id_token none',
  'private_key_jwt RS256 openid https://app.example/cb .. __proto__',
].flatMap((line) => line.split(' '));
const words = fc.constantFrom(...WORDS, 'openid read');
const value: fc.Arbitrary<unknown> = fc.oneof(
  words,
  fc.array(words, { maxLength: 4 }),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 }),
);
const anyMetadata = fc
  .dictionary(fc.oneof(fc.constantFrom(...Object.keys(MEMBERS), 'subject_type'), fc.string()), value)
  // As they arrive: parsed from a text.
  .map((body): Json => JSON.parse(JSON.stringify(body)));

/** What the reader makes of a body: an error that is answered, or settings of the right kinds. */
function outcomeOf(body: Json) {
  try {
    return { read: readMetadata(body) };
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error;
    return { error };
  }
}

const isAddress = (text: unknown): boolean => typeof text === 'string' && text !== '' && text.length <= 2_048;

describe('client metadata, whatever it is', () => {
  test('is read into settings of the right kinds, or refused with a description in plain text', () => {
    fc.assert(
      fc.property(anyMetadata, (body) => {
        const { read, error } = outcomeOf(body);
        if (error !== undefined) {
          expect([error.status, error.code]).toEqual([400, 'invalid_client_metadata']);
          // RFC 6749 section 5.2 says which characters a description may have.
          expect(error.message).toMatch(/^[\u0020-\u0021\u0023-\u005b\u005d-\u007e]{1,1000}$/);
          return;
        }
        const { wish } = read;
        if (wish.clientId !== undefined) expect(wish.clientId).toMatch(CLIENT_ID);
        expect([...(wish.redirectUris ?? []), ...(wish.postLogoutRedirectUris ?? [])].every(isAddress)).toBe(
          true,
        );
        expect(new Set(wish.redirectUris).size).toBe(wish.redirectUris?.length ?? 0);
        for (const key of wish.jwks?.keys ?? []) expect(typeof key).toBe('object');
        expect(Object.values(wish)).not.toContain(undefined);
        expect(Object.values(wish)).not.toContain(null);
      }),
      RUNS,
    );
  });

  test('says the same with what is unknown in it, and with nulls for what is absent', () => {
    const unknown = fc.dictionary(
      fc
        .string()
        .filter(
          (name) =>
            !Object.hasOwn(MEMBERS, name) && !/^(__proto__|constructor|prototype|subject_type)$/.test(name),
        ),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    );
    fc.assert(
      fc.property(anyMetadata, unknown, (body, more) => {
        if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
        const known = Object.fromEntries(
          Object.entries(body).filter(([name]) => Object.hasOwn(MEMBERS, name)),
        );
        const nulls = Object.fromEntries(Object.keys(MEMBERS).map((name) => [name, null]));
        const wider: JsonObject = JSON.parse(JSON.stringify({ ...nulls, ...more, ...known }));
        const [plain, with_] = [outcomeOf(JSON.parse(JSON.stringify(known))), outcomeOf(wider)];
        expect(with_.read).toEqual(plain.read);
        expect(with_.error?.message).toBe(plain.error?.message);
      }),
      RUNS,
    );
  });

  test('never reaches a prototype (A-88)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('__proto__', 'constructor', 'prototype'),
        fc.constantFrom(
          '{"NAME":{"polluted":true}}',
          '{"jwks":{"keys":[{"NAME":{"polluted":true}}]}}',
          '{"x":[{"NAME":1}]}',
        ),
        (name, text) => {
          const { error } = outcomeOf(JSON.parse(text.replace('NAME', name)));
          expect(error?.code).toBe('invalid_client_metadata');
          expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
        },
      ),
    );
  });
});
