import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "whose account it is (default: the deployment's own)"] as const;
const USERNAME = ['--username <name>', "the account's name"] as const;

/** `causeway admin`: accounts of Causeway itself (D5, F5). @param remote adds the options of all commands */
export function addAdmin(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const admin = program
    .command('admin')
    .description("accounts of Causeway itself: who signs in to the console without an organization's Okta");
  remote(
    admin
      .command('create')
      .description(
        'make an account; prints a link by which its person sets up how they sign in (30 min, once)',
      )
      .requiredOption(...USERNAME)
      .option('--role <role>', 'its console role', 'console:owner')
      .option(...TENANT)
      .option('--break-glass', 'for the day when single sign-on fails: every use is loud')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', CREATE_HELP)
    .action(async (options) => {
      const { createAdmin } = await import('./admin.js');
      finish(await createAdmin(context, options));
    });
  remote(
    admin
      .command('list')
      .description('the accounts, a line each: what they are for, how they sign in, when they last did')
      .option(...TENANT)
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listAdmins } = await import('./admin.js');
    finish(await listAdmins(context, options));
  });
  remote(
    admin
      .command('reset')
      .description('take away all that an account signs in by, end its sessions, and print a new link')
      .requiredOption(...USERNAME)
      .option(...TENANT)
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', RESET_HELP)
    .action(async (options) => {
      const { resetAdmin } = await import('./admin.js');
      finish(await resetAdmin(context, options));
    });
  for (const change of ['disable', 'enable', 'delete'] as const)
    remote(
      admin
        .command(change)
        .description(CHANGES[change])
        .requiredOption(...USERNAME)
        .option(...TENANT),
    ).action(async (options) => {
      const { changeAdmin } = await import('./admin.js');
      finish(await changeAdmin(context, change, options));
    });
}

const CHANGES = {
  disable: 'switch an account off; its sessions end now. The last owner stays',
  enable: 'switch an account on again',
  delete: 'delete an account for good. The last owner stays',
} as const;

const CREATE_HELP = `
Works before the first start, too, and beside a running server. Whoever opens the link chooses a passkey, or a password
and an authenticator app; give it to nobody else.

Examples:
  causeway admin create --username ada                                   another owner of the deployment
  causeway admin create --username fire-box --break-glass                for the safe
  causeway admin create --username eve --role console:read-only          an auditor
  causeway admin create --tenant acme --username ada --role console:admin
`;
const RESET_HELP = `
There is no other reset: no mail, no question. Each reset is an audit event.

Example:
  causeway admin reset --username ada
`;
