import { systemClock } from '../core/clock.js';
import type { ApplyDeps } from '../domain/configuration/apply-deps.js';
import type { ConfigurationRules } from '../domain/configuration/rules.js';
import type { MappingChangeDeps } from '../domain/role/apply-mappings.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { Operation } from '../management/api/operation.js';
import { explainOperations } from '../management/routes/explain.js';
import { mappingChangeOperations } from '../management/routes/mapping-changes.js';
import { nameQuestionOperations } from '../management/routes/name-questions.js';
import { roleCoverageOperations } from '../management/routes/role-coverage.js';
import type { Database } from '../storage/database.js';
import { PostgresGroupListStore } from '../storage/group-list-store.js';
import { PostgresMappingChangeStore } from '../storage/mapping-change-store.js';
import { PostgresNameQuestionStore } from '../storage/name-question-store.js';
import { PostgresRoleFactsStore } from '../storage/role-facts-store.js';

/** What previews and changes of mappings work with. */
export function mappingChangeDeps(database: Database, apply: ApplyDeps): MappingChangeDeps {
  return {
    ...apply,
    transactions: database,
    mappingChanges: new PostgresMappingChangeStore(database),
  };
}

/** Why somebody has a role (D6), and what a change of mappings does (D7). */
export function roleInsightOperations(parts: {
  readonly database: Database;
  readonly apply: ApplyDeps;
  readonly rules: ConfigurationRules;
  readonly directory: Pick<TenantDirectory, 'find' | 'forget'>;
}): readonly Operation[] {
  const { database, apply, rules, directory } = parts;
  return [
    ...explainOperations({
      roleFacts: new PostgresRoleFactsStore(database),
      now: () => systemClock.now(),
      directory,
    }),
    ...mappingChangeOperations({
      changes: mappingChangeDeps(database, apply),
      groups: new PostgresGroupListStore(database),
      rules,
      directory,
    }),
    ...roleCoverageOperations(mappingChangeDeps(database, apply)),
    ...nameQuestionOperations({
      ...mappingChangeDeps(database, apply),
      questions: new PostgresNameQuestionStore(database),
    }),
  ];
}
