import type { EntityManager, EntitySchema, ObjectLiteral } from 'typeorm';

/**
 * Values for some columns; a function gives an SQL expression. (TypeORM's own type looks into documents
 * member by member, which ends nowhere in those that hold any JSON.)
 */
export type Values<Row> = { readonly [Column in keyof Row]?: Row[Column] | (() => string) };

/** Inserts rows; nothing when there are none. */
export async function insertRows<Row extends object>(
  manager: EntityManager,
  table: EntitySchema<Row>,
  rows: readonly Values<Row>[],
): Promise<void> {
  if (rows.length > 0) await manager.insert<ObjectLiteral>(table.options.name, [...rows]);
}

/** Updates the rows whose columns equal `where`. */
export async function updateRows<Row extends object>(
  manager: EntityManager,
  table: EntitySchema<Row>,
  where: Partial<Row>,
  values: Values<Row>,
): Promise<void> {
  await manager.update<ObjectLiteral>(table.options.name, where, values);
}

/** Deletes the rows whose columns equal `where`. */
export async function deleteRows<Row extends object>(
  manager: EntityManager,
  table: EntitySchema<Row>,
  where: Partial<Row>,
): Promise<void> {
  await manager.delete<ObjectLiteral>(table.options.name, where);
}
