import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
const CONNECTION = ['--connection <key>', "the connection (default: the tenant's only one)"] as const;

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
      .command('list')
      .description('the connections, a line each: state, whether tested, what is going on')
      .option(...TENANT)
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listConnections } = await import('./connections.js');
    finish(await listConnections(context, options));
  });
  addTest(connection, context, finish, remote);
  addStatus(connection, context, finish, remote);
  addCandidate(connection, context, finish, remote);
  addOutage(connection, context, finish, remote);
  addSecrets(connection, context, finish, remote);
}

/** Of one connection. */
const one = (command: Command): Command =>
  command
    .option(...TENANT)
    .option(...CONNECTION)
    .option('--json', 'print JSON');

/** Of what may affect people. */
const confirmed = (command: Command): Command =>
  one(command)
    .option('--confirm <text>', 'what it does to people was seen: the text that came with it')
    .option('--yes', "don't ask, whatever it does to people");

function addTest(connection: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  remote(
    one(
      connection
        .command('test')
        .description('ask the upstream all that needs no person; exit code 1 when nobody could sign in'),
    ).option(
      '--sign-in',
      'then wait for a person who signs in at the address that is printed (by the API alone)',
    ),
  )
    .addHelpText('after', TEST_HELP)
    .action(async (options) => {
      const { testConnection } = await import('./connection-test.js');
      finish(await testConnection(context, options));
    });
}

const TEST_HELP = `
Only somebody who signs in can prove claims, groups and policies: with --url, --sign-in waits for that, and tells all.

Examples:
  causeway connection test --tenant acme --connection okta
  causeway connection test --tenant acme --json | jq '.checks[] | select(.cause) | .cause'
  causeway connection test --tenant acme --connection okta --sign-in --url https://sso.example.com
`;

function addStatus(connection: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  for (const change of ['enable', 'enforce', 'disable'] as const)
    remote(
      confirmed(connection.command(change).description(STATUSES[change]))
        .option('--dry-run', 'only tell what it would do to people')
        .option(
          '--reason <text>',
          'why: kept in the audit log, and needed to turn it on while a check of it is red',
        ),
    )
      .addHelpText('after', STATUS_HELP)
      .action(async (options) => {
        const { changeStatus } = await import('./connections.js');
        finish(await changeStatus(context, change, options));
      });
}

const STATUSES = {
  enable: 'let people sign in through it; it must have passed its test as it is',
  enforce: 'make it the way to sign in; it must have passed its test as it is',
  disable: 'let nobody in through it any more; sessions that began there end now',
} as const;

const STATUS_HELP = `
What affects people is told first, and done once it is confirmed: by whoever sits in front, by the text that a run
without --confirm tells, or by --yes. The text is good as long as about as many people are affected.

Examples:
  causeway connection enforce --tenant acme --connection okta --dry-run
  causeway connection disable --tenant acme --connection okta --confirm Zm9v…
`;

function addCandidate(connection: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const candidate = connection
    .command('candidate')
    .description('a change of issuer or client that waits until it has passed its test');
  remote(
    one(candidate.command('show').description('what would be served, and whether it was tested')),
  ).action(async (options) => {
    const { showCandidate } = await import('./connections.js');
    finish(await showCandidate(context, options));
  });
  remote(
    confirmed(candidate.command('serve').description('put it in the place of what is served')).option(
      '--rejoin',
      'people go along to the new issuer: only where its test proved that it is the same Okta org',
    ),
  ).action(async (options) => {
    const { serveCandidateOf } = await import('./connections.js');
    finish(await serveCandidateOf(context, options));
  });
  remote(one(candidate.command('drop').description('give it up; what is served stays'))).action(
    async (options) => {
      const { dropCandidateOf } = await import('./connections.js');
      finish(await dropCandidateOf(context, options));
    },
  );
}

function addOutage(connection: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const outage = connection
    .command('outage')
    .description('say that the upstream is out of order: refreshes go on though it cannot be asked');
  remote(
    one(outage.command('begin').description('declare one; it ends by itself'))
      .requiredOption('--reason <text>', 'what has happened: it is kept in the audit log')
      .option('--for <seconds>', 'how long, at most a day', '3600'),
  ).action(async (options) => {
    const { changeOutage } = await import('./connections.js');
    finish(await changeOutage(context, options, options));
  });
  remote(one(outage.command('end').description('the upstream is well again'))).action(async (options) => {
    const { changeOutage } = await import('./connections.js');
    finish(await changeOutage(context, null, options));
  });
}

function addSecrets(connection: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const secret = connection
    .command('secret')
    .description(
      "the client secret that the upstream gave: a new one beside the old one, then the old one's end",
    );
  remote(
    one(
      secret.command('add').description('put a new secret first; the one of before is tried after it'),
    ).option(
      '--secret-env <name>',
      'the environment variable that holds it (default: it is read from standard input)',
    ),
  )
    .addHelpText('after', SECRET_HELP)
    .action(async (options) => {
      const { addSecret } = await import('./connections.js');
      finish(await addSecret(context, options));
    });
  remote(
    confirmed(
      secret
        .command('retire')
        .description('take the second secret away; one that was used lately is confirmed'),
    ),
  ).action(async (options) => {
    const { retireSecret } = await import('./connections.js');
    finish(await retireSecret(context, options));
  });
}

const SECRET_HELP = `
It doesn't matter which side changes first: until the second one is retired, both are tried.

Examples:
  causeway connection secret add --tenant acme --connection okta --secret-env ACME_OKTA_SECRET
  causeway connection secret add --tenant acme --connection okta < new-secret
`;
