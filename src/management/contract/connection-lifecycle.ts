import { Type } from 'typebox';
import { CONNECTION_STEPS } from '../../domain/connection/lifecycle/impact.js';
import { OUTAGE_SECONDS_MAX } from '../../domain/connection/lifecycle/declare-outage.js';
import { Confirm, orNull } from './common.js';

const closed = { additionalProperties: false } as const;

export const ImpactQuery = Type.Object(
  {
    status: Type.Enum([...CONNECTION_STEPS], {
      description: 'what is to become of it; `served`: its candidate is served',
    }),
  },
  closed,
);

export const ImpactResource = Type.Object(
  {
    step: Type.Enum([...CONNECTION_STEPS]),
    people: Type.Integer({
      description: 'who signed in in the last 30 days, through anything of the tenant',
    }),
    unknown: Type.Integer({ description: 'how many of them this connection doesn’t know' }),
    sessions: Type.Integer({ description: 'live sessions that would end' }),
    breakGlassAccounts: Type.Integer({ description: 'break-glass accounts that can be used all the same' }),
    isMore: Type.Boolean({ description: 'counting stopped at 100,000' }),
    otherConnections: Type.Array(Type.String()),
    localSignIn: Type.Enum(['enabled', 'break-glass', 'disabled']),
    isLocalTheOnlyOtherWay: Type.Boolean(),
    sentence: Type.String(),
    confirmation: orNull(
      Type.String({
        description: 'to be sent as `confirm`; null: nobody is affected, and nothing is to be confirmed',
      }),
    ),
  },
  closed,
);

export const Outage = Type.Object(
  {
    on: Type.Boolean(),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
    untilSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: OUTAGE_SECONDS_MAX,
        description: 'how long, from now; an hour, if absent',
      }),
    ),
  },
  closed,
);

export const ServeCandidate = Type.Object(
  {
    rejoin: Type.Optional(
      Type.Boolean({
        description:
          'people go along to the new issuer: only where the test’s sign-in proved that it is the same Okta org',
      }),
    ),
    confirm: Confirm,
  },
  closed,
);
