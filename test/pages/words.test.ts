import { describe, expect, test } from '@jest/globals';

import { testNoticeStrings } from '../../src/pages/connection-test/strings.js';
import { consentStrings, scopeStrings } from '../../src/pages/consent/strings.js';
import { CONNECTION_CAUSES, UPSTREAM_CAUSES } from '../../src/domain/connection/diagnosis/cause.js';
import { diagnosisOf, upstreamDiagnosisOf } from '../../src/domain/connection/diagnosis/causes.js';
import { errorStrings, reasonStrings } from '../../src/pages/error/strings.js';
import { chooserStrings, continueStrings, discoveryStrings } from '../../src/pages/sign-in/strings.js';
import { confirmStrings, signedOutStrings } from '../../src/pages/sign-out/strings.js';
import {
  consoleSignOutStrings,
  enrolStrings,
  linkStrings,
  localSignInStrings,
  recoveryStrings,
} from '../../src/pages/operators/strings.js';
import { setupStrings } from '../../src/pages/setup/strings.js';
import { statusStrings } from '../../src/pages/status/strings.js';

const diagnoses = Object.fromEntries(CONNECTION_CAUSES.map((cause) => [cause, diagnosisOf(cause)]));

const ALL = {
  chooserStrings,
  confirmStrings,
  consentStrings,
  continueStrings,
  discoveryStrings,
  errorStrings,
  consoleSignOutStrings,
  enrolStrings,
  linkStrings,
  localSignInStrings,
  recoveryStrings,
  reasonStrings,
  scopeStrings,
  setupStrings,
  signedOutStrings,
  statusStrings,
  testNoticeStrings,
  diagnoses,
};

type Entry = readonly [where: string, text: string];

/** Every string with its place; not the labels of others (`path`), not commands, not names of icons. */
function textsOf(value: unknown, where: string): readonly Entry[] {
  if (typeof value === 'string') return [[where, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !['path', 'icon', 'reason', 'mender'].includes(key))
    .flatMap(([key, inner]) => textsOf(inner, `${where}.${key}`));
}

/** Names that are written so wherever they stand. */
const PROPER = new Set(
  'Acme Causeway Okta PostgreSQL README IT API ID DPoP SCIM OpenID Provider Admin Console Federation Broker Mode'.split(
    ' ',
  ),
);

const texts = textsOf(ALL, 'strings').filter(([, text]) => !text.startsWith('npm run '));
const buttons = [
  ...texts.filter(([where]) => /(?:Button|notYou|anotherEmail|docs)$/u.test(where)),
  ...Object.entries(reasonStrings).flatMap(([reason, { actions }]) =>
    actions.map(([action, label]): Entry => [`reasonStrings.${reason}.${action}`, label]),
  ),
];
const headings = texts.filter(([where]) => /[hH]eading[^.]*$|headings\.\w+$|\.title$/u.test(where));

function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.:?!])\s+/u);
}

function titleCased(text: string): readonly string[] {
  const words = text.replace(/\{\w+\}/gu, '').split(/[\s-]+/u);
  return words.slice(1).filter((word) => /^\p{Lu}/u.test(word) && !PROPER.has(word.replace(/'s$|\W/gu, '')));
}

describe('words', () => {
  test('there are words to check', () => {
    expect(texts.length).toBeGreaterThan(250);
    expect(buttons.length).toBeGreaterThan(30);
    expect(headings.length).toBeGreaterThan(80);
  });

  test('no banned word', () => {
    const banned =
      /\b(?:ok|okay|yes|submit|please|sorry|oops|simply|log ?in|log ?on|log ?out|logoff|e-mail)\b/iu;
    expect(texts.filter(([, text]) => banned.test(text))).toEqual([]);
  });

  test('at most 20 words a sentence', () => {
    const long = texts.filter(([, text]) => sentencesOf(text).some((one) => one.split(/\s+/u).length > 20));
    expect(long).toEqual([]);
  });

  test('buttons and headings are in sentence case, and end without a full stop', () => {
    const faulty = [...buttons, ...headings].filter(
      ([, text]) => titleCased(text).length > 0 || /[.!]$/u.test(text) || !/^[\p{Lu}{]/u.test(text),
    );
    expect(faulty).toEqual([]);
  });

  test('sentences end as sentences', () => {
    const whole = texts.filter(([where]) => /\.(?:what|whatToDo|meaning|cure|text|withdraw)$/u.test(where));
    expect(whole.length).toBeGreaterThan(150);
    expect(whole.filter(([, text]) => !/^[\p{Lu}{].*(?:[.]|\.\*)$/u.test(text))).toEqual([]);
  });

  test('no blame: nothing is called invalid, wrong or illegal that a person did', () => {
    const told = texts.filter(([where]) => where.includes('.person.') || where.includes('reasonStrings'));
    expect(told.filter(([, text]) => /\b(?:invalid|illegal|you failed|your fault)\b/iu.test(text))).toEqual(
      [],
    );
  });
});

describe('a heading has its error pair', () => {
  test.each(Object.entries(reasonStrings))('%s says what happened and what to do', (_reason, words) => {
    expect(words.heading).not.toBe('');
    expect(words.what).not.toBe('');
    expect(words.whatToDo).not.toBe('');
    expect(words.status).toBeGreaterThanOrEqual(400);
  });

  test.each([...CONNECTION_CAUSES])('%s is told to the admin', (cause) => {
    const { title, meaning, cure } = diagnosisOf(cause).admin;
    expect(title).not.toMatch(/[.]$/u);
    expect(meaning).not.toBe('');
    expect(cure).not.toBe('');
  });

  test.each([...UPSTREAM_CAUSES])('%s is told to the person', (cause) => {
    const { person, reason } = upstreamDiagnosisOf(cause);
    expect(person.what).not.toBe('');
    expect(person.whatToDo).not.toBe('');
    expect(reasonStrings[reason]).toBeDefined();
  });

  test('a page with a field says what is wrong with it', () => {
    expect(Object.keys(discoveryStrings.errors)).toEqual(['empty', 'malformed', 'unknown']);
  });

  test('a state that is fine has its counterpart', () => {
    expect(Object.keys(statusStrings.headings)).toEqual(Object.keys(statusStrings.texts));
    for (const state of ['used', 'late', 'unknown'] as const) {
      expect(linkStrings.first_run[state]).toEqual({ heading: expect.any(String), text: expect.any(String) });
      expect(Object.keys(linkStrings.enrolment)).toEqual(Object.keys(linkStrings.first_run));
    }
  });

  test('what an Okta admin can mend has a click path', () => {
    const pathless = Object.entries(diagnoses).filter(
      ([, told]) => told.mender === 'okta_admin' && told.admin.path.length === 0,
    );
    expect(pathless).toEqual([]);
  });
});
