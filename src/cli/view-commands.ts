import type { Command } from 'commander';
import { logLibraryWarnings } from '../server/library-warnings.js';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;

/** `causeway export`: configuration as a file (F8, E7). @param remote adds the options of all commands */
export function addExport(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  remote(
    program
      .command('export')
      .description('print the configuration as a file that apply takes; secrets are never in it')
      .option('--tenant <slug>', 'only this tenant (default: all)')
      .option('--secrets <how>', "'env': name an environment variable where a new deployment needs a secret")
      .option('--json', 'print JSON instead of YAML'),
  )
    .addHelpText('after', EXPORT_EXAMPLES)
    .action(async (options) => {
      const { exportConfiguration } = await import('./export.js');
      finish(await exportConfiguration(context, options));
    });
}

const EXPORT_EXAMPLES = `
Examples:
  causeway export --tenant acme > acme.yaml          applied here, it changes nothing: what it leaves out stays
  causeway export --secrets env > all.yaml           for another deployment: set the variables, apply
`;

/** `causeway claims`, `causeway consents`: what applications are told, and may be (B12, B14). */
export function addClaimsAndConsents(
  program: Command,
  context: CommandContext,
  finish: Finish,
  remote: Remote,
): void {
  remote(
    program
      .command('claims')
      .description('what applications are told of people')
      .command('preview')
      .description("what an application's tokens would say of a person now, and whether they may use it")
      .option(...TENANT)
      .requiredOption('--application <clientId>', 'whose tokens')
      .option('--above', "the application is the MSP's above, though the tenant has one of that name")
      .requiredOption('--user <user>', 'an id or a userName')
      .option('--connection <key>', 'of which connection the userName is')
      .option('--scope <scopes>', 'what the application would ask for', 'openid profile email')
      .option('--resource <api>', 'the API that the access token would be for')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    logLibraryWarnings((text) => context.log.debug('library.warning', { text }));
    const { previewClaimsOf } = await import('./claims.js');
    finish(await previewClaimsOf(context, options));
  });
  const consents = program
    .command('consents')
    .description('what people have allowed third-party applications');
  const named = (command: Command): Command =>
    command
      .option(...TENANT)
      .option('--user <user>', "only this person's: an id or a userName")
      .option('--application <clientId>', 'only what this application may');
  remote(
    named(consents.command('list').description('newest first, a line each')).option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listConsents } = await import('./consents.js');
    finish(await listConsents(context, options));
  });
  remote(
    named(consents.command('revoke').description('withdraw them; what was given under them ends now'))
      .option('--yes', "don't ask before an application loses everybody's")
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { revokeConsents } = await import('./consents.js');
    finish(await revokeConsents(context, options));
  });
}
