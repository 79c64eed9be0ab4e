import type { Static } from 'typebox';
import { NameQuestionBody } from '../../management/contract/name-questions.js';
import { pathOf, type RemoteApi } from './api.js';
import type { Seen } from './mappings.js';

export type Question = Static<typeof NameQuestionBody>;

/** Questions about new groups of a mapped or granted name, of one tenant, here or elsewhere. */
export interface NameQuestions {
  waiting(limit: number): Promise<{ readonly items: readonly Question[]; readonly isMore: boolean }>;
  /** @param id the new group's */
  find(id: string): Promise<Question>;
  give(id: string, seen: Seen): Promise<Question>;
  decline(id: string): Promise<Question>;
}

/** Those of a tenant of a deployment elsewhere. */
export function nameQuestionsThere(api: RemoteApi, tenant: string): NameQuestions {
  const questions = pathOf('tenants', tenant, 'role-mapping-questions');
  const answer = (id: string, body: object): Promise<Question> =>
    api.post(NameQuestionBody, `${questions}${pathOf(id)}/answer`, { body });
  return {
    waiting: (limit) => api.list(NameQuestionBody, questions, { limit }),
    find: (id) => api.get(NameQuestionBody, `${questions}${pathOf(id)}`),
    give: (id, seen) => answer(id, { give: true, ...seen }),
    decline: (id) => answer(id, { give: false }),
  };
}
