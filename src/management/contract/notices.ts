import { Type } from 'typebox';
import { NOTICES } from '../../domain/notice/notice.js';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

export const NoticeListQuery = listQuery({
  state: Type.Optional(
    Type.Enum(['open', 'all'], { description: 'open, if absent: those that nobody has seen yet' }),
  ),
});

/** A notice: an audit event that somebody should see. */
export const NoticeResource = Type.Object(
  {
    id: Uuid,
    at: Time,
    kind: Type.Enum(Object.keys(NOTICES), { description: 'the action of its audit event, which has its id' }),
    message: Type.String(),
    facts: Type.Record(Type.String(), Type.Unknown(), { description: 'of its audit event' }),
    seen: orNull(Type.Object({ by: Type.String(), at: Time }, closed)),
  },
  closed,
);
