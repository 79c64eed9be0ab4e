import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { changeAssignment } from '../domain/role/change-assignment.js';
import type { RoleAssignment } from '../domain/role/role-assignment.js';
import type { Role } from '../domain/role/role.js';
import type { NamedPerson } from '../domain/session/session-list.js';
import { configurationDeps } from '../server/configuration.js';
import { Database } from '../storage/database.js';
import { PostgresRoleAssignmentStore } from '../storage/role-assignment-store.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import { applicationOf, personOf } from './chosen-person.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { printJson } from './terminal.js';

interface RolesOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  /** Of which connection the userName is. */
  readonly connection?: string;
  /** clientId. */
  readonly application?: string;
  readonly json?: boolean;
}

export interface ListOptions extends RolesOptions {
  /** An id, or a userName. */
  readonly user?: string;
  readonly role?: string;
  readonly limit: string;
}

export interface ChangeOptions extends RolesOptions {
  readonly user: string;
  readonly role: string;
}

/** `causeway roles list`: roles given to people directly, by operators and by SCIM (D3). */
export async function listRoles(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  context.refuseRemote(options);
  const limit = limitOf(options.limit);
  const { user, connection, role, application } = options;
  if (connection !== undefined && user === undefined)
    throw new CliError(EXIT.usage, ['--connection says whose userName --user is: give both']);
  return inDatabase(context, undefined, async (database) => {
    const tenant = await tenantOf(database, options.tenant);
    const store = new PostgresRoleAssignmentStore(database);
    const found = await store.list(tenant.configuration.tenant.id, {
      userId: user === undefined ? undefined : (await named(database, tenant, user, connection)).id,
      roleId: role === undefined ? undefined : roleOf(tenant, role).id,
      applicationId: application === undefined ? undefined : applicationOf(tenant, application).id,
      limit: limit + 1,
    });
    const assignments = found.slice(0, limit);
    const isMore = found.length > limit;
    if (options.json === true) printJson(context.terminal, { assignments, isMore });
    else printAssignments(context, assignments, isMore);
    return EXIT.done;
  });
}

function printAssignments(
  { terminal }: CommandContext,
  assignments: readonly RoleAssignment[],
  isMore: boolean,
): void {
  if (assignments.length === 0)
    terminal.out('There are no such direct assignments. (Roles that groups give are not among them.)');
  for (const assignment of assignments) terminal.out(assignmentLine(assignment));
  if (isMore) terminal.err('There are more: --limit shows them.');
}

/** Names come from outside: nothing of them moves the terminal. */
function assignmentLine({ userId, userName, connection, role, application, source }: RoleAssignment): string {
  const parts = [
    `${plainText(userName, 100)} (${userId})`,
    `connection ${connection ?? '-'}`,
    `role ${role}`,
    `application ${application ?? 'every'}`,
    `by ${source}`,
  ];
  return parts.join('  ');
}

/** `causeway roles assign`, `causeway roles unassign`: one person's role, as the operator says. */
export async function changeRole(
  context: CommandContext,
  change: 'assign' | 'unassign',
  options: ChangeOptions,
): Promise<ExitCode> {
  context.refuseRemote(options);
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const tenant = await tenantOf(database, options.tenant);
    const { configuration, wrappedDataKey } = tenant;
    const { id } = configuration.tenant;
    const role = roleOf(tenant, options.role);
    const application = options.application === undefined ? null : applicationOf(tenant, options.application);
    const person = await named(database, tenant, options.user, options.connection);
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const tools = {
      ...deps,
      assignments: new PostgresRoleAssignmentStore(database),
      auditTools: { ...deps, vault: deps.keys.openVault(id, wrappedDataKey) },
    };
    const request = { change, userId: person.id, role, application, configuration, actor: context.operator };
    const outcome = await database.withTenant(id, (scope) => changeAssignment(tools, scope, request));
    const told = { ...outcome, change, person, role: role.key, application: application?.clientId ?? null };
    if (options.json === true)
      printJson(context.terminal, {
        changed: told.changed,
        userId: person.id,
        role: told.role,
        application: told.application,
        givenByScim: told.givenByScim,
      });
    else for (const line of linesOf(told)) context.terminal.out(line);
    return EXIT.done;
  }, false);
}

/** What was done, or that there was nothing to do, and what else gives the role. */
function linesOf(told: {
  readonly change: 'assign' | 'unassign';
  readonly changed: boolean;
  readonly givenByScim: boolean;
  readonly person: NamedPerson;
  readonly role: string;
  readonly application: string | null;
}): readonly string[] {
  const { change, changed, givenByScim, role, application } = told;
  const who = plainText(told.person.userName, 100);
  const what = application === null ? role : `${role} in ${application}`;
  const byScim = givenByScim ? [`SCIM gives ${who} ${what}, too: only SCIM can take that away.`] : [];
  if (change === 'assign')
    return [changed ? `${who} has ${what} now.` : `Nothing to do: ${who} has been given ${what} before.`];
  const done = changed
    ? `${who} is given ${what} no more; what groups give stays.`
    : `Nothing to do: no operator has given ${who} ${what}.`;
  return [done, ...byScim];
}

async function named(
  database: Database,
  tenant: ConfiguredTenant,
  user: string,
  connection: string | undefined,
): Promise<NamedPerson> {
  if (connection !== undefined) connectionOf(tenant, connection);
  return personOf(new PostgresSessionListStore(database), tenant, user, connection);
}

/** @throws CliError when the tenant has no such role */
function roleOf({ configuration }: ConfiguredTenant, key: string): Role {
  const role = configuration.roles.find((each) => each.key === key);
  if (role !== undefined) return role;
  throw new CliError(EXIT.usage, [`'${plainText(key, 64)}' is no role of the tenant`]);
}
