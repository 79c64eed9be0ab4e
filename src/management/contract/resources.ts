import { Type, type TObject, type TSchema } from 'typebox';
import { ApplicationEntry } from './apply-application.js';
import { ConnectionEntry } from './apply-connection.js';
import {
  AccessPolicyEntry,
  ApiEntry,
  GrantEntry,
  RoleEntry,
  RoleMappingEntry,
  ScimTokenEntry,
} from './apply-file.js';
import { ConnectionKey } from './apply-values.js';
import { Confirm, orNull, Reason, Secret, SecretState, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

/** The answer to whoever had a secret made for them tells it, once. */
const ToldSecret = Type.Union([SecretState, Type.String()], {
  description: 'what may be told of the secret; the secret itself in the answer that made it',
});

/** The schemas of one kind of configuration: the file's own words, with secrets as requests and answers have them. */
export interface ResourceSchemas {
  readonly create: TObject;
  readonly replace: TObject;
  readonly change: TObject;
  readonly resource: TObject;
}

type Properties = Record<string, TSchema>;

const without = (properties: Properties, names: readonly string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));

/**
 * @param entry as the file has it
 * @param options.identity what it is known by; it can't change, so that replacing needn't name it
 * @param options.secrets members that are write-only
 * @param options.shown members that only answers have
 * @param options.needed members that a replaced one can't do without
 */
function resource(
  entry: TObject,
  options: {
    readonly identity: readonly string[];
    readonly secrets?: readonly string[];
    readonly shown?: Properties;
    readonly needed?: readonly string[];
  },
): ResourceSchemas {
  const { identity, secrets = [], shown = {}, needed = [] } = options;
  const plain: Properties = without(entry.properties, secrets);
  const asked: Properties = {
    ...plain,
    ...Object.fromEntries(secrets.map((name) => [name, Type.Optional(Secret)])),
  };
  const all = Type.Object(asked, closed);
  const own = without(asked, identity);
  const wanted = Type.Object(
    {
      ...Object.fromEntries(identity.map((name) => [name, optionalOf(asked[name])])),
      ...Object.fromEntries(
        Object.entries(own).map(([name, schema]) => [
          name,
          needed.includes(name) ? requiredOf(schema) : schema,
        ]),
      ),
    },
    closed,
  );
  return {
    create: all,
    replace: wanted,
    change: Type.Partial(all, closed),
    resource: Type.Object(
      {
        ...Type.Required(Type.Object(plain, closed)).properties,
        ...Object.fromEntries(secrets.map((name) => [name, ToldSecret])),
        ...shown,
      },
      closed,
    ),
  };
}

const optionalOf = (schema: TSchema | undefined): TSchema => Type.Optional(schema ?? Type.String());
const requiredOf = (schema: TSchema): TSchema =>
  Type.Required(Type.Object({ member: schema })).properties['member'] ?? schema;

/** A connection's configuration that waits for its test, whole. */
const Candidate = Type.Object(
  {
    ...Type.Required(
      Type.Object(
        without(ConnectionEntry.properties, ['key', 'name', 'status', 'clientSecret', 'secondarySecret']),
        closed,
      ),
    ).properties,
    secrets: Type.Array(Type.Enum(['clientSecret', 'secondarySecret']), {
      description: 'secrets that came with it; the others are the served ones',
    }),
    tested: Type.Boolean(),
    testedAt: orNull(Time),
  },
  { ...closed, description: 'a change of issuer, type or client that is not served before it was tested' },
);

const connection = resource(ConnectionEntry, {
  identity: ['key'],
  secrets: ['clientSecret', 'secondarySecret'],
  needed: ['issuer', 'clientId'],
  shown: {
    id: Uuid,
    version: Type.Integer({ description: 'grows when the issuer changes' }),
    redirectUri: Type.String(),
    initiateLoginUri: Type.String(),
    postLogoutRedirectUri: Type.String(),
    jwksUri: Type.String(),
    tested: Type.Boolean({ description: 'whether exactly what is served has passed its test' }),
    testedAt: orNull(Time),
    enforcedAt: orNull(Time),
    candidate: orNull(Candidate),
    outage: orNull(
      Type.Object(
        { reason: Type.String(), since: Time, until: Time },
        { ...closed, description: 'an outage of the upstream that was declared, and goes on' },
      ),
    ),
  },
});

const confirmed = (schema: TObject): TObject =>
  Type.Object({ ...schema.properties, confirm: Confirm, reason: Reason }, closed);

export const ConnectionSchemas: ResourceSchemas = {
  ...connection,
  replace: confirmed(connection.replace),
  change: confirmed(connection.change),
};

export const RoleSchemas = resource(RoleEntry, { identity: ['key'], shown: { id: Uuid } });

export const RoleMappingSchemas = resource(RoleMappingEntry, { identity: [], shown: { id: Uuid } });

export const ApiSchemas = resource(ApiEntry, { identity: ['identifier'], shown: { id: Uuid } });

export const AccessPolicySchemas = resource(AccessPolicyEntry, { identity: [], shown: { id: Uuid } });

export const ApplicationSchemas = resource(ApplicationEntry, {
  identity: ['clientId'],
  secrets: ['clientSecret', 'secondarySecret', 'deviceWebhookSecret'],
  shown: {
    id: Uuid,
    source: Type.Enum(['operator', 'registration']),
    issuer: Type.String(),
  },
});

export const ScimTokenSchemas = resource(ScimTokenEntry, {
  identity: [],
  secrets: ['token'],
  shown: {
    id: Uuid,
    scimBaseUrl: Type.String(),
  },
});

export const GrantSchemas = resource(GrantEntry, { identity: [], shown: { id: Uuid } });

const DomainEntry = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 300, description: 'a mail domain' }),
    verified: Type.Optional(Type.Boolean()),
    connection: Type.Optional(orNull(ConnectionKey)),
  },
  closed,
);

export const DomainSchemas = resource(DomainEntry, {
  identity: ['name'],
  shown: {
    record: Type.Object(
      { type: Type.Literal('TXT'), name: Type.String(), value: Type.String() },
      { ...closed, description: 'what the domain must say in DNS to be verified' },
    ),
  },
});
