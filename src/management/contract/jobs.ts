import { Type } from 'typebox';
import type { JsonObject } from '../../core/json.js';
import { orNull, Time, Uuid } from './common.js';

const Facts = Type.Unsafe<JsonObject>({ type: 'object' });

/** Work that outlives its request: ask for it again to see how far it is. */
export const JobResource = Type.Object(
  {
    id: Uuid,
    kind: Type.String(),
    state: Type.Enum(['waiting', 'running', 'done', 'failed', 'stopped']),
    done: Type.Integer(),
    total: orNull(Type.Integer()),
    stopAsked: Type.Boolean(),
    result: orNull(Facts),
    createdBy: Type.String(),
    createdAt: Time,
    finishedAt: orNull(Time),
  },
  { additionalProperties: false },
);
