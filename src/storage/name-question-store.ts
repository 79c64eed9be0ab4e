import type { QueryResultRow } from 'pg';
import { isUuid } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { NameQuestion, NameQuestionStore } from '../domain/role/name-question.js';
import type { Database, Statement } from './database.js';
import { beforePinning, NAMES_IN_USE } from './role-mapping-pins.js';

/** Names of mappings and grants that another SCIM group bears than the one that they mean: `p`, with the new group `g`. */
const QUESTIONS = `SELECT p.name, p.connection_id, p.connection_version, c.key AS connection, p.pinned_group_id,
    o.name AS meant_name, g.id AS group_id, g.created_at,
    p.declined_group_id IS NOT DISTINCT FROM g.id AS declined
  FROM pushed_group_names p
  JOIN connections c ON c.tenant_id = $1 AND c.id = p.connection_id AND c.version = p.connection_version
  JOIN groups g ON g.tenant_id = $1 AND g.connection_id = p.connection_id AND g.name = p.name
    AND g.connection_version = p.connection_version AND g.origin = 'scim' AND g.id <> p.pinned_group_id
  LEFT JOIN groups o ON o.tenant_id = $1 AND o.id = p.pinned_group_id
  WHERE p.tenant_id = $1 AND p.pinned_group_id IS NOT NULL
    AND p.name IN (${NAMES_IN_USE})`;

/** Names that wait for an admin's word, in PostgreSQL. */
export class PostgresNameQuestionStore implements NameQuestionStore {
  constructor(private readonly database: Database) {}

  async waiting(
    scope: TenantScope,
    after: string | undefined,
    limit: number,
  ): Promise<readonly NameQuestion[]> {
    const rows = await this.database.transaction(scope).query({
      name: 'name_questions',
      text: `${QUESTIONS} AND p.declined_group_id IS DISTINCT FROM g.id AND g.id > $2::uuid ORDER BY g.id LIMIT $3`,
      values: [scope.tenantId, after ?? NO_ID, limit],
    });
    return rows.map(toQuestion);
  }

  async find(scope: TenantScope, groupId: string): Promise<NameQuestion | undefined> {
    if (!isUuid(groupId)) return undefined;
    const [row] = await this.database.transaction(scope).query(questionAbout(scope, groupId));
    return row === undefined ? undefined : toQuestion(row);
  }

  async lock(scope: TenantScope, groupId: string): Promise<NameQuestion | undefined> {
    if (!isUuid(groupId)) return undefined;
    // Statements of their own: what the lock waited for is seen by the second.
    const [, rows] = await this.database
      .transaction(scope)
      .send([beforePinning(scope.tenantId), questionAbout(scope, groupId)]);
    return rows?.[0] === undefined ? undefined : toQuestion(rows[0]);
  }

  async bind(scope: TenantScope, question: NameQuestion): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'name_question_bind',
      text: `UPDATE pushed_group_names SET pinned_group_id = $5, declined_group_id = NULL ${WHERE}`,
      values: valuesOf(scope, question),
    });
  }

  async decline(scope: TenantScope, question: NameQuestion): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'name_question_decline',
      text: `UPDATE pushed_group_names SET declined_group_id = $5 ${WHERE}`,
      values: valuesOf(scope, question),
    });
  }
}

const WHERE = 'WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND name = $4';

const valuesOf = (
  { tenantId }: TenantScope,
  { connectionId, connectionVersion, name, groupId }: NameQuestion,
): Statement['values'] => [tenantId, connectionId, connectionVersion, name, groupId];

const questionAbout = ({ tenantId }: TenantScope, groupId: string): Statement => ({
  name: 'name_question',
  text: `${QUESTIONS} AND g.id = $2`,
  values: [tenantId, groupId],
});

/** Before every id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

const toQuestion = (row: QueryResultRow): NameQuestion => ({
  name: row['name'],
  connectionId: row['connection_id'],
  connection: row['connection'],
  connectionVersion: row['connection_version'],
  groupId: row['group_id'],
  groupCreatedAt: row['created_at'],
  meant: { id: row['pinned_group_id'], name: row['meant_name'] },
  declined: row['declined'],
});
