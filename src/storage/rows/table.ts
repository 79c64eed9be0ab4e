import {
  EntitySchema,
  type EntitySchemaColumnOptions,
  type EntitySchemaIndexOptions,
  type EntitySchemaOptions,
} from 'typeorm';

type EntitySchemaForeignKeyOptions = NonNullable<EntitySchemaOptions<object>['foreignKeys']>[number];

type Columns<Row> = Required<{ [Member in keyof Row]: EntitySchemaColumnOptions }>;

interface TableOptions<Row> {
  readonly primary: readonly (keyof Row & string)[];
  readonly indices?: EntitySchemaIndexOptions[];
  readonly foreignKeys?: EntitySchemaForeignKeyOptions[];
  readonly checks?: { name: string; expression: string }[];
}

/** Describes a table whose rows are plain objects: columns in snake case, constraints named after the table. */
export function table<Row extends object>(
  name: string,
  columns: Columns<Row>,
  options: TableOptions<Row>,
): EntitySchema<Row> {
  const described = Object.entries<EntitySchemaColumnOptions>(columns).map(([member, column]) => [
    member,
    {
      name: member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ...column,
      ...(options.primary.includes(member as keyof Row & string)
        ? { primary: true, primaryKeyConstraintName: `${name}_pkey` }
        : {}),
    },
  ]);
  return new EntitySchema<Row>({
    name,
    tableName: name,
    columns: Object.fromEntries(described) as Columns<Row>,
    indices: options.indices ?? [],
    foreignKeys: options.foreignKeys ?? [],
    checks: options.checks ?? [],
  });
}

/** A foreign key to a row of the same tenant; deleted with it. `target` is the other table's name. */
export function within(
  constraint: string,
  target: string,
  columnNames: string[],
  referencedColumnNames: string[],
): EntitySchemaForeignKeyOptions {
  return { name: constraint, target, columnNames, referencedColumnNames, onDelete: 'CASCADE' };
}

/** An index that TypeORM can't describe (expression, partial): named, so that its drift check leaves it alone. */
export function undescribed(name: string): EntitySchemaIndexOptions {
  return { name, columns: ['tenantId'], synchronize: false };
}

export const uuid: EntitySchemaColumnOptions = { type: 'uuid' };
export const text: EntitySchemaColumnOptions = { type: 'text' };
/** Compared byte for byte. */
export const exactText: EntitySchemaColumnOptions = { type: 'text', collation: 'C' };
export const json: EntitySchemaColumnOptions = { type: 'jsonb' };
export const bytes: EntitySchemaColumnOptions = { type: 'bytea' };
export const flag: EntitySchemaColumnOptions = { type: 'boolean' };
export const integer: EntitySchemaColumnOptions = { type: 'integer' };
export const time: EntitySchemaColumnOptions = { type: 'timestamptz' };
export const madeNow: EntitySchemaColumnOptions = { type: 'timestamptz', default: () => 'now()' };
export const optional = (column: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({
  ...column,
  nullable: true,
});
