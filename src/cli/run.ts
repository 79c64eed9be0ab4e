import { Command } from 'commander';
import { version } from '../server/version.js';
import { serveCommand } from './serve.js';
import { CommandContext, type Variables } from './command-context.js';
import { EXIT, explain, type ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

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
  addTokenAndAudit(program, context, finish);
  addScim(program, context, finish);
  return program;
}

function addServerCommands(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('start')
    .description('serve, until SIGTERM; configured by environment variables')
    .action(async () => {
      // Each command's parts are loaded when it is called: none waits for the server's.
      await serveCommand(context.config);
      finish(undefined);
    });
  program
    .command('migrate')
    .description("make the database's schema current")
    .option('--json', 'print JSON')
    .action(async (options) => {
      const { migrate } = await import('./migrate.js');
      finish(await migrate(context, options));
    });
  remote(
    program
      .command('doctor')
      .description(
        'check configuration, database, keys, clocks and upstreams; exit code 1 when something is wrong',
      )
      .option('--tenant <slug>', 'ask only the upstreams of this tenant')
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
      .option('--allow-delete', 'delete what the file leaves out, though it ends access')
      .option('--check', 'ask the upstreams of the connections afterwards')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { apply } = await import('./apply.js');
    finish(await apply(context, options));
  });
}

function addTokenAndAudit(program: Command, context: CommandContext, finish: Finish): void {
  const token = program.command('token').description('tokens for the management API');
  remote(
    token
      .command('create')
      .description('make a token; it is printed once')
      .option('--system', "of the deployment's own tenant: for all tenants")
      .option('--tenant <slug>', 'of one tenant')
      .requiredOption('--role <role>', 'console:owner, console:admin, …')
      .option('--name <name>', 'what it is for', 'cli')
      .option('--expires-days <days>', 'until when it works (default: until it is deleted)')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { createToken } = await import('./token.js');
    finish(await createToken(context, options));
  });
  const audit = program.command('audit').description('audit events');
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
  remote(
    scim
      .command('tokens')
      .description('SCIM tokens: whose they are, until when they work, when they were last used')
      .option(...tenant)
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listTokens } = await import('./scim.js');
    finish(await listTokens(context, options));
  });
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

/** Options of commands that will also work through the management API. */
function remote(command: Command): Command {
  return command
    .option('--url <address>', 'work through the management API of a deployment (CAUSEWAY_URL)')
    .option('--token <token>', 'token for it (CAUSEWAY_TOKEN)');
}
