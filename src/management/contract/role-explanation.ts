import { Type } from 'typebox';
import { GrantEntry, RoleMappingEntry } from './apply-file.js';
import { Instant, RoleName } from './apply-values.js';
import { orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

export const ExplainQuery = Type.Object(
  {
    application: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 400,
        description: 'clientId; absent: whatever the application',
      }),
    ),
    above: Type.Optional(
      Type.Boolean({
        description:
          'true: the application is the tenant above’s, for its customers’ people (E4); so is one that the tenant itself has not',
      }),
    ),
    customer: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 40,
        description: 'slug of a customer: of the console roles there of one of the MSP’s people (E2)',
      }),
    ),
    role: Type.Optional(RoleName),
    others: Type.Optional(
      Type.Boolean({ description: 'true: also why not, of every role that they do not have' }),
    ),
    at: Type.Optional(Instant),
  },
  closed,
);

const Cause = orNull(
  Type.Object(
    {
      kind: Type.Enum(['scim', 'sign_in', 'revalidation', 'operator']),
      reference: Type.String({
        description: 'of a push its id among SCIM requests, of a sign-in its request id, of an operator who',
      }),
    },
    { ...closed, description: 'null: not known' },
  ),
);
const ORIGIN = {
  since: Time,
  orEarlier: Type.Boolean({ description: 'true: nothing was kept before that time' }),
  cause: Cause,
};
const Mapping = Type.Object(
  {
    id: Uuid,
    group: RoleMappingEntry.properties.group,
    role: Type.String(),
    application: orNull(Type.String()),
    ...ORIGIN,
  },
  closed,
);
const GroupBody = Type.Object(
  { id: Uuid, name: Type.String(), source: Type.Enum(['scim', 'token']), ...ORIGIN },
  closed,
);
const number = Type.Integer({ minimum: 1 });

const Chain = Type.Union([
  Type.Object({ number, kind: Type.Literal('mapping'), group: GroupBody, mapping: Mapping }, closed),
  Type.Object(
    {
      number,
      kind: Type.Literal('assignment'),
      source: Type.Enum(['operator', 'scim']),
      application: orNull(Type.String()),
      ...ORIGIN,
    },
    closed,
  ),
  Type.Object(
    {
      number,
      kind: Type.Literal('grant'),
      group: GroupBody,
      grant: Type.Required(GrantEntry),
    },
    closed,
  ),
  Type.Object({ number, kind: Type.Literal('default') }, closed),
]);

const kind = <K extends string>(name: K) => Type.Literal(name);
const group = Type.String();
const Missing = Type.Union([
  Type.Object({ kind: kind('other_application') }, closed),
  Type.Object({ kind: kind('no_such_group') }, closed),
  Type.Object({ kind: kind('not_a_member'), groups: Type.Array(group) }, closed),
  Type.Object({ kind: kind('left'), group, until: Time, cause: Cause }, closed),
  Type.Object({ kind: kind('judged_by_scim'), group }, closed),
  Type.Object({ kind: kind('means_other_group'), group, meant: orNull(group) }, closed),
  Type.Object({ kind: kind('source_not_heard'), group, groupSource: Type.Enum(['token', 'scim']) }, closed),
]);

const sentence = Type.String({ description: 'in plain English' });
const Claim = Type.Object({ name: orNull(Type.String()), value: Type.Array(Type.String()) }, closed);

export const RoleExplanationBody = Type.Object(
  {
    sentence,
    user: Type.Object({ id: Uuid, userName: Type.String(), name: Type.String() }, closed),
    application: orNull(
      Type.Object({ clientId: Type.String(), name: Type.String(), tenant: Type.String() }, closed),
    ),
    customer: orNull(Type.Object({ slug: Type.String(), name: Type.String() }, closed)),
    at: orNull(Time),
    historySince: Time,
    limits: Type.Array(Type.String(), { description: 'what the answer cannot know of that time' }),
    roles: Type.Array(Type.Object({ role: Type.String(), sentence, chains: Type.Array(Chain) }, closed)),
    whyNot: Type.Array(
      Type.Object(
        {
          role: Type.String(),
          sentence,
          rules: Type.Array(Type.Object({ mapping: Mapping, missing: Missing, sentence }, closed)),
        },
        closed,
      ),
    ),
    access: Type.Object(
      {
        allowed: Type.Boolean(),
        reason: orNull(
          Type.Enum([
            'tenant_suspended',
            'inactive',
            'connection_closed',
            'connection_changed',
            'not_assigned',
            'no_role',
          ]),
        ),
        sentence,
      },
      closed,
    ),
    claims: orNull(Type.Object({ roles: Claim, groups: Claim }, closed)),
  },
  closed,
);
