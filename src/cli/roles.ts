import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { changeAssignment } from '../domain/role/change-assignment.js';
import type { RoleAssignment } from '../domain/role/role-assignment.js';
import type { Role } from '../domain/role/role.js';
import type { NamedPerson } from '../domain/session/session-list.js';
import { configurationDeps } from '../server/configuration.js';
import { PostgresAccountStore } from '../storage/account-store.js';
import { Database } from '../storage/database.js';
import { PostgresRoleAssignmentStore } from '../storage/role-assignment-store.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import { applicationOf, personOf } from './chosen-person.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { eitherWay } from './remote/api.js';
import { changeRemotely, remoteAssignments } from './remote/roles.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

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
  const limit = limitOf(options.limit);
  if (options.connection !== undefined && options.user === undefined)
    throw new CliError(EXIT.usage, ['--connection says whose userName --user is: give both']);
  const { items, isMore } = await eitherWay<ListedAssignments>(context, options, {
    remote: (api) => remoteAssignments(api, options, limit),
    local: () => inDatabase(context, undefined, (database) => assignmentsHere(database, options, limit)),
  });
  if (options.json === true) printJson(context.terminal, { assignments: items, isMore });
  else printAssignments(context, items, isMore);
  return EXIT.done;
}

interface ListedAssignments {
  readonly items: readonly Told<RoleAssignment>[];
  readonly isMore: boolean;
}

async function assignmentsHere(
  database: Database,
  options: ListOptions,
  limit: number,
): Promise<ListedAssignments> {
  const { user, connection, role, application } = options;
  const tenant = await tenantOf(database, options.tenant);
  const store = new PostgresRoleAssignmentStore(database);
  const found = await store.list(tenant.configuration.tenant.id, {
    userId: user === undefined ? undefined : (await named(database, tenant, user, connection)).id,
    roleId: role === undefined ? undefined : roleOf(tenant, role).id,
    applicationId: application === undefined ? undefined : applicationOf(tenant, application).id,
    limit: limit + 1,
  });
  return { items: told(found.slice(0, limit)), isMore: found.length > limit };
}

function printAssignments(
  { terminal }: CommandContext,
  assignments: readonly Told<RoleAssignment>[],
  isMore: boolean,
): void {
  if (assignments.length === 0)
    terminal.out('There are no such direct assignments. (Roles that groups give are not among them.)');
  for (const assignment of assignments) terminal.out(assignmentLine(assignment));
  if (isMore) terminal.err('There are more: --limit shows them.');
}

/** Names come from outside: nothing of them moves the terminal. */
function assignmentLine(assignment: Told<RoleAssignment>): string {
  const { userId, userName, connection, role, application, source } = assignment;
  const parts = [
    `${plainText(userName, 100)} (${userId})`,
    `connection ${plainText(connection ?? '-', 100)}`,
    `role ${plainText(role, 100)}`,
    `application ${plainText(application ?? 'every', 100)}`,
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
  const done = await eitherWay<Changed>(context, options, {
    remote: (api) => changeRemotely(api, change, options),
    local: () => changeHere(context, change, options),
  });
  const { changed, givenByScim, person, role, application } = done;
  if (options.json === true)
    printJson(context.terminal, { changed, userId: person.id, role, application, givenByScim });
  else for (const line of linesOf(change, done)) context.terminal.out(line);
  return EXIT.done;
}

interface Changed {
  readonly changed: boolean;
  readonly givenByScim: boolean;
  readonly person: Told<Pick<NamedPerson, 'id' | 'userName'>>;
  readonly role: string;
  readonly application: string | null;
}

async function changeHere(
  context: CommandContext,
  change: 'assign' | 'unassign',
  options: ChangeOptions,
): Promise<Changed> {
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
      accounts: new PostgresAccountStore(database),
      auditTools: { ...deps, vault: deps.keys.openVault(id, wrappedDataKey) },
    };
    const request = { change, userId: person.id, role, application, configuration, actor: context.operator };
    const { changed, givenByScim } = await database.withTenant(id, (scope) =>
      changeAssignment(tools, scope, request),
    );
    return { changed, givenByScim, person, role: role.key, application: application?.clientId ?? null };
  }, false);
}

/** What was done, or that there was nothing to do, and what else gives the role. */
function linesOf(
  change: 'assign' | 'unassign',
  { changed, givenByScim, person, role, application }: Changed,
): readonly string[] {
  const who = plainText(person.userName, 100);
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
