import { Type } from 'typebox';
import { OVERLAP_SECONDS_MAX } from '../../domain/application/secret-overlap.js';
import { Confirm, SECRET_TEXT, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

export const RotateConnectionSecret = Type.Object({ newSecret: SECRET_TEXT }, closed);

export const FinishRotation = Type.Object({ confirm: Confirm }, closed);

const OverlapSeconds = Type.Integer({
  minimum: 0,
  maximum: OVERLAP_SECONDS_MAX,
  description: 'how long the secret of before goes on working; a week, if absent; 0: not at all',
});

export const RotateApplicationSecret = Type.Object({ overlapSeconds: Type.Optional(OverlapSeconds) }, closed);

export const MadeApplicationSecret = Type.Object(
  { clientId: Type.String(), id: Uuid, clientSecret: Type.String(), overlapSeconds: OverlapSeconds },
  closed,
);
