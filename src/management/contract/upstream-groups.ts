import { Type } from 'typebox';
import { GROUPS_TROUBLES } from '../../domain/connection/upstream-groups/found-groups.js';
import { orNull, SECRET_TEXT } from './common.js';

const closed = { additionalProperties: false } as const;

const ClientId = Type.String({ minLength: 1, maxLength: 255, pattern: '^[\\u0021-\\u007e]+$' });

export const GroupsApiPut = Type.Object(
  {
    kind: Type.Enum(['service-app', 'api-token']),
    clientId: Type.Optional(ClientId),
    token: Type.Optional(SECRET_TEXT),
    importedGroups: Type.Optional(
      Type.Boolean({ description: 'at sign-ins: whether groups of directories and apps count, too' }),
    ),
    namesBegin: Type.Optional(
      Type.String({ maxLength: 255, description: 'at sign-ins: what names of groups that count begin with' }),
    ),
  },
  {
    ...closed,
    description:
      'service-app: clientId of a service app with okta.groups.read (okta.users.read for sign-ins) and a key that reads groups by the connection’s jwksUri; api-token: an API token of Okta, write-only',
  },
);

export const GroupsApiResource = Type.Object(
  {
    kind: Type.Enum(['service-app', 'api-token', 'none']),
    clientId: orNull(Type.String()),
    importedGroups: Type.Boolean(),
    namesBegin: Type.String(),
    token: Type.Object({ set: Type.Boolean() }, closed),
    jwksUri: Type.String({ description: 'where Okta finds the key of the service app' }),
  },
  closed,
);

export const UpstreamGroupsQuery = Type.Object(
  { q: Type.Optional(Type.String({ maxLength: 200, description: 'what the name begins with' })) },
  closed,
);

export const UpstreamGroups = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          source: Type.Enum(['pushed', 'seen', 'okta'], {
            description: 'pushed by SCIM, seen in tokens of people who signed in, or told by Okta’s API',
          }),
          name: Type.String(),
          id: Type.String({ description: 'of the group here; Okta’s own where Okta’s API told it' }),
          upstreamId: orNull(Type.String()),
          description: orNull(Type.String()),
        },
        closed,
      ),
    ),
    isMore: Type.Boolean({ description: 'there are more: say what the name begins with' }),
    note: orNull(
      Type.Object(
        { code: Type.Enum(['not_set_up', ...GROUPS_TROUBLES]), message: Type.String() },
        { ...closed, description: 'why Okta’s own groups are not among them' },
      ),
    ),
  },
  closed,
);
