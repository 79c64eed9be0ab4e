import { Type } from 'typebox';
import { orNull, Time } from './common.js';

const closed = { additionalProperties: false } as const;

/** How a tenant is: what its admin should look at, and what was seen in a day. */
export const HealthResource = Type.Object(
  {
    status: Type.Enum(['ok', 'warn', 'fail']),
    checks: Type.Array(
      Type.Object(
        { id: Type.String(), status: Type.Enum(['ok', 'warn', 'fail']), detail: Type.String() },
        closed,
      ),
    ),
    connections: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          signedIn: Type.Integer({ description: 'in 24 hours; counting stops at 10,000, here and below' }),
          refused: Type.Integer(),
          lastSignInAt: orNull(Time),
          pushes: Type.Integer(),
          failedPushes: Type.Integer(),
          lastPushAt: orNull(Time),
          hasScimToken: Type.Boolean(),
          secretSetAt: orNull(Time),
        },
        closed,
      ),
    ),
    deadDeliveries: Type.Integer(),
    endingTokens: Type.Integer(),
  },
  closed,
);
