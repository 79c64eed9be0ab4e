import { plainText } from '../core/text.js';
import { Database } from '../storage/database.js';
import { tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { nameQuestionsHere } from './local-name-questions.js';
import { seenOf } from './mappings.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { nameQuestionsThere, type NameQuestions, type Question } from './remote/name-questions.js';
import { printJson } from './terminal.js';

interface QuestionOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

interface AnswerOptions extends QuestionOptions {
  readonly give?: boolean;
  readonly decline?: boolean;
  /** Version of the question that was seen. */
  readonly preview?: string;
  readonly confirm?: string;
  readonly yes?: boolean;
}

/** `causeway mappings questions`: new groups of a mapped or granted name that wait for an answer. */
export function listQuestions(
  context: CommandContext,
  options: QuestionOptions & { readonly limit: string },
): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  const { terminal } = context;
  return onQuestions(context, options, async (questions) => {
    const { items, isMore } = await questions.waiting(limit);
    if (options.json === true) printJson(terminal, { questions: items, isMore });
    else if (items.length === 0) terminal.out('No question waits.');
    else for (const question of items) for (const line of linesOf(question)) terminal.out(line);
    if (isMore && options.json !== true) terminal.err('There are more: --limit shows them.');
    return EXIT.done;
  });
}

/** `causeway mappings answer`: whether the new group gets what mappings and grants by its name give. */
export function answerQuestion(
  context: CommandContext,
  id: string,
  options: AnswerOptions,
): Promise<ExitCode> {
  const { give = false, decline = false } = options;
  if (give === decline) throw new CliError(EXIT.usage, ['say one of --give and --decline']);
  return onQuestions(context, options, async (questions) => {
    const answered = decline
      ? await questions.decline(id)
      : await questions.give(id, await seenOf(context, options, await questions.find(id)));
    if (options.json === true) printJson(context.terminal, answered);
    else context.terminal.out(answerWords(answered, give));
    return EXIT.done;
  });
}

function onQuestions(
  context: CommandContext,
  options: QuestionOptions,
  work: (questions: NameQuestions) => Promise<ExitCode>,
): Promise<ExitCode> {
  return eitherWay(context, options, {
    remote: async (api) => work(nameQuestionsThere(api, await remoteTenant(api, options.tenant))),
    async local() {
      await requireDeployment(context);
      return context.withStorage(async (storage) => {
        const tenant = await tenantOf(new Database(storage.dataSource), options.tenant);
        return work(nameQuestionsHere(context, storage, tenant));
      }, false);
    },
  });
}

function linesOf({ id, sentence, connection, createdAt, meant, ...effect }: Question): readonly string[] {
  const before = meant.name === null ? 'a group that is gone' : plainText(meant.name, 200);
  const { gains, loses, loseAccess, blocked, version } = effect;
  return [
    `${id}  ${plainText(sentence, 1_000)}`,
    `  there since ${createdAt} by ${plainText(connection, 100)}; the name means ${before} (${meant.id}) still`,
    `  By a yes ${gains} people gain something, ${loses} lose something (${loseAccess} of them access).`,
    ...(blocked === null ? [] : ['  Nobody would be an owner any more: yes is refused.']),
    `  Preview: ${plainText(version, 100)}`,
  ];
}

const answerWords = ({ id, name, gains, loses }: Question, give: boolean): string =>
  give
    ? `The name ${plainText(name, 200)} means ${id} now: ${gains} people gained something, ${loses} lost something.`
    : `The new group ${plainText(name, 200)} (${id}) gets nothing by its name.`;
