import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;

/** `causeway setup-link`: links for customers' Okta admins (F3). @param remote adds the options of all commands */
export function addSetupLinks(
  program: Command,
  context: CommandContext,
  finish: Finish,
  remote: Remote,
): void {
  const links = program
    .command('setup-link')
    .description("links by which a customer's Okta admin sets up one connection");
  remote(
    links
      .command('create')
      .description('make a link; it is printed once, and the first browser that starts has it')
      .option(...TENANT)
      .option('--connection <key>', 'the connection that is made or changed', 'okta')
      .option('--part <parts...>', 'what it is for: sign-in provisioning logout domains (default: all)')
      .option('--may-turn-on', 'people may be let in by it, once the connection has passed its test')
      .option('--note <text>', 'for whom it is, for your own list')
      .option('--contact <who>', 'whom its holder asks for another one')
      .option('--expires-in <seconds>', 'until when it counts, at most 7 days (default: 7 days)')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', CREATE_HELP)
    .action(async (options) => {
      const { createLink } = await import('./setup-links.js');
      finish(await createLink(context, options));
    });
  remote(
    links
      .command('list')
      .description('the links, the latest first: for what, opened when and from where, how far')
      .option(...TENANT)
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listLinks } = await import('./setup-links.js');
    finish(await listLinks(context, options));
  });
  remote(
    links
      .command('revoke')
      .description('take a link back: its holder can do nothing more; what they entered is kept')
      .argument('<id>', 'its id, as list prints it')
      .option(...TENANT),
  ).action(async (id, options) => {
    const { revokeLink } = await import('./setup-links.js');
    finish(await revokeLink(context, id, options));
  });
}

const CREATE_HELP = `
Examples:
  causeway setup-link create --tenant acme --contact dana@northwind.example
  causeway setup-link create --tenant acme --part sign-in --may-turn-on --expires-in 86400
`;
