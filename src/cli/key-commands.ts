import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';
import { hereOnly } from './where-options.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
const ALG = ['--alg <alg>', 'only RS256, ES256 or EdDSA'] as const;

/** `causeway keys`: signing keys and the keys of the deployment (B16, F-17). @param remote adds the options of all commands */
export function addKeys(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const keys = program.command('keys').description('signing keys: what is published, what signs, rotation');
  remote(
    keys
      .command('list')
      .description("a tenant's signing keys, a line each: state, next step, who is served by it")
      .option(...TENANT)
      .option(...ALG)
      .option('--connection <key>', "only the connection's own keys (private_key_jwt)")
      .option('--retired', 'also those that are published no more')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listKeys } = await import('./keys.js');
    finish(await listKeys(context, options));
  });
  remote(
    keys
      .command('rotate')
      .description("begin a rotation of the issuer's keys now, before the ninety days are over")
      .option(...TENANT)
      .option(...ALG)
      .option('--connection <key>', "the connection's own keys instead (private_key_jwt)")
      .option('--all-tenants', "of all tenants' issuers")
      .option(
        '--emergency',
        'after a leak: new keys sign at once, the old ones are gone and what they signed is void',
      )
      .option('--yes', "don't ask before --emergency with --all-tenants")
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', ROTATE_HELP)
    .action(async (options) => {
      const { rotateKeys } = await import('./keys.js');
      finish(await rotateKeys(context, options));
    });
  remote(
    keys
      .command('retire')
      .description('take keys that sign no more out of the key set before their time')
      .argument('[key]', 'its id, as list prints it (default: all that are retiring)')
      .option(...TENANT)
      .option(...ALG)
      .option('--connection <key>', "the connection's own keys instead")
      .option('--emergency', 'required: what they signed is refused from then on')
      .option('--json', 'print JSON'),
  ).action(async (id, options) => {
    const { retireSigningKeys } = await import('./keys.js');
    finish(await retireSigningKeys(context, id, options));
  });
  hereOnly(
    keys
      .command('rewrap')
      .description("seal all tenants' data keys by the first of ENCRYPTION_KEYS, so that the others can go")
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', REWRAP_HELP)
    .action(async (options) => {
      const { rewrapDataKeys } = await import('./rewrap.js');
      finish(await rewrapDataKeys(context, options));
    });
}

/** `causeway secrets`: client secrets of applications (B15). @param remote adds the options of all commands */
export function addSecrets(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const secrets = program
    .command('secrets')
    .description('client secrets of applications: age, end, rotation');
  remote(
    secrets
      .command('list')
      .description(
        'client secrets, a line each: when made, until when they work, when last used; never their values',
      )
      .option(...TENANT)
      .option('--application <clientId>', 'only of this application')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listSecrets } = await import('./secrets.js');
    finish(await listSecrets(context, options));
  });
  remote(
    secrets
      .command('rotate')
      .description('make a new client secret, printed once; the one of before works on for a while')
      .option(...TENANT)
      .requiredOption('--application <clientId>', 'the application')
      .option('--overlap <seconds>', 'how long the one of before works on (default: 604800, a week)')
      .option('--now', 'not at all: every other secret of the application ends at once')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', SECRET_HELP)
    .action(async (options) => {
      const { rotateClientSecret } = await import('./secrets.js');
      finish(await rotateClientSecret(context, options));
    });
}

const SECRET_HELP = `
Two secrets work at a time. A file for 'causeway apply' that still names the secret of before is refused from then on:
name the new one there, or leave clientSecret out.

Examples:
  causeway secrets rotate --tenant acme --application grafana
  causeway secrets rotate --tenant acme --application grafana --now    it has leaked
`;
const ROTATE_HELP = `
The next key is published now and signs in ten minutes, when no application can have missed it; the last one stays
published until all that it signed has expired. Running nodes do that by themselves.

Examples:
  causeway keys rotate --tenant acme                       all algorithms of the issuer
  causeway keys rotate --tenant acme --connection okta     what Causeway signs its requests to Okta with
  causeway keys rotate --tenant acme --alg RS256 --emergency
  causeway keys rotate --all-tenants --emergency           the database and its keys have leaked
`;
const REWRAP_HELP = `
To change the deployment's key: give every node ENCRYPTION_KEYS=old,new and restart them; then new,old; then run this
until it says that none is on old keys; then leave the old one out. It can be run again at any time. Exit code 1 when
some are still on old keys. Backups from before stay sealed by the old key: keep it as long as them.
`;
