import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;

/** `causeway deliveries`: what applications are told (B11, F-23). @param remote adds the options of all commands */
export function addDeliveries(
  program: Command,
  context: CommandContext,
  finish: Finish,
  remote: Remote,
): void {
  const deliveries = program
    .command('deliveries')
    .description(
      'what applications are told of ended sessions and of devices, and what could not be delivered',
    );
  remote(
    deliveries
      .command('list')
      .description('newest first, a line each: of whom, to whom, how it stands, why it failed')
      .option(...TENANT)
      .option('--state <state>', 'only waiting, delivered, dead, no_endpoint or obsolete ones')
      .option('--application <clientId>', 'only to this application')
      .option('--limit <n>', 'at most so many, up to 10000', '50')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', LIST_HELP)
    .action(async (options) => {
      const { listDeliveries } = await import('./deliveries.js');
      finish(await listDeliveries(context, options));
    });
  remote(
    deliveries
      .command('retry')
      .description('put dead letters back into the queue, for another day of attempts')
      .option(...TENANT)
      .option('--id <id>', 'one, as list prints it')
      .option('--application <clientId>', 'all that are for this application')
      .option('--all', "all of the tenant's")
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', RETRY_HELP)
    .action(async (options) => {
      const { retryDeliveries } = await import('./deliveries.js');
      finish(await retryDeliveries(context, options));
    });
}

const LIST_HELP = `
A delivery is dead when it still fails after a day, or when its receiver has refused it five times. Dead letters are
kept for 30 days, others that have ended for 7.

Example:
  causeway deliveries list --tenant acme --state dead     what was given up, and why
`;
const RETRY_HELP = `
Each person's deliveries to an application stay in order. A running node sends them within a second or two.

Examples:
  causeway deliveries retry --tenant acme --application grafana      Grafana is well again
  causeway deliveries retry --tenant acme --all
`;
