import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../src/core/json.js';
import { ScimError } from '../../../src/scim/errors.js';
import { matches } from '../../../src/scim/filter/matches.js';
import { parseFilter } from '../../../src/scim/filter/parse-filter.js';
import { groupResource, userResource } from '../../../src/scim/schema/resource-types.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const users = userResource();
const groups = groupResource();

const ada: Json = {
  schemas: [CORE, ENTERPRISE],
  id: '0198a1b2-0000-7000-8000-000000000001',
  externalId: '00uAbC',
  userName: 'Ada@Acme.example',
  name: { givenName: 'Ada', familyName: 'O\'Hara "the \\ first"' },
  active: true,
  emails: [
    { value: 'ada@acme.example', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
  meta: { created: '2026-11-22T00:13:19.123Z', lastModified: '2026-11-22T01:13:19+01:00' },
  [ENTERPRISE]: { employeeNumber: '701984', manager: { value: 'boss', displayName: 'Boss' } },
};

/** [filter, whether Ada matches]. */
const ANSWERS: readonly (readonly [string, boolean])[] = [
  ['userName eq "ada@acme.example"', true],
  ['USERNAME EQ "ADA@ACME.EXAMPLE"', true],
  ['userName ne "ada@acme.example"', false],
  ['externalId eq "00uAbC"', true],
  ['externalId eq "00uabc"', false],
  [`${CORE}:userName sw "ada"`, true],
  [`${CORE.toUpperCase()}:NAME.FAMILYNAME pr`, true],
  [`${ENTERPRISE}:manager.value eq "boss"`, true],
  [`${ENTERPRISE}:manager eq "boss"`, true],
  [`${ENTERPRISE} pr`, true],
  ['manager.$ref pr', false],
  ['manager.$ref eq "x"', false],
  ['employeeNumber ew "984"', true],
  ['name.familyName eq "O\'Hara \\"the \\\\ first\\""', true],
  ['name.familyName co "\\\\"', true],
  ['name.givenName eq "\\u0041da"', true],
  ['emails co "@home"', true],
  ['emails[type eq "work" and value co "@home"]', false],
  ['emails[type eq "work"].value eq "ada@acme.example"', true],
  ['emails[type eq "work"].value eq "ada@home.example"', false],
  ['emails[type eq "work"] and emails.value eq "ada@home.example"', true],
  ['emails[type eq "home" or type eq "other"].value sw "ada@h"', true],
  ['emails[not (type eq "work")].value pr', true],
  ['emails[primary eq "True"].value pr', true],
  ['name[familyName sw "o" and givenName pr]', true],
  ['emails.type ne "work"', true],
  ['phoneNumbers.type ne "work"', true],
  ['phoneNumbers pr', false],
  ['phoneNumbers eq null', true],
  ['emails ne null', true],
  ['nickName eq null', true],
  ['nickName ne NULL', false],
  ['nickName ne "x"', true],
  ['not (nickName pr)', true],
  ['active eq true', true],
  ['active eq "True"', true],
  ['active ne false', true],
  ['meta.created gt "2026-11-22T00:13:19Z"', true],
  ['meta.lastModified eq "2026-11-22T00:13:19Z"', true],
  ['meta.lastModified le "2026-11-22T00:13:19"', true],
  ['meta.created lt "2026-11-22T02:13:19+02:00"', false],
  [`schemas eq "${ENTERPRISE}"`, true],
  ['id eq "0198a1b2-0000-7000-8000-000000000001"', true],
  ['userName pr or nickName pr and title pr', true],
  ['(userName pr or nickName pr) and title pr', false],
  ['title pr and userName pr or userName pr', true],
  ['not (title pr) and userName pr', true],
  ['NOT(title pr or nickName pr)', true],
  ['  userName   pr  ', true],
  ['userName gt "ada" and userName lt "adb"', true],
  [`userName eq "and or not ( [ \\" pr"`, false],
];

/** [filter, a part of the reason]. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /attribute/],
  ['   ', /attribute/],
  ['userName', /operator/],
  ['userName eq', /value/],
  ['userName eq x', /quotes/],
  ["userName eq 'x'", /quotes/],
  ['userName eq "x', /no end/],
  ['userName eq "x" and', /attribute/],
  ['userName eq "x" xor userName pr', /and/],
  ['userName eq "x" constructor userName pr', /and/],
  ['userName pr not userName pr', /and/],
  ['(userName pr', /parenthesis/],
  ['userName pr)', /end/],
  ['emails[type pr', /bracket/],
  ['emails[type pr)', /bracket/],
  ['emails[type pr].nothing pr', /nothing/],
  ['userName[value pr]', /parts/],
  ['color eq "x"', /color/],
  ['userName; drop eq "x"', /attribute/],
  ['name.nothing eq "x"', /attribute/],
  ['name.givenName.x eq "x"', /attribute/],
  ['name eq "x"', /parts/],
  ['name gt null', /null/],
  ['active gt true', /boolean/],
  ['active co "t"', /boolean/],
  ['active eq "maybe"', /true or false/],
  ['x509Certificates.value gt "a"', /binary/],
  ['emails[primary gt true]', /boolean/],
  ['meta.created gt "yesterday"', /time/],
  ['meta.created gt "2026-13-22T00:13:19Z"', /time/],
  ['meta.created co "2026"', /dateTime/],
  ['userName eq 1', /quotes/],
  ['userName eq true', /quotes/],
  ['userName eq "\\x"', /JSON/],
  ['userName eq "\\u0000"', /hold/],
  ['userName eq "\\ud800"', /hold/],
  ['userName eq "\ud800"', /hold/],
  ['password eq "x"', /password/],
  ['password pr', /password/],
  ['__proto__ pr', /attribute/],
  ['constructor.prototype pr', /attribute/],
  ['emails[__proto__ pr]', /attribute/],
  ['hasOwnProperty pr', /attribute/],
  ['. pr', /attribute/],
  ['userName. pr', /attribute/],
  ['urn:x:y pr', /attribute/],
];

function refusal(filter: string): ScimError {
  try {
    parseFilter(filter, users);
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error(`was taken: ${filter.slice(0, 200)}`);
}

describe('a filter', () => {
  test.each(ANSWERS)('%s: %s', (filter, answer) => {
    expect(matches(parseFilter(filter, users), ada)).toBe(answer);
  });

  test.each(REFUSED)('%j is refused with a reason', (filter, reason) => {
    const error = refusal(filter);
    expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' });
    expect(error.message).toMatch(reason);
  });

  test('the reason says where', () => {
    expect(refusal('userName eq "x" and color eq "y"').message).toContain('character 21');
  });

  test('members of a group are found by the bare attribute, and by Entra’s probe', () => {
    const group = { id: 'g', displayName: 'G', members: [{ value: 'u', type: 'User' }] };
    expect(matches(parseFilter('members eq "u"', groups), group)).toBe(true);
    expect(matches(parseFilter('id eq "g" and members eq "u"', groups), group)).toBe(true);
    expect(matches(parseFilter('members[value eq "v"]', groups), group)).toBe(false);
  });

  test('names come out in the schema’s spelling, with the place of the list', () => {
    expect(parseFilter('EMAILS.VALUE eq "x"', users)).toEqual({
      kind: 'compare',
      attribute: { path: ['emails', 'value'], type: 'string', caseExact: false, listAt: 0 },
      operator: 'eq',
      value: 'x',
    });
    expect(parseFilter('Emails[TYPE Eq "work"].Value pr', users)).toMatchObject({
      kind: 'element',
      attribute: { path: ['emails'], listAt: 0 },
      filter: {
        kind: 'and',
        parts: [
          { kind: 'compare', attribute: { path: ['type'] } },
          { kind: 'present', attribute: { path: ['value'] } },
        ],
      },
    });
    expect(parseFilter('MANAGER.value pr', users)).toMatchObject({
      attribute: { path: [ENTERPRISE, 'manager', 'value'] },
    });
  });
});

const deep = (open: string, times: number): string => `${open.repeat(times)}userName pr`;

describe('attacks by filter', () => {
  test.each(["a' OR 1=1--", 'a"; drop', '%', '_', "'); DELETE FROM users;--"])(
    'A-89 text is only ever a value: %j',
    (text) => {
      expect(parseFilter(`userName co ${JSON.stringify(text)}`, users)).toMatchObject({
        kind: 'compare',
        attribute: { path: ['userName'] },
        value: text,
      });
    },
  );

  test('A-89 names that the schema does not have never come out', () => {
    for (const name of ['userName;drop', 'userName--', '"userName"', "user'Name", 'user_name', 'data->>x'])
      expect(refusal(`${name} eq "x"`)).toMatchObject({ scimType: 'invalidFilter' });
  });

  test('A-90 bombs are refused before anything is parsed', () => {
    expect(refusal(deep('(', 10_000)).message).toContain('4096 bytes');
    expect(refusal(deep('(', 4_000)).message).toContain('deeper than 20');
    expect(refusal(deep('not(', 1_000)).message).toContain('deeper than 20');
    expect(refusal(deep('emails[', 500)).message).toContain('deeper than 20');
    expect(refusal(`userName eq "${'a'.repeat(1_000_000)}"`).message).toContain('4096 bytes');
    expect(refusal(`userName eq "${'ü'.repeat(2_050)}"`).message).toContain('4096 bytes');
    expect(refusal(`userName eq "${'\\'.repeat(4_000)}`).message).toContain('no end');
    expect(refusal(Array.from({ length: 101 }, () => 'userName pr').join(' or ')).message).toContain(
      'more than 100',
    );
  });

  test('A-90 what stays within the limits is answered', () => {
    expect(matches(parseFilter(`${'('.repeat(20)}userName pr${')'.repeat(20)}`, users), ada)).toBe(true);
    expect(matches(parseFilter(`userName ne "${'('.repeat(4_000)}"`, users), ada)).toBe(true);
    const hundred = Array.from({ length: 100 }, (_unused, index) => `id eq "${index}"`).join(' or ');
    expect(matches(parseFilter(hundred, users), ada)).toBe(false);
  });
});
