import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

/** `causeway connection`: links to upstreams. @param remote adds the options of all commands */
export function addConnections(
  program: Command,
  context: CommandContext,
  finish: Finish,
  remote: Remote,
): void {
  const connection = program.command('connection').description('links to Okta and other OpenID Providers');
  remote(
    connection
      .command('test')
      .description('ask the upstream all that needs no person; exit code 1 when nobody could sign in')
      .option('--tenant <slug>', "the tenant (default: the deployment's only one)")
      .option('--connection <key>', "the connection (default: the tenant's only one)")
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', TEST_HELP)
    .action(async (options) => {
      const { testConnection } = await import('./connection-test.js');
      finish(await testConnection(context, options));
    });
}

const TEST_HELP = `
Only somebody who signs in can prove claims, groups and policies: start such a test by the API or the console.

Examples:
  causeway connection test --tenant acme --connection okta
  causeway connection test --tenant acme --json | jq '.checks[] | select(.cause) | .cause'
`;
