import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;

/** `causeway audit`: what was done (H3). @param remote adds the options of all commands */
export function addAudit(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const audit = program
    .command('audit')
    .description('audit events: what was done, and that nobody changed it');
  remote(
    audit
      .command('list')
      .description('the events, newest first, a line each; all filters that are given must hold')
      .option(...TENANT)
      .option('--action <action>', 'such as connection.updated, or all of a noun: connection.*')
      .option('--actor <actor>', 'who did it: user:<id>, operator:cli:root, application:<clientId>')
      .option('--target <target>', 'what it was done to: user:<id>, connection:okta')
      .option('--application <clientId>', 'only those about this application')
      .option('--connection <key>', 'only those about this connection')
      .option('--outcome <outcome>', 'success, refused or failure')
      .option('--reason <code>', 'only refusals and failures with this reason')
      .option('--reference <reference>', 'the reference that a person was shown: cw-XXXX-XXXX')
      .option('--request <id>', 'only those of one request, as the log names it')
      .option('--from <time>', 'not before: 2026-11-22T10:00:00Z')
      .option('--until <time>', 'before')
      .option('--oldest', 'oldest first')
      .option('--personal', 'with names and addresses, where they were not erased')
      .option('--limit <n>', 'at most so many, up to 10000', '50')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', LIST_HELP)
    .action(async (options) => {
      const { listAudit } = await import('./audit-list.js');
      finish(await listAudit(context, options));
    });
  remote(
    audit
      .command('verify')
      .description('recompute the chains of audit events; exit code 1 when one is wrong')
      .option('--tenant <slug>', 'only of this tenant')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { verifyAudit } = await import('./audit.js');
    finish(await verifyAudit(context, options));
  });
}

const LIST_HELP = `
Examples:
  causeway audit list --tenant acme --action 'connection.*'            who changed a connection, and when
  causeway audit list --tenant acme --reference cw-7K2M-9QXD           why somebody was turned away
  causeway audit list --tenant acme --from 2026-11-01T00:00:00Z --limit 10000 --json
`;

/** `causeway jobs`: work that outlives the request that asked for it. @param remote adds the options of all commands */
export function addJobs(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const jobs = program.command('jobs').description('work that nodes do on behalf of a request');
  remote(
    jobs
      .command('list')
      .description('the jobs, newest first, a line each: what, for whom, how far')
      .option(...TENANT)
      .option('--limit <n>', 'at most so many, up to 10000', '50')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listJobs } = await import('./jobs.js');
    finish(await listJobs(context, options));
  });
  remote(
    jobs
      .command('show')
      .description('one job: how far it is, and what came of it')
      .argument('<id>', 'its id, as list prints it')
      .option(...TENANT)
      .option('--json', 'print JSON'),
  ).action(async (id, options) => {
    const { showJob } = await import('./jobs.js');
    finish(await showJob(context, id, options));
  });
  remote(
    jobs
      .command('stop')
      .description('ask a job to stop at its next step; what is over stays as it is')
      .argument('<id>', 'its id, as list prints it')
      .option(...TENANT)
      .option('--json', 'print JSON'),
  ).action(async (id, options) => {
    const { stopJobOf } = await import('./jobs.js');
    finish(await stopJobOf(context, id, options));
  });
}
