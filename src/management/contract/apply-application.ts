import { Type } from 'typebox';
import type { JsonObject } from '../../core/json.js';
import { CLIENT_ID } from '../../domain/application/application.js';
import { RemovableSecretEntry, RoleKey } from './apply-values.js';
import { Address, DisplayName, PlainText, ScopeName } from './text.js';

const closed = { additionalProperties: false } as const;

const AddressOrNull = Type.Optional(
  Type.Union([Address, Type.Null()], { description: 'an address, or null' }),
);
const Addresses = Type.Optional(Type.Array(Address, { maxItems: 200 }));
const seconds = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }));

/** One year. */
const REFRESH_SECONDS_MAX = 31_536_000;

const JwksEntry = Type.Object(
  { keys: Type.Array(Type.Unsafe<JsonObject>({ type: 'object' }), { minItems: 1, maxItems: 50 }) },
  closed,
);

const AssignmentEntry = Type.Union(
  [
    Type.Literal('everyone'),
    Type.Object(
      {
        groups: Type.Optional(Type.Array(PlainText, { maxItems: 1_000 })),
        roles: Type.Optional(Type.Array(RoleKey, { maxItems: 1_000 })),
      },
      closed,
    ),
  ],
  { description: "'everyone', or { groups, roles }" },
);

const ClaimsEntry = Type.Object(
  {
    roles: Type.Optional(
      Type.Union([PlainText, Type.Literal(false)], { description: 'the name of a claim, or false' }),
    ),
    groups: Type.Optional(
      Type.Union([Type.Boolean(), Type.Object({ prefix: PlainText }, closed)], {
        description: 'true, false, or { prefix }',
      }),
    ),
  },
  closed,
);

/** An application of the file. */
export const ApplicationEntry = Type.Object(
  {
    clientId: Type.String({
      pattern: CLIENT_ID.source,
      description: "a clientId: 1 to 64 letters, digits, '.', '_', '~' and '-'",
    }),
    name: Type.Optional(DisplayName),
    type: Type.Optional(Type.Enum(['web', 'spa', 'native', 'service'])),
    redirectUris: Addresses,
    postLogoutRedirectUris: Addresses,
    backchannelLogoutUri: AddressOrNull,
    frontchannelLogoutUri: AddressOrNull,
    initiateLoginUri: AddressOrNull,
    deviceWebhookUri: AddressOrNull,
    deviceWebhookSecret: Type.Optional(RemovableSecretEntry),
    allowedOrigins: Addresses,
    grantTypes: Type.Optional(
      Type.Array(
        Type.Enum([
          'authorization_code',
          'refresh_token',
          'client_credentials',
          'device_code',
          'token_exchange',
        ]),
        { uniqueItems: true, maxItems: 5 },
      ),
    ),
    responseTypes: Type.Optional(
      Type.Array(Type.Enum(['code', 'id_token', 'code id_token']), { uniqueItems: true, maxItems: 3 }),
    ),
    tokenEndpointAuthMethod: Type.Optional(
      Type.Enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']),
    ),
    clientSecret: Type.Optional(RemovableSecretEntry),
    secondarySecret: Type.Optional(RemovableSecretEntry),
    jwks: Type.Optional(
      Type.Union([JwksEntry, Type.Null()], { description: 'a key set { keys: […] }, or null' }),
    ),
    jwksUri: AddressOrNull,
    idTokenAlg: Type.Optional(Type.Enum(['RS256', 'ES256', 'EdDSA'])),
    profile: Type.Optional(Type.Enum(['default', 'fapi2', 'ipsie'])),
    pkce: Type.Optional(Type.Enum(['required', 'optional'])),
    dpop: Type.Optional(Type.Enum(['optional', 'required'])),
    requirePushedRequests: Type.Optional(Type.Boolean()),
    requestObjects: Type.Optional(Type.Enum(['off', 'optional', 'required'])),
    signedResponses: Type.Optional(Type.Boolean()),
    refresh: Type.Optional(
      Type.Object(
        {
          idleSeconds: seconds(1, REFRESH_SECONDS_MAX),
          absoluteSeconds: seconds(1, REFRESH_SECONDS_MAX),
          leewaySeconds: seconds(0, 60),
        },
        closed,
      ),
    ),
    apis: Type.Optional(Type.Array(PlainText, { maxItems: 200 })),
    scopes: Type.Optional(
      Type.Union([Type.Array(ScopeName, { maxItems: 500, uniqueItems: true }), Type.Null()], {
        description: 'a list of scopes, or null',
      }),
    ),
    consent: Type.Optional(Type.Boolean()),
    audience: Type.Optional(Type.Enum(['tenant', 'tenant-and-customers'])),
    assignment: Type.Optional(AssignmentEntry),
    claims: Type.Optional(ClaimsEntry),
  },
  closed,
);
