import { Type } from 'typebox';
import { CHECK_IDS } from '../../domain/connection/testing/check.js';
import { CONNECTION_CAUSES } from '../../domain/connection/diagnosis/cause.js';
import { OKTA_PAGES } from '../../domain/connection/testing/report-okta-page.js';
import { orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;
const oneOf = <T extends string>(values: readonly T[], description?: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    description === undefined ? {} : { description },
  );

export const ConnectionTestPath = Type.Object(
  { key: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' }), id: Uuid },
  closed,
);

export const NewConnectionTest = Type.Object(
  {
    source: Type.Optional(
      oneOf(['served', 'candidate'], 'which configuration; the candidate where there is one, if absent'),
    ),
    typedIssuer: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2_048,
        description: 'the address as it was typed: the first check then tells what was put right in it',
      }),
    ),
  },
  closed,
);

export const OktaPageReport = Type.Object(
  { page: oneOf(OKTA_PAGES, 'what a page of Okta’s said that sent nobody back') },
  closed,
);

const Label = Type.Object(
  {
    name: Type.String(),
    also: Type.Optional(Type.String({ description: 'its name in orgs that look otherwise' })),
  },
  closed,
);

const Cure = Type.Object(
  {
    title: Type.String({ description: 'what happened' }),
    meaning: Type.String(),
    cure: Type.String(),
    path: Type.Array(Label, { description: 'what to click in Okta’s Admin Console, in order' }),
    pathsAsOf: Type.String({ description: 'when the labels were last compared with Okta' }),
    mender: oneOf(['person', 'okta_admin', 'operator', 'time', 'nobody'], 'who can end it'),
  },
  closed,
);

const CheckResource = Type.Object(
  {
    id: oneOf(CHECK_IDS),
    status: oneOf(['passed', 'warning', 'failed', 'not_tried', 'not_applicable']),
    seen: Type.String(),
    cause: Type.Optional(oneOf(CONNECTION_CAUSES)),
    facts: Type.Optional(Type.Record(Type.String(), Type.String())),
    cure: Type.Optional(Cure),
  },
  closed,
);

const Brought = Type.Object(
  {
    claims: Type.Object(
      { idToken: Type.Array(Type.String()), userinfo: Type.Array(Type.String()) },
      { ...closed, description: 'names of claims by where they came from' },
    ),
    groupCount: orNull(Type.Integer()),
    acr: orNull(Type.String()),
    amr: Type.Array(Type.String()),
    clockDifferenceSeconds: orNull(Type.Integer()),
    signingKey: Type.Optional(
      Type.String({ description: 'thumbprint of the key that signed the ID Token (RFC 7638)' }),
    ),
  },
  closed,
);

const Person = Type.Object(
  {
    subject: Type.String(),
    joinValue: orNull(Type.String()),
    userName: orNull(Type.String()),
    name: orNull(Type.String()),
    email: orNull(Type.String()),
    emailVerified: Type.Boolean(),
    groups: orNull(Type.Array(Type.Object({ id: orNull(Type.String()), name: Type.String() }, closed))),
    roles: Type.Array(Type.Object({ key: Type.String(), application: orNull(Type.String()) }, closed)),
  },
  { ...closed, description: 'who signed in, and the roles that follow; told for a day' },
);

export const ConnectionTestResource = Type.Object(
  {
    id: Uuid,
    connection: Type.String(),
    source: oneOf(['served', 'candidate']),
    state: oneOf(['probing', 'waiting', 'passed', 'failed', 'superseded', 'expired']),
    verdict: orNull(oneOf(['ready', 'works_with_warnings', 'broken'])),
    counts: Type.Object(
      {
        passed: Type.Integer(),
        warning: Type.Integer(),
        failed: Type.Integer(),
        notTried: Type.Integer(),
      },
      closed,
    ),
    checks: Type.Array(CheckResource),
    brought: orNull(Brought),
    person: orNull(Person),
    signInUrl: Type.Optional(
      Type.String({ description: 'to be opened once, in another tab; told only to who started the test' }),
    ),
    startedBy: Type.String(),
    createdAt: Time,
    expiresAt: Time,
    finishedAt: orNull(Time),
  },
  closed,
);
