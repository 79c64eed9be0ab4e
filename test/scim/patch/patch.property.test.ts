import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../src/core/json.js';
import { ScimError } from '../../../src/scim/errors.js';
import { applyPatch } from '../../../src/scim/patch/apply-patch.js';
import type { PatchOperation } from '../../../src/scim/patch/operation.js';
import { planGroupPatch } from '../../../src/scim/patch/plan-group-patch.js';
import { readPatch } from '../../../src/scim/patch/read-patch.js';
import type { CanonicalResource } from '../../../src/scim/resource/canonical-resource.js';
import { isObject } from '../../../src/scim/resource/check-json.js';
import { readResource } from '../../../src/scim/resource/read-resource.js';
import { groupResource, userResource } from '../../../src/scim/schema/resource-types.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const users = userResource();
const groups = groupResource();

/** The model: a user of a few attributes; e-mail addresses are told apart by value. */
interface Email {
  readonly value: string;
  readonly type: string;
  readonly primary?: boolean;
}
interface User {
  readonly userName: string;
  readonly nickName?: string;
  readonly active?: boolean;
  readonly emails?: readonly Email[];
}

/** One step: what is sent, and what the model makes of it; undefined: it refuses. */
interface Step {
  readonly operation: PatchOperation;
  readonly model: (user: User) => User | undefined;
}

const value = fc.constantFrom('a', 'b', 'c', 'd');
const kind = fc.constantFrom('work', 'home');
const email: fc.Arbitrary<Email> = fc.record(
  { value, type: kind, primary: fc.boolean() },
  { requiredKeys: ['value', 'type'] },
);

/** The user with these addresses, if they are any. */
function withEmails({ emails: _emails, ...rest }: User, emails: readonly Email[]): User {
  return emails.length === 0 ? rest : { ...rest, emails };
}

/** Each address once: members of a list that became alike are one. */
function distinct(emails: readonly Email[]): readonly Email[] {
  const keys = emails.map(({ value: text, type, primary }) => JSON.stringify([text, type, primary]));
  return emails.filter((_email, index) => keys.indexOf(keys[index] ?? '') === index);
}

/** Others than the `chosen` lose their primacy. */
function onlyPrimary(emails: readonly Email[], chosen: number): readonly Email[] {
  return emails.map((each, index) =>
    index !== chosen && each.primary === true ? { ...each, primary: false } : each,
  );
}

function added(emails: readonly Email[], one: Email): readonly Email[] {
  const at = emails.findIndex((each) => each.value === one.value && each.type === one.type);
  const next = at === -1 ? [...emails, one] : emails.with(at, { ...(emails[at] as Email), ...one });
  const same = at !== -1 && (one.primary === undefined || emails[at]?.primary === one.primary);
  return one.primary === true && !same ? onlyPrimary(next, at === -1 ? next.length - 1 : at) : next;
}

const simple: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ op: fc.constantFrom('add' as const, 'replace' as const), text: fc.constantFrom('x', 'y', '') })
    .map(({ op, text }) => ({
      operation: { op, path: 'nickName', value: text },
      model: ({ nickName, ...rest }: User) => {
        if (text !== '') return { ...rest, nickName: text };
        return op === 'add' && nickName !== undefined ? { ...rest, nickName } : rest;
      },
    })),
  fc.constant<Step>({
    operation: { op: 'remove', path: 'nickName', value: undefined },
    model: ({ nickName: _gone, ...rest }) => rest,
  }),
  fc.boolean().map((active) => ({
    operation: {
      op: 'replace' as const,
      path: undefined,
      value: { active: active ? 'True' : false, id: 'x' },
    },
    model: (user: User) => ({ ...user, active }),
  })),
  fc.constant<Step>({
    operation: { op: 'remove', path: 'userName', value: undefined },
    model: () => undefined,
  }),
  fc.constant<Step>({ operation: { op: 'replace', path: 'userName', value: ' ' }, model: () => undefined }),
);
const lists: fc.Arbitrary<Step> = fc.oneof(
  email.map((one) => ({
    operation: { op: 'add' as const, path: 'emails', value: [{ ...one }] },
    model: (user: User) => withEmails(user, added(user.emails ?? [], one)),
  })),
  email.map((one) => ({
    operation: { op: 'replace' as const, path: 'emails', value: { ...one } },
    model: (user: User) => withEmails(user, [one]),
  })),
  value.map((gone) => ({
    operation: { op: 'remove' as const, path: `emails[value eq "${gone.toUpperCase()}"]`, value: undefined },
    model: (user: User) =>
      withEmails(
        user,
        (user.emails ?? []).filter((each) => each.value !== gone),
      ),
  })),
  value.map((gone) => ({
    operation: { op: 'remove' as const, path: 'emails', value: [{ value: gone }] },
    model: (user: User) =>
      withEmails(
        user,
        (user.emails ?? []).filter((each) => each.value !== gone),
      ),
  })),
  fc
    .record({ type: kind, text: value, op: fc.constantFrom('add' as const, 'replace' as const) })
    .map(({ type, text, op }) => ({
      operation: { op, path: `emails[type eq "${type}"].value`, value: text },
      model: (user: User) => {
        const emails = user.emails ?? [];
        if (!emails.some((each) => each.type === type))
          return withEmails(user, [...emails, { type, value: text }]);
        return withEmails(
          user,
          emails.map((each) => (each.type === type ? { ...each, value: text } : each)),
        );
      },
    })),
  fc.record({ type: kind, text: value }).map(({ type, text }) => ({
    operation: { op: 'replace' as const, path: `emails[type eq "${type}"]`, value: { value: text } },
    model: (user: User) => {
      const emails = user.emails ?? [];
      if (!emails.some((each) => each.type === type)) return undefined;
      return withEmails(
        user,
        emails.map((each) => (each.type === type ? { type, value: text } : each)),
      );
    },
  })),
);
const start: fc.Arbitrary<User> = fc.record(
  { userName: fc.constant('ada'), nickName: fc.constant('x'), active: fc.boolean() },
  { requiredKeys: ['userName'] },
);

const isPrimary = (member: Json): boolean =>
  typeof member === 'object' && member !== null && (member as { readonly primary?: Json }).primary === true;
const primaries = (resource: CanonicalResource): number =>
  ((resource['emails'] ?? []) as readonly Json[]).filter(isPrimary).length;

test('a PATCH leaves what the model leaves, and where the model refuses, all is as it was', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      start,
      fc.array(fc.oneof({ arbitrary: simple, weight: 1 }, { arbitrary: lists, weight: 3 }), { maxLength: 8 }),
      (user, steps) => {
        let wanted: User | undefined = user;
        for (const { model } of steps) wanted = wanted && model(wanted);
        const resource = structuredClone(user) as unknown as CanonicalResource;
        const operations = steps.map(({ operation }) => operation);
        if (wanted === undefined) {
          refused += 1;
          expect(() => applyPatch(resource, operations, users)).toThrow(ScimError);
        } else {
          const result = applyPatch(resource, operations, users);
          expect(result.resource).toEqual(withEmails(wanted, distinct(wanted.emails ?? [])));
          expect(primaries(result.resource)).toBeLessThanOrEqual(1);
        }
        expect(resource).toEqual(user);
      },
    ),
    { numRuns: 1_000 },
  );
  expect(refused).toBeGreaterThan(20);
});

test('add and replace may come twice: the second time nothing changes', () => {
  fc.assert(
    fc.property(
      start,
      fc.array(lists, { maxLength: 4 }),
      fc.oneof(simple, lists),
      (user, before, { operation, model }) => {
        let wanted: User | undefined = user;
        for (const step of before) wanted = wanted && step.model(wanted);
        fc.pre(wanted !== undefined && model(wanted) !== undefined);
        const resource = wanted as unknown as CanonicalResource;
        const once = applyPatch(resource, [operation], users);
        const twice = applyPatch(once.resource, [operation], users);
        expect(twice).toEqual({ ...once, changed: false });
      },
    ),
    { numRuns: 500 },
  );
});

const NAMES = [
  'schemas',
  'userName',
  'USERNAME',
  'emails',
  'value',
  'type',
  'primary',
  'name',
  'givenName',
  'active',
  'members',
  'displayName',
  'manager',
  ENTERPRISE,
  CORE,
  'id',
  'meta',
  'password',
  'emails[type eq "work"].value',
  'name.givenName',
  '__proto__',
  'constructor',
  'emails[',
  'x509Certificates',
  'groups',
  '$ref',
  'nothing',
  '',
];
const json = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Json>(null, true, 0, -1.5, 1e300, '', 'x', 'True', '\u0000', '\ud800', CORE, 'work'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie('node')), { maxLength: 4 })
      // JSON.parse makes `__proto__` a member of its own, as it comes from the wire.
      .map(
        (members) =>
          JSON.parse(
            `{${members.map(([name, node]) => `${JSON.stringify(name)}:${JSON.stringify(node)}`).join(',')}}`,
          ) as Json,
      ),
  ),
})).node;

const onlyScimErrors = (run: () => unknown): void => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ScimError);
    expect([400, 413]).toContain((error as ScimError).status);
  }
};

test('whatever is sent, a body is read or refused by a ScimError, and no prototype changes', () => {
  fc.assert(
    fc.property(json, (sent) => {
      const body = isObject(sent) ? { ...sent, schemas: [CORE] } : sent;
      onlyScimErrors(() => readResource(sent, users, 'create'));
      onlyScimErrors(() => {
        const read = readResource(body, users, 'replace');
        // What was read is canonical: reading it again changes nothing.
        expect(readResource({ ...read, schemas: [CORE] }, users, 'replace')).toEqual(read);
      });
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test('whatever operations are sent, they are applied or refused by a ScimError', () => {
  const operation = fc.record(
    {
      op: fc.constantFrom('add', 'replace', 'Remove'),
      path: fc.constantFrom(
        ...NAMES,
        'emails[primary eq "True"]',
        `${ENTERPRISE}:manager`,
        'emails.type',
        'members[value eq "x"]',
      ),
      value: json,
    },
    { requiredKeys: ['op'] },
  );
  const user = { userName: 'ada', emails: [{ value: 'a', type: 'work', primary: true }] };
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 3 }), (operations) => {
      const sent = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
      onlyScimErrors(() => {
        const { resource } = applyPatch(user, readPatch(sent), users);
        expect(primaries(resource)).toBeLessThanOrEqual(1);
        expect(readResource({ ...resource, schemas: [CORE] }, users, 'replace')).toEqual(resource);
      });
      onlyScimErrors(() => planGroupPatch(readPatch(sent), groups));
      expect(user).toEqual({ userName: 'ada', emails: [{ value: 'a', type: 'work', primary: true }] });
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
