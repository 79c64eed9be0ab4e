import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import {
  answerNameQuestion,
  nameQuestion,
  waitingQuestions,
  type JudgedQuestion,
} from '../domain/role/name-questions.js';
import { NameQuestionBody } from '../management/contract/name-questions.js';
import { shownQuestion } from '../management/routes/name-questions.js';
import { configurationDeps } from '../server/configuration.js';
import type { Storage } from '../server/open-storage.js';
import { mappingChangeDeps } from '../server/role-insight.js';
import { Database } from '../storage/database.js';
import { PostgresNameQuestionStore } from '../storage/name-question-store.js';
import type { CommandContext } from './command-context.js';
import { answerOf } from './remote/answers.js';
import type { NameQuestions, Question } from './remote/name-questions.js';
import { told } from './told.js';

/** Questions of a tenant of the deployment that this machine is configured for, by the same commands as the API's. */
export function nameQuestionsHere(
  context: CommandContext,
  storage: Storage,
  { configuration }: ConfiguredTenant,
): NameQuestions {
  const database = new Database(storage.dataSource);
  const apply = configurationDeps(database, storage.keyRing, context.ids);
  const deps = {
    ...mappingChangeDeps(database, apply),
    questions: new PostgresNameQuestionStore(database),
  };
  const reader = { slug: configuration.tenant.slug, self: null };
  const operator = { ...reader, authority: 'host' as const, actor: context.operator };
  return {
    async waiting(limit) {
      const { items, next } = await waitingQuestions(deps, reader, { after: undefined, limit });
      return { items: items.map(shown), isMore: next !== undefined };
    },
    find: async (id) => shown(await nameQuestion(deps, reader, id)),
    give: async (id, seen) =>
      shown(await answerNameQuestion(deps, { ...operator, ...seen, groupId: id, give: true })),
    decline: async (id) => shown(await answerNameQuestion(deps, { ...operator, groupId: id, give: false })),
  };
}

const shown = (question: JudgedQuestion): Question =>
  answerOf(NameQuestionBody, told(shownQuestion(question)));
