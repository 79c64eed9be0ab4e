import { Type } from 'typebox';
import { ApplyFile } from './apply-file.js';

const closed = { additionalProperties: false } as const;

/** The file of `causeway apply`, as JSON. Secrets are written out: this server's environment is nobody's to read. */
export const ConfigurationFile = ApplyFile;

const Flag = (description: string) => Type.Optional(Type.Boolean({ description }));

export const ApplyQuery = Type.Object(
  {
    dryRun: Flag('only tell what would change'),
    allowDelete: Flag('whether changes that end anyone’s access are wanted'),
  },
  closed,
);

/** What `causeway apply --json` prints. */
export const ApplyAnswer = Type.Object({
  plan: Type.Array(
    Type.Object(
      {
        action: Type.Enum(['create', 'update', 'delete']),
        kind: Type.String(),
        tenant: Type.String(),
        key: Type.String(),
        changes: Type.Array(Type.String()),
      },
      closed,
    ),
  ),
  tenants: Type.Array(Type.Object({ slug: Type.String() })),
});

export const ExportQuery = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'only this one; else all within reach' }),
    ),
    secrets: Type.Optional(Type.Literal('env', { description: 'names a variable for each secret' })),
  },
  closed,
);

export const ExportAnswer = Type.Object({ tenants: Type.Array(Type.Object({ slug: Type.String() })) });
