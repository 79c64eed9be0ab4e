import fc from 'fast-check';
import type { Json, JsonObject } from '../../../src/core/json.js';
import { ENTERPRISE_USER_SCHEMA } from '../../../src/scim/schema/enterprise-user.js';

/** Texts that differ by little, and hold what SQL, LIKE and JSON care about. */
export const text = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', '%', '_', '\\', "'", '"', 'é', ' '),
  minLength: 1,
  maxLength: 3,
});

const member = (value: fc.Arbitrary<string>) =>
  fc.record(
    { value, type: fc.constantFrom('work', 'home', 'WORK', 'a'), primary: fc.boolean() },
    { requiredKeys: ['value'] },
  );

/** A list with one primary member at most, and none twice. */
const list = (value: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(member(value), { selector: (each) => JSON.stringify(each), minLength: 1, maxLength: 3 })
    .map((members) => {
      const primary = members.findIndex((each) => each.primary === true);
      return members.map((each, index) =>
        each.primary === true && index !== primary ? { ...each, primary: false } : each,
      );
    });

/** What a user holds beside its names, in canonical form: nothing in it is empty. */
export const attributes: fc.Arbitrary<JsonObject> = fc.record(
  {
    displayName: text,
    title: text,
    profileUrl: text,
    name: fc.record({ givenName: text, familyName: text }, { requiredKeys: ['familyName'] }),
    emails: list(text),
    phoneNumbers: list(text),
    [ENTERPRISE_USER_SCHEMA]: fc.record(
      { department: text, manager: fc.record({ value: text }) },
      { requiredKeys: ['department'] },
    ),
  },
  { requiredKeys: [] },
);

const ORDERED = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
const quote = (value: Json): string => JSON.stringify(value);

const textual = (names: readonly string[], value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...ORDERED), value)
      .map(([name, operator, wanted]) => `${name} ${operator} ${quote(wanted)}`),
    fc.constantFrom(...names).map((name) => `${name} pr`),
    fc
      .tuple(fc.constantFrom(...names), fc.constantFrom('eq', 'ne'))
      .map(([name, operator]) => `${name} ${operator} null`),
  );

const flag = (name: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom('eq', 'ne'), fc.constantFrom('true', 'false', 'null'))
    .map(([operator, value]) => `${name} ${operator} ${value}`);

/** Leaves joined by `and`, `or`, `not`. */
function joined(leaf: fc.Arbitrary<string>, depth: number): fc.Arbitrary<string> {
  if (depth === 0) return leaf;
  const inner = joined(leaf, depth - 1);
  return fc.oneof(
    { withCrossShrink: true },
    leaf,
    fc.tuple(inner, fc.constantFrom('and', 'or'), inner).map(([a, word, b]) => `(${a}) ${word} (${b})`),
    inner.map((part) => `not (${part})`),
  );
}

const anyText = fc.oneof(text, fc.constant(''), fc.constant('work'));

const element = (name: string): fc.Arbitrary<string> =>
  joined(fc.oneof(textual(['value', 'type'], anyText), flag('primary')), 1).map(
    (inner) => `${name}[${inner}]`,
  );

/** Ids and times that are there, and some that aren't. */
export interface Known {
  readonly ids: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  readonly times: readonly string[];
  readonly names: readonly string[];
}

const NOBODY = ['0192a000-0000-7000-8000-000000000000', 'nobody', ''];
const equality = fc.constantFrom('eq', 'ne');

/** Filters of users. */
export function userFilters({ ids, groups, roles, times, names }: Known): fc.Arbitrary<string> {
  const named = fc.oneof(anyText, fc.constantFrom(...names));
  const leaf = fc.oneof(
    textual(['userName', 'externalId'], named),
    textual(
      [
        'displayName',
        'title',
        'profileUrl',
        'name.familyName',
        'name.givenName',
        'emails.value',
        'emails.type',
        'emails',
        'phoneNumbers.value',
        `${ENTERPRISE_USER_SCHEMA}:department`,
        `${ENTERPRISE_USER_SCHEMA}:manager.value`,
      ],
      anyText,
    ),
    textual(['id'], fc.constantFrom(...ids, ...NOBODY)),
    textual(['groups.value', 'groups'], fc.constantFrom(...groups, ...NOBODY)),
    textual(['groups.display'], fc.constantFrom('Engineering', 'eng')),
    textual(['roles.value'], fc.constantFrom(...roles, ...NOBODY)),
    textual(['entitlements.value'], fc.constantFrom('grafana:admin', 'grafana')),
    textual(['schemas'], fc.constantFrom(ENTERPRISE_USER_SCHEMA, 'urn:a')),
    textual(['meta.version', 'meta.resourceType'], fc.constantFrom('W/"1"', 'User', 'user')),
    fc.constantFrom('name pr', 'meta pr', `${ENTERPRISE_USER_SCHEMA}:manager pr`, 'emails eq null'),
    fc
      .tuple(
        fc.constantFrom('meta.created', 'meta.lastModified'),
        fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'),
        fc.constantFrom(...times),
      )
      .map(([name, operator, time]) => `${name} ${operator} ${quote(time)}`),
    flag('active'),
    flag('emails.primary'),
    element('emails'),
    element('phoneNumbers'),
    fc
      .tuple(element('emails'), equality, text)
      .map(([path, word, wanted]) => `${path}.value ${word} ${quote(wanted)}`),
  );
  return joined(leaf, 2);
}

/** Filters of groups. */
export function groupFilters({ ids, groups, times }: Known): fc.Arbitrary<string> {
  const leaf = fc.oneof(
    textual(['displayName'], fc.constantFrom('Engineering', 'engineering', 'EN', '%', '')),
    textual(['externalId'], anyText),
    textual(['id'], fc.constantFrom(...groups, ...NOBODY)),
    textual(['members.value', 'members'], fc.constantFrom(...ids, ...NOBODY)),
    textual(['members.display', 'members.type'], anyText),
    textual(['schemas'], fc.constant('urn:a')),
    fc.constantFrom('meta pr', 'members pr', 'members eq null'),
    fc.constantFrom(...times).map((time) => `meta.created ge ${quote(time)}`),
    fc
      .tuple(fc.constantFrom(...ids), anyText)
      .map(([id, display]) => `members[value eq ${quote(id)} or display co ${quote(display)}]`),
  );
  return joined(leaf, 2);
}
