import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;

/** `causeway scim tokens`: what upstreams push by (C12). @param remote adds the options of all commands */
export function addScimTokens(scim: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const tokens = scim
    .command('tokens')
    .description('SCIM tokens: whose they are, until when they work, when they were last used')
    .addHelpText('after', ALONE_HELP);
  remote(
    tokens
      .command('list', { isDefault: true })
      .description('the tokens by name, a line each, never their values')
      .option(...TENANT)
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listTokens } = await import('./scim-tokens.js');
    finish(await listTokens(context, options));
  });
  remote(
    tokens
      .command('create')
      .description('make a token; it is printed once')
      .option(...TENANT)
      .option('--name <name>', 'what it is for, and what it is known by', 'okta')
      .option('--connection <key>', "whose people it pushes (default: the tenant's only connection)")
      .option('--expires-days <days>', 'until when it works (default: until it is revoked)')
      .option('--expires-in <seconds>', 'the same in seconds')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', CREATE_HELP)
    .action(async (options) => {
      const { createToken } = await import('./scim-tokens.js');
      finish(await createToken(context, options));
    });
  remote(
    tokens
      .command('revoke')
      .description('take a token back: nothing is pushed by it any more; who was pushed stays')
      .argument('<name>', 'its name, as list prints it')
      .option(...TENANT),
  ).action(async (name, options) => {
    const { revokeToken } = await import('./scim-tokens.js');
    finish(await revokeToken(context, name, options));
  });
}

const ALONE_HELP = `
Alone it lists them: causeway scim tokens [--tenant <slug>] [--json]
`;
const CREATE_HELP = `
To replace a token: make one of another name, give it to Okta, and revoke the old one. A file for 'causeway apply' that
has the list of scimTokens names the new one from then on, or takes it away.

Examples:
  causeway scim tokens create --tenant acme --connection okta
  causeway scim tokens create --tenant acme --name okta-2027 --expires-days 365
`;
