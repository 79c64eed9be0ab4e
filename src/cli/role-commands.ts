import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

const TENANT = ['--tenant <slug>', "the tenant (default: the deployment's only one)"] as const;
const CONNECTION = ['--connection <key>', 'of which connection the userName is'] as const;

/** `causeway roles`: roles given to people directly (D3). @param remote adds the options of all commands */
export function addRoles(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  const roles = program
    .command('roles')
    .description('roles given to people directly, beside those of groups; why somebody has one');
  remote(
    roles
      .command('list')
      .description('direct assignments by userName, a line each: whose, where, given by whom')
      .option(...TENANT)
      .option('--user <user>', "only this person's: an id or a userName")
      .option(...CONNECTION)
      .option('--role <key>', 'only of this role')
      .option('--application <clientId>', 'only in this application')
      .option('--limit <n>', 'at most so many, up to 10000', '500')
      .option('--json', 'print JSON'),
  ).action(async (options) => {
    const { listRoles } = await import('./roles.js');
    finish(await listRoles(context, options));
  });
  remote(
    roles
      .command('explain')
      .description('why a person has the roles that they have, and why not others')
      .option(...TENANT)
      .requiredOption('--user <user>', 'an id or a userName')
      .option(...CONNECTION)
      .option('--application <clientId>', 'in this application (default: whatever the application)')
      .option('--customer <slug>', "in this customer's console, of one of the MSP's people")
      .option('--role <key>', 'only of this role')
      .option('--at <time>', 'as it was then: 2026-11-22T10:00:00Z (default: now)')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (options) => {
      const { explainRolesOf } = await import('./explain.js');
      finish(await explainRolesOf(context, options));
    });
  for (const change of ['assign', 'unassign'] as const)
    remote(
      roles
        .command(change)
        .description(
          change === 'assign'
            ? 'give a person a role; no push and no apply takes it away while there is such a role'
            : 'take a role that an operator gave; who may not stay without it loses access now',
        )
        .option(...TENANT)
        .requiredOption('--user <user>', 'an id or a userName')
        .option(...CONNECTION)
        .requiredOption('--role <key>', 'the role, console: roles included')
        .option('--application <clientId>', 'only in this application (default: in every one)')
        .option('--json', 'print JSON'),
    )
      .addHelpText('after', change === 'assign' ? ASSIGN_HELP : UNASSIGN_HELP)
      .action(async (options) => {
        const { changeRole } = await import('./roles.js');
        finish(await changeRole(context, change, options));
      });
}

const EXPLAIN_HELP = `
Each numbered line is a cause of its own: as long as one is left, the person has the role.

Examples:
  causeway roles explain --tenant acme --user ada@acme.example --application grafana
  causeway roles explain --tenant acme --user ada@acme.example --role admin --at 2026-11-22T10:00:00Z
  causeway roles explain --tenant northwind --user nora@northwind.example --customer acme
`;
const ASSIGN_HELP = `
Applications learn of it when the person's tokens are next renewed.

Examples:
  causeway roles assign --tenant acme --user ada@acme.example --role admin
  causeway roles assign --tenant acme --user ada@acme.example --role editor --application grafana
  causeway roles assign --tenant acme --user ada@acme.example --role console:owner
`;
const UNASSIGN_HELP = `
What a group mapping or SCIM gives stays: change it where it comes from. 'causeway claims preview' shows what is left.
Where nobody may be without a role, whoever loses the last one is signed out in the same moment.

Example:
  causeway roles unassign --tenant acme --user ada@acme.example --role admin
`;
