import { Type } from 'typebox';
import { TOKEN_FAULTS } from '../../domain/provisioning/scim-request.js';
import { listQuery, orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

export const ScimRequestListQuery = listQuery({
  state: Type.Optional(Type.Enum(['ok', 'failed'])),
  method: Type.Optional(Type.Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])),
  connection: Type.Optional(
    Type.String({ minLength: 1, maxLength: 400, description: 'key of a connection' }),
  ),
  token: Type.Optional(Uuid),
  resource: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description: 'id of a person or a group that the request was about, or changed',
    }),
  ),
  since: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description:
        'id of a request: only those that began after it; one that began before may be written up to a minute late',
    }),
  ),
  order: Type.Optional(
    Type.Enum(['newest', 'oldest'], {
      description: 'newest first, if absent; the oldest first for who follows what comes',
    }),
  ),
});

const SUMMARY = {
  id: Uuid,
  at: Time,
  connection: orNull(Type.String({ description: 'key of the connection; null: no token that is known' })),
  tokenId: orNull(Type.String()),
  tokenFault: orNull(
    Type.Enum([...TOKEN_FAULTS], { description: 'why the token was refused; null: it was good' }),
  ),
  requestId: Type.String(),
  method: Type.String(),
  target: Type.String({ description: 'path below the SCIM base, with its query' }),
  status: Type.Integer(),
  durationMs: Type.Integer(),
  userAgent: orNull(Type.String()),
  detail: orNull(Type.String({ description: 'what the client was told was wrong' })),
  effects: Type.Array(
    Type.Object({
      action: Type.Enum(['created', 'updated', 'unchanged', 'deactivated', 'deleted']),
      resourceType: Type.Enum(['User', 'Group']),
      id: Type.String(),
      ignored: Type.Optional(Type.Array(Type.String())),
    }),
  ),
};

export const ScimRequestSummary = Type.Object(SUMMARY, closed);

/** With what was sent and answered, passwords and tokens left out. */
export const ScimRequestResource = Type.Object(
  { ...SUMMARY, request: Type.Unknown(), response: Type.Unknown() },
  closed,
);
