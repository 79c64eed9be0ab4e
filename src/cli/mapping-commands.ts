import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
const JSON_OPTION = ['--json', 'print JSON'] as const;

/** What is wanted of mappings. */
const wished = (command: Command): Command =>
  command
    .option(...TENANT)
    .option('--add <mapping...>', 'GROUP=ROLE, or GROUP=ROLE@CLIENT_ID for one application')
    .option('--remove <mapping...>', 'the same, to take away')
    .option('--mode <mode>', 'many-to-many or one-to-one')
    .option('--default-role <role>', "of who has no other role: a role key, or 'none'")
    .option('--when-no-role <what>', 'allow or deny')
    .option(...JSON_OPTION);

/** `causeway mappings`: which groups give which roles (D7). @param remote adds the options of all commands */
export function addMappings(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const mappings = program
    .command('mappings')
    .description('which groups give which roles: looked at before it is changed, and undone within a day');
  remote(
    mappings
      .command('list')
      .description('the mappings, a line each')
      .option(...TENANT)
      .option(...JSON_OPTION),
  ).action(async (options) => {
    const { listMappings } = await import('./mappings.js');
    finish(await listMappings(context, options));
  });
  remote(
    wished(mappings.command('preview').description('who would gain and who would lose what; writes nothing')),
  )
    .addHelpText('after', WISH_HELP)
    .action(async (options) => {
      const { previewOf } = await import('./mappings.js');
      finish(await previewOf(context, options));
    });
  remote(
    wished(mappings.command('apply').description('make a change, or one that another admin has staged'))
      .option('--staged <id>', 'the staged change, as changes prints it')
      .option('--preview <version>', 'only if it does what that preview told')
      .option('--confirm <people>', 'how many people lose something by it, where they are many')
      .option('--yes', "don't ask, however many lose something"),
  )
    .addHelpText('after', WISH_HELP)
    .action(async (options) => {
      const { applyMapping } = await import('./mappings.js');
      finish(await applyMapping(context, options));
    });
  remote(
    wished(mappings.command('stage').description('keep a change for another admin to look at and to apply')),
  )
    .addHelpText('after', WISH_HELP)
    .action(async (options) => {
      const { stageMapping } = await import('./mappings.js');
      finish(await stageMapping(context, options));
    });
  addChanges(mappings, context, finish, remote);
  addQuestions(mappings, context, finish, remote);
}

function addChanges(mappings: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  remote(
    mappings
      .command('changes')
      .description('changes that were staged, applied or undone, the latest first')
      .option(...TENANT)
      .option('--limit <n>', 'at most so many, up to 10000', '50')
      .option(...JSON_OPTION),
  ).action(async (options) => {
    const { listChanges } = await import('./mappings.js');
    finish(await listChanges(context, options));
  });
  for (const how of ['undo', 'discard'] as const)
    remote(
      mappings
        .command(how)
        .description(
          how === 'undo'
            ? 'take a change back, within a day; what else was changed since stays'
            : 'give a staged change up',
        )
        .argument('<id>', 'its id, as changes prints it')
        .option(...TENANT)
        .option(...JSON_OPTION),
    ).action(async (id, options) => {
      const { settleChange } = await import('./mappings.js');
      finish(await settleChange(context, how, id, options));
    });
}

function addQuestions(mappings: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  remote(
    mappings
      .command('questions')
      .description('new groups that bear a mapped or granted name: whether they get what it gives')
      .option(...TENANT)
      .option('--limit <n>', 'at most so many, up to 10000', '50')
      .option(...JSON_OPTION),
  ).action(async (options) => {
    const { listQuestions } = await import('./name-questions.js');
    finish(await listQuestions(context, options));
  });
  remote(
    mappings
      .command('answer')
      .description('say whether a new group gets what mappings and grants by its name give')
      .argument('<id>', "the new group's, as questions prints it")
      .option(...TENANT)
      .option('--give', 'it does, and the group before it no longer')
      .option('--decline', 'it gets nothing, and is not asked about again')
      .option('--preview <version>', 'only if a yes does what the question told')
      .option('--confirm <people>', 'how many people lose something by a yes, where they are many')
      .option('--yes', "don't ask, however many lose something")
      .option(...JSON_OPTION),
  ).action(async (id, options) => {
    const { answerQuestion } = await import('./name-questions.js');
    finish(await answerQuestion(context, id, options));
  });
}

const WISH_HELP = `
GROUP is a group's name, scim:ID for one that SCIM has pushed, or upstream:ID for one that a token names.

Examples:
  causeway mappings preview --tenant acme --add 'Engineering=admin' --remove 'Everyone=viewer@grafana'
  causeway mappings apply --tenant acme --add 'Engineering=admin'
  causeway mappings apply --tenant acme --staged 019ab3c4-5d6e-7f80-9123-456789abcdef
`;
