import { Type, type TSchema } from 'typebox';
import { RoleMappingEntry } from './apply-file.js';
import { RoleKey } from './apply-values.js';
import { orNull, Time, Uuid } from './common.js';

const closed = { additionalProperties: false } as const;

const Mappings = Type.Array(RoleMappingEntry, { maxItems: 10_000 });
const WISH = {
  roleMappings: Type.Optional(
    Type.Array(RoleMappingEntry, { maxItems: 10_000, description: 'the whole list as it is to be' }),
  ),
  add: Type.Optional(Mappings),
  remove: Type.Optional(Mappings),
  roleMappingMode: Type.Optional(Type.Enum(['many-to-many', 'one-to-one'])),
  defaultRole: Type.Optional(Type.Union([RoleKey, Type.Null()], { description: 'a role key, or null' })),
  whenNoRole: Type.Optional(Type.Enum(['allow', 'deny'])),
};

/** What is wanted of mappings. What isn't said stays. */
export const MappingWishBody = Type.Object(WISH, closed);

const Version = Type.String({ minLength: 1, maxLength: 100, description: '`version` of the preview' });
const Confirm = Type.Optional(
  Type.Integer({
    minimum: 0,
    description: 'how many people lose something, where the preview asks for that',
  }),
);

/** A change to stage, or to make as it was previewed. */
export const NewMappingChange = Type.Object(
  {
    ...WISH,
    stage: Type.Optional(Type.Boolean({ description: 'true: keep it for another admin to apply' })),
    version: Type.Optional(Version),
    confirm: Confirm,
  },
  closed,
);

export const ApplyMappingChange = Type.Object({ version: Version, confirm: Confirm }, closed);

/** Of which people of a preview there is to be more. */
export const PreviewedPeopleQuery = Type.Object(
  {
    who: Type.Enum(['gains', 'loses']),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2_000, description: '`next` of the page before' }),
    ),
  },
  closed,
);

const Except = Type.Optional(Type.Array(Type.String(), { description: 'clientIds where nothing changes' }));
const Above = Type.Optional(
  Type.String({
    description: 'slug of the MSP above, whose applications are meant; absent: the tenant’s own',
  }),
);
const Roles = Type.Array(
  Type.Object(
    {
      role: Type.String(),
      application: orNull(Type.String({ description: 'clientId; null: in every application' })),
      except: Except,
      tenant: Above,
    },
    closed,
  ),
);
const Access = Type.Array(
  Type.Object(
    {
      application: orNull(Type.String({ description: 'clientId; null: every one that is for everybody' })),
      except: Except,
      tenant: Above,
    },
    closed,
  ),
);

/** A person with what a change does to them. */
export const AffectedPersonBody = Type.Object(
  {
    id: Uuid,
    userName: Type.String(),
    name: orNull(Type.String()),
    signedIn: Type.Boolean({ description: 'whether they have a session now' }),
    gains: Roles,
    loses: Roles,
    gainsAccess: Access,
    losesAccess: Access,
  },
  closed,
);

const Count = Type.Integer({ minimum: 0 });
const SUMMARY = {
  gains: Type.Integer({ minimum: 0, description: 'people who gain something' }),
  loses: Type.Integer({ minimum: 0, description: 'people who lose something' }),
  unchanged: Count,
  loseAccess: Type.Integer({ minimum: 0, description: 'of those who lose: an application, or all' }),
  owners: Type.Object({ before: Count, after: Count }, closed),
};

const page = (item: TSchema) => Type.Object({ items: Type.Array(item), next: orNull(Type.String()) }, closed);

const Mapping = Type.Required(RoleMappingEntry);
const SETTINGS = {
  roleMappingMode: Type.Enum(['many-to-many', 'one-to-one']),
  defaultRole: orNull(Type.String()),
  whenNoRole: Type.Enum(['allow', 'deny']),
};

export const MappingPreviewBody = Type.Object(
  {
    ...SUMMARY,
    version: Version,
    change: Type.Object(
      {
        add: Type.Array(Mapping),
        remove: Type.Array(Mapping),
        settings: Type.Partial(Type.Object(SETTINGS, closed)),
      },
      closed,
    ),
    faults: Type.Array(
      Type.Object({ mapping: orNull(Mapping), member: Type.String(), message: Type.String() }, closed),
      { description: 'what stands against the change, by row; null: of a setting' },
    ),
    needsConfirmation: Type.Boolean(),
    blocked: orNull(Type.Enum(['last_owner'])),
    self: orNull(Type.Object({ gains: Roles, loses: Roles }, closed)),
    gaining: page(AffectedPersonBody),
    losing: page(AffectedPersonBody),
  },
  closed,
);

const State = Type.Object({ roleMappings: Type.Array(Mapping), ...SETTINGS }, closed);

export const MappingChangeBody = Type.Object(
  {
    id: Uuid,
    state: Type.Enum(['staged', 'applied', 'undone', 'discarded']),
    version: Version,
    before: State,
    after: State,
    summary: Type.Object(SUMMARY, closed),
    madeBy: Type.String({ description: 'kind and id of who made it: `user:<id>`' }),
    appliedBy: orNull(Type.String()),
    undoneBy: orNull(Type.String()),
    createdAt: Time,
    appliedAt: orNull(Time),
    undoneAt: orNull(Time),
  },
  closed,
);
