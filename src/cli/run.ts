import { Command } from 'commander';
import { version } from '../server/version.js';
import { serveCommand } from './serve.js';
import { CommandContext, type Variables } from './command-context.js';
import { addConnections } from './connection-commands.js';
import { addAdmin } from './admin-commands.js';
import { addApi } from './api-commands.js';
import { addAudit, addJobs } from './audit-commands.js';
import { addDeliveries } from './delivery-commands.js';
import { EXIT, explain, type ExitCode } from './exit-codes.js';
import { addKeys, addSecrets } from './key-commands.js';
import { addMappings } from './mapping-commands.js';
import { addRoles } from './role-commands.js';
import { addScimTokens } from './scim-token-commands.js';
import { addSetupLinks } from './setup-link-commands.js';
import type { Terminal } from './terminal.js';
import { addClaimsAndConsents, addExport } from './view-commands.js';
import { hereOnly, remote } from './where-options.js';

/** What the `causeway` command works with. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly variables: Variables;
}

/**
 * Runs one `causeway` command. Faults are told on standard error, a line each.
 * @param words what stands behind `causeway`
 * @returns the exit code; undefined while a server that was started serves on
 */
export async function run(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode | undefined> {
  let exitCode: ExitCode | undefined = EXIT.done;
  const program = createProgram(surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    const told = explain(error);
    for (const line of told.lines) surroundings.terminal.err(line);
    return told.exitCode;
  }
}

type Finish = (exitCode: ExitCode | undefined) => void;

function createProgram(surroundings: Surroundings, finish: Finish): Command {
  const { terminal } = surroundings;
  const context = new CommandContext(terminal, surroundings.variables);
  const program = new Command('causeway')
    .description('Causeway: an OIDC federation broker with SCIM.')
    .version(version)
    .showHelpAfterError('(causeway COMMAND --help tells more)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  addServerCommands(program, context, finish);
  addApply(program, context, finish);
  addToken(program, context, finish);
  addAdmin(program, context, finish, remote);
  addAudit(program, context, finish, remote);
  addJobs(program, context, finish, remote);
  addScim(program, context, finish);
  addSessions(program, context, finish);
  addConnections(program, context, finish, remote);
  addRoles(program, context, finish, remote);
  addMappings(program, context, finish, remote);
  addSetupLinks(program, context, finish, remote);
  addDeliveries(program, context, finish, remote);
  addKeys(program, context, finish, remote);
  addSecrets(program, context, finish, remote);
  addExport(program, context, finish, remote);
  addClaimsAndConsents(program, context, finish, remote);
  addApi(program, context, finish, remote);
  return program;
}

function addServerCommands(program: Command, context: CommandContext, finish: Finish): void {
  hereOnly(
    program.command('start').description('serve, until SIGTERM; configured by environment variables'),
  ).action(async (options) => {
    // The variables may be there for other commands: only an option can mean this one.
    context.refuseRemoteOptions(options);
    // Each command's parts are loaded when it is called: none waits for the server's.
    await serveCommand(context.config);
    finish(undefined);
  });
  hereOnly(
    program
      .command('migrate')
      .description("make the database's schema current")
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { migrate } = await import('./migrate.js');
    context.refuseRemote(options);
    finish(await migrate(context, options));
  });
  remote(
    program
      .command('doctor')
      .description(
        'check configuration, database, keys, clocks and upstreams; exit code 1 when something is wrong',
      )
      .option('--tenant <slug>', 'ask only the upstreams of this tenant; by the API, only for its health')
      .option('--no-upstreams', 'ask no upstream')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { doctor } = await import('./doctor.js');
    finish(await doctor(context, options));
  });
}

function addApply(program: Command, context: CommandContext, finish: Finish): void {
  remote(
    program
      .command('apply')
      .description('make the deployment look like a file (YAML or JSON)')
      .requiredOption('-f, --file <path>', "the file, or '-' for standard input")
      .option('--dry-run', 'only tell what would change')
      .option(
        '--allow-delete',
        'delete what the file leaves out, suspend what it says, though it ends access',
      )
      .option('--check', 'ask the upstreams of the connections afterwards')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { apply } = await import('./apply.js');
    finish(await apply(context, options));
  });
}

function addToken(program: Command, context: CommandContext, finish: Finish): void {
  const token = program
    .command('token')
    .description('tokens for the management API, and for registering applications');
  remote(
    token
      .command('create')
      .description('make a token; it is printed once')
      .option('--system', "of the deployment's own tenant: for all tenants")
      .option('--tenant <slug>', 'of one tenant')
      .option('--role <role>', 'for the management API: console:owner, console:admin, …')
      .option('--initial-access', 'for registering applications (RFC 7591) instead')
      .option('--type <types>', 'which: web,spa,native,service (default: service)')
      .option('--grant <grants>', 'with which grants: client_credentials,… (default: those of the types)')
      .option('--api <identifier...>', 'APIs that they may ask for, besides the default one')
      .option('--scope <scope...>', 'scopes that they may have at most (default: what access policies give)')
      .option('--name <name>', 'what it is for', 'cli')
      .option('--expires-days <days>', 'until when it works (default: until it is deleted)')
      .option('--expires-in <seconds>', 'the same in seconds')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', TOKEN_EXAMPLES)
    .action(async (options) => {
      if (options.initialAccess === true) {
        const { createInitialAccessToken } = await import('./initial-access.js');
        finish(await createInitialAccessToken(context, options));
        return;
      }
      const { createToken } = await import('./token.js');
      finish(await createToken(context, options));
    });
  const tenant = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
  const system = ['--system', "of the deployment's own tenant"] as const;
  remote(
    token
      .command('list')
      .description('tokens, never their values: what they may, until when, when they were last used')
      .option(...system)
      .option(...tenant)
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listTokens } = await import('./tokens.js');
    finish(await listTokens(context, options));
  });
  remote(
    token
      .command('revoke')
      .description('revoke a token; what was registered by it goes on')
      .argument('<id>', 'its id, as list prints it')
      .option(...system)
      .option(...tenant),
  ).action(async (id, options) => {
    const { revokeToken } = await import('./tokens.js');
    finish(await revokeToken(context, id, options));
  });
}

const TOKEN_EXAMPLES = `
Examples:
  causeway token create --system --role console:owner            for the management API, all tenants
  causeway token create --tenant acme --initial-access --api https://api.acme.example --expires-in 86400
                                                                 for a day, services may register themselves
`;

function addScim(program: Command, context: CommandContext, finish: Finish): void {
  const scim = program.command('scim').description('what Okta and others push: requests and tokens');
  const tenant = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
  remote(
    scim
      .command('tail')
      .description('the latest SCIM requests and what came of them, a line each')
      .option(...tenant)
      .option('--connection <key>', 'only by tokens of this connection')
      .option('--follow', 'go on with what comes, until interrupted')
      .option('--limit <n>', 'how many of the latest, at most 10000', '50')
      .option('--json', 'print JSON, a line each'),
  )
    .addHelpText('after', TAIL_EXAMPLES)
    .action(async (options) => {
      const { tailScim } = await import('./scim.js');
      finish(await tailScim(context, options));
    });
  remote(
    scim
      .command('show')
      .description('everything that is kept of one SCIM request: bodies without passwords and tokens')
      .argument('<id>', 'its id, as tail prints it')
      .option(...tenant)
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (id, options) => {
      const { showScim } = await import('./scim.js');
      finish(await showScim(context, id, options));
    });
  addScimTokens(scim, context, finish, remote);
}

const TAIL_EXAMPLES = `
Examples:
  causeway scim tail --tenant acme --follow              watch while Okta's provisioning is set up
  causeway scim tail --tenant acme --limit 1000 --json   a line of JSON each, for jq and others
`;
const SHOW_EXAMPLES = `
Example:
  causeway scim show 019ab3c4-5d6e-7f80-9123-456789abcdef --tenant acme
`;

function addSessions(program: Command, context: CommandContext, finish: Finish): void {
  const sessions = program
    .command('sessions')
    .description("people's sessions: who is signed in, and their end");
  const tenant = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
  remote(
    sessions
      .command('list')
      .description('live sessions, newest first, a line each')
      .option(...tenant)
      .option('--user <user>', "only this person's: an id or a userName")
      .option('--application <clientId>', 'only those that this application takes part in')
      .option('--connection <key>', 'only of people who came by this connection')
      .option('--ended', 'those that are over instead: ended, by what, or expired')
      .option('--limit <n>', 'at most so many, up to 10000', '50')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', LIST_EXAMPLES)
    .action(async (options) => {
      const { listSessions } = await import('./sessions.js');
      finish(await listSessions(context, options));
    });
  remote(
    sessions
      .command('end')
      .description('end access now; applications are told by back-channel logout')
      .option(...tenant)
      .option('--session <id>', 'one session, as list prints it')
      .option('--user <user>', 'all that a person has: an id or a userName')
      .option('--application <clientId>', "everybody's in one application; their sessions go on")
      .option('--connection <key>', 'of everybody who came by one connection')
      .option('--all', 'of everybody in the tenant')
      .option('--yes', "don't ask before --connection and --all")
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', END_EXAMPLES)
    .action(async (options) => {
      const { endSessions } = await import('./sessions.js');
      finish(await endSessions(context, options));
    });
}

const LIST_EXAMPLES = `
Examples:
  causeway sessions list --tenant acme --user ada@acme.example   where Ada is signed in
  causeway sessions list --tenant acme --ended --limit 20        what ended lately, and why
`;
const END_EXAMPLES = `
Examples:
  causeway sessions end --tenant acme --user ada@acme.example    a laptop is lost: everything of Ada's
  causeway sessions end --tenant acme --session 3fX0aQ...        one session
  causeway sessions end --tenant acme --application grafana      its tokens die, whoever holds them
  causeway sessions end --tenant acme --all --yes                everybody signs in anew

The end of a session leaves alone what an application may go on with without it (offline_access);
the end of a person's access does not.
`;
