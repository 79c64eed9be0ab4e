import type { UserId } from '../../core/ids.js';
import {
  answerNameQuestion,
  nameQuestion,
  waitingQuestions,
  type JudgedQuestion,
  type NameQuestionDeps,
} from '../../domain/role/name-questions.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { listOf, listQuery } from '../contract/common.js';
import { NameAnswerBody, NameQuestionBody } from '../contract/name-questions.js';
import { answerPage } from './answer-page.js';

const QUESTIONS = '/tenants/{tenant}/role-mapping-questions';
const ANSWER = named('RoleMappingQuestion', NameQuestionBody);

/** Groups that bear a name by which mappings or grants knew another group by: whether they get its roles (contract, Groups). */
export function nameQuestionOperations(deps: NameQuestionDeps): readonly Operation[] {
  return [
    operation({
      id: 'listRoleMappingQuestions',
      method: 'GET',
      path: QUESTIONS,
      summary:
        'Lists new groups of a mapped or granted name that wait for an answer, and what a yes would do',
      permission: 'role-mappings.read',
      query: listQuery({}),
      list: true,
      answer: named('RoleMappingQuestionPage', listOf(NameQuestionBody)),
      handle: (call, { query }) =>
        answerPage(
          call,
          'role-mapping-questions',
          query,
          async ({ limit, after }) => {
            const { items, next } = await waitingQuestions(deps, readerOf(call), {
              after: after?.[0],
              limit,
            });
            return { items, next: next === undefined ? undefined : [next] };
          },
          shownQuestion,
        ),
    }),
    operation({
      id: 'getRoleMappingQuestion',
      method: 'GET',
      path: `${QUESTIONS}/{id}`,
      summary: 'One question, by the new group’s id; be it answered with no',
      permission: 'role-mappings.read',
      answer: ANSWER,
      handle: async (call, { path }) =>
        answerOf(await nameQuestion(deps, readerOf(call), String(path['id']))),
    }),
    operation({
      id: 'answerRoleMappingQuestion',
      method: 'POST',
      path: `${QUESTIONS}/{id}/answer`,
      summary:
        'Gives a new group what mappings and grants by its name give, or remembers that it gets nothing',
      description:
        'Yes needs the `version` of the question as it was seen, and `confirm` where many lose something. Who loses a role or an application by it is signed out there. No can be followed by yes.',
      permission: 'role-mappings.manage',
      body: named('RoleMappingAnswer', NameAnswerBody),
      answer: ANSWER,
      async handle(call, { path, body }) {
        const { give, version, confirm } = body;
        if (give && version === undefined)
          throw new Problem('invalid_body', 'Yes is said to what was seen.', {
            errors: [{ pointer: '/version', message: 'must be the question’s, where give is true' }],
          });
        const answered = await answerNameQuestion(deps, {
          ...readerOf(call),
          authority: call.roles,
          actor: call.caller.actor,
          origin: call.origin,
          groupId: String(path['id']),
          give,
          version,
          confirm,
        });
        return answerOf(answered);
      },
    }),
  ];
}

const readerOf = ({ tenant, caller }: ApiCall): { readonly slug: string; readonly self: UserId | null } => ({
  slug: tenant.slug,
  self: caller.home.id === tenant.id ? caller.userId : null,
});

/** A question as it is told. */
export function shownQuestion(question: JudgedQuestion) {
  const { groupId, groupCreatedAt, sentence, name, connection, meant, declined, mappings, grants } = question;
  const { owners: _, self: __, ...effect } = question.effect;
  return {
    id: groupId,
    sentence,
    name,
    connection,
    createdAt: groupCreatedAt,
    meant,
    declined,
    mappings,
    grants,
    ...effect,
  };
}

const answerOf = (question: JudgedQuestion): ApiAnswer => ({
  body: shownQuestion(question),
  version: [question.groupId, question.effect.version, question.declined],
});
