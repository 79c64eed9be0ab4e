import { Type } from 'typebox';
import { ConnectionKey, RemovableSecretEntry } from './apply-values.js';
import { DisplayName, PlainText, ScopeName } from './text.js';

const closed = { additionalProperties: false } as const;

const IssuerEntry = Type.Union(
  [
    Type.String({ minLength: 1, maxLength: 2_048, description: 'an address' }),
    Type.Object(
      {
        domain: Type.String({ minLength: 1, maxLength: 300, description: "Okta's domain" }),
        authorizationServer: Type.Optional(
          Type.String({ minLength: 1, maxLength: 64, description: "an authorization server's id" }),
        ),
      },
      closed,
    ),
  ],
  { description: 'an address, or { domain, authorizationServer }' },
);

/** A connection of the file. */
export const ConnectionEntry = Type.Object(
  {
    key: ConnectionKey,
    type: Type.Optional(Type.Enum(['okta', 'oidc'])),
    name: Type.Optional(DisplayName),
    issuer: Type.Optional(IssuerEntry),
    clientId: Type.Optional(PlainText),
    clientAuth: Type.Optional(Type.Enum(['client_secret_post', 'client_secret_basic', 'private_key_jwt'])),
    clientSecret: Type.Optional(RemovableSecretEntry),
    secondarySecret: Type.Optional(RemovableSecretEntry),
    scopes: Type.Optional(Type.Array(ScopeName, { maxItems: 100 })),
    groupsClaim: Type.Optional(PlainText),
    groupsFrom: Type.Optional(
      Type.Array(Type.Enum(['id_token', 'userinfo', 'access_token']), { maxItems: 3, uniqueItems: true }),
    ),
    groupSource: Type.Optional(Type.Enum(['auto', 'token', 'scim'])),
    join: Type.Optional(
      Type.Object(
        { claim: Type.Optional(PlainText), attribute: Type.Optional(Type.Enum(['externalId'])) },
        closed,
      ),
    ),
    acrValues: Type.Optional(Type.Array(PlainText, { maxItems: 20 })),
    federationBrokerMode: Type.Optional(Type.Boolean()),
    provisioning: Type.Optional(Type.Enum(['off', 'create', 'create-and-update'])),
    revalidateSeconds: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 2_592_000 }), Type.Null()], {
        description: 'a number of seconds, or null',
      }),
    ),
    revalidateGraceSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000 })),
    forwardLogout: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Enum(['draft', 'enabled', 'enforced', 'disabled'])),
  },
  closed,
);
