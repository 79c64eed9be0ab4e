import { Type } from 'typebox';
import {
  SETUP_LINK_SECONDS,
  SETUP_LINK_SECONDS_MIN,
  SETUP_PARTS,
  SETUP_STEPS,
} from '../../domain/setup-link/setup-link.js';
import { ConnectionKey } from './apply-values.js';
import { orNull, Time, Uuid } from './common.js';
import { ConnectionTestResource } from './connection-tests.js';
import { ScimRequestSummary } from './scim-requests.js';
import { DisplayName } from './text.js';

const closed = { additionalProperties: false } as const;

const Parts = Type.Array(Type.Enum([...SETUP_PARTS]), { minItems: 1, maxItems: 4, uniqueItems: true });
const Step = Type.Enum([...SETUP_STEPS]);
const Steps = Type.Array(Step, { maxItems: SETUP_STEPS.length, uniqueItems: true });

export const NewSetupLink = Type.Object(
  {
    connection: ConnectionKey,
    parts: Type.Optional(Parts),
    mayTurnOn: Type.Optional(
      Type.Boolean({ description: 'whether people may be let in by it once it has passed its test' }),
    ),
    note: Type.Optional(orNull(DisplayName)),
    contact: Type.Optional(orNull(DisplayName)),
    lifetimeSeconds: Type.Optional(
      Type.Integer({
        minimum: SETUP_LINK_SECONDS_MIN,
        maximum: SETUP_LINK_SECONDS,
        default: SETUP_LINK_SECONDS,
        description: 'how long it counts',
      }),
    ),
  },
  closed,
);

/** How far the link's holder has come. */
const Progress = {
  step: Step,
  done: Type.Array(Step, { description: 'steps that only the holder can tell are done' }),
  skipped: Type.Array(Step),
};

export const SetupLinkResource = Type.Object(
  {
    id: Uuid,
    connection: Type.String(),
    parts: Type.Array(Type.Enum([...SETUP_PARTS])),
    mayTurnOn: Type.Boolean(),
    note: orNull(Type.String({ description: 'for whom it was made' })),
    contact: orNull(Type.String({ description: 'whom its holder asks for another one' })),
    state: Type.Enum(['waiting', 'open', 'revoked', 'expired']),
    createdBy: Type.String(),
    createdAt: Time,
    expiresAt: Time,
    openedAt: orNull(Time),
    openedFrom: orNull(Type.Object({ ip: orNull(Type.String()), userAgent: orNull(Type.String()) }, closed)),
    revokedAt: orNull(Time),
    progress: Type.Object(Progress, closed),
    url: Type.Optional(Type.String({ description: 'its address, told only in the answer that made it' })),
  },
  closed,
);

export const SetupLinkPath = Type.Object({ id: Uuid }, closed);

export const SetupProgressPut = Type.Object(
  { step: Step, done: Type.Optional(Steps), skipped: Type.Optional(Steps) },
  closed,
);

export const SetupScimTokenResource = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    token: Type.String({ description: 'told this once' }),
    scimBaseUrl: Type.String(),
  },
  closed,
);

export const SetupStatusQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 8_000, description: '`cursor` of the answer before' }),
    ),
  },
  closed,
);

const Check = Type.Object(
  {
    id: Type.String(),
    step: Step,
    status: Type.Enum(['passed', 'warning', 'failed', 'waiting', 'not_tried', 'not_applicable']),
    seen: Type.String(),
    at: Type.Optional(Time),
    cause: Type.Optional(Type.String()),
    facts: Type.Optional(Type.Record(Type.String(), Type.String())),
    cure: ConnectionTestResource.properties.checks.items.properties.cure,
  },
  closed,
);

/** What an admin enters in Okta, to the letter. */
const Values = Type.Object(
  {
    appName: Type.String({ description: 'what the app at Okta is to be called' }),
    redirectUri: Type.String(),
    postLogoutRedirectUri: Type.String(),
    initiateLoginUri: Type.String(),
    jwksUri: Type.String(),
    scimBaseUrl: Type.String(),
    groupsClaim: Type.String(),
    groupsFilter: Type.String({ description: 'a regular expression that all groups match' }),
    groupsExpression: Type.String({ description: 'for groups of Active Directory, which no filter sees' }),
  },
  closed,
);

const Reminder = Type.Object(
  {
    of: Type.Enum(['clientSecret', 'secondarySecret', 'scimToken']),
    madeAt: Time,
    lastUsedAt: orNull(Time),
    expiresAt: orNull(Time),
    changeBy: Type.String({
      format: 'date-time',
      description: 'when it ends, and else when it is a year old',
    }),
  },
  closed,
);

export const SetupStatusResource = Type.Object(
  {
    state: Type.Enum(['waiting', 'open', 'revoked', 'expired']),
    expiresAt: Time,
    steps: Type.Array(
      Type.Object(
        { id: Step, state: Type.Enum(['done', 'now', 'needs_attention', 'skipped', 'to_do']) },
        closed,
      ),
    ),
    checks: Type.Array(Check),
    connection: orNull(
      Type.Object(
        {
          key: Type.String(),
          name: Type.String(),
          status: Type.String(),
          issuer: Type.String(),
          clientId: Type.String(),
        },
        { ...closed, description: 'what was set up; null: nothing yet' },
      ),
    ),
    values: Values,
    reminders: Type.Array(Reminder, {
      description: 'which secret is to be changed when, the first one first',
    }),
    test: orNull(Uuid),
    scimRequests: Type.Array(ScimRequestSummary, {
      description: 'that were not told up to the cursor, the oldest first: each once, be it there late',
    }),
    more: Type.Boolean({ description: 'whether more of them are waiting: ask again at once' }),
    cursor: Type.String({ description: 'to be sent with the next question' }),
  },
  closed,
);
