import type { Clock } from '../../core/clock.js';
import { DomainError } from '../../core/errors.js';
import type { Ids, UserId } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import { mayGrantConsoleRoles } from '../../domain/operator/console-role.js';
import { changeAssignment, type ChangeAssignmentDeps } from '../../domain/role/change-assignment.js';
import type { RoleAssignmentFacts, RoleAssignmentListStore } from '../../domain/role/role-assignment-list.js';
import type { Role } from '../../domain/role/role.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { listOf } from '../contract/common.js';
import {
  NewRoleAssignment,
  RoleAssignmentListQuery,
  RoleAssignmentResource,
} from '../contract/role-assignments.js';
import { answerPage, applicationNamed } from './answer-page.js';

export interface RoleAssignmentDeps extends Omit<ChangeAssignmentDeps, 'auditTools'> {
  readonly transactions: TenantTransactions;
  readonly lists: RoleAssignmentListStore;
  readonly auditTools: { readonly ids: Ids; readonly clock: Clock };
}

const BASE = '/tenants/{tenant}/role-assignments';
const ANSWER = named('RoleAssignment', RoleAssignmentResource);

/** Roles that people are given directly, beside those that groups give (D3). */
export function roleAssignmentOperations(deps: RoleAssignmentDeps): readonly Operation[] {
  return [
    operation({
      id: 'listRoleAssignments',
      method: 'GET',
      path: BASE,
      summary: 'Lists roles that people are given directly',
      permission: 'role-assignments.read',
      query: RoleAssignmentListQuery,
      list: true,
      answer: named('RoleAssignmentPage', listOf(RoleAssignmentResource)),
      handle(call, { query }) {
        const filters = {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by its schema
          userId: query.user as UserId | undefined,
          roleId: query.role === undefined ? undefined : roleNamed(call, query.role).id,
          applicationId: applicationNamed(call, query.application),
          source: query.source,
        };
        const read = (page: Parameters<RoleAssignmentListStore['list']>[1]) =>
          deps.lists.list(call.tenant.id, { ...filters, ...page });
        return answerPage(call, 'role-assignments', query, read, (assignment) => assignment);
      },
    }),
    operation({
      id: 'createRoleAssignment',
      method: 'POST',
      path: BASE,
      summary: 'Gives one person a role; only an owner gives roles of the console',
      permission: 'role-assignments.manage',
      body: named('NewRoleAssignment', NewRoleAssignment),
      status: 201,
      answer: ANSWER,
      handle: (call, { body }) => create(deps, call, body),
    }),
    operation({
      id: 'getRoleAssignment',
      method: 'GET',
      path: `${BASE}/{id}`,
      summary: 'One role of one person',
      permission: 'role-assignments.read',
      answer: ANSWER,
      async handle(call, { path }) {
        const assignment = await find(deps, call, String(path['id']));
        return { body: assignment, version: versionOf(assignment) };
      },
    }),
    operation({
      id: 'deleteRoleAssignment',
      method: 'DELETE',
      path: `${BASE}/{id}`,
      summary: 'Takes a role away that an operator gave; who may then stay is judged at once',
      permission: 'role-assignments.manage',
      status: 204,
      handle: async (call, { path }) => remove(deps, call, await find(deps, call, String(path['id']))),
    }),
  ];
}

async function create(
  deps: RoleAssignmentDeps,
  call: ApiCall,
  body: { readonly user: string; readonly role: string; readonly application?: string | null },
): Promise<ApiAnswer> {
  const role = roleNamed(call, body.role);
  requireRight(call, role.key);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by its schema
  const userId = body.user as UserId;
  const { applicationId, application } = applicationOf(call, body.application ?? null);
  await deps.transactions.withTenant(call.tenant.id, (scope) =>
    changeAssignment(tools(deps, call), scope, {
      ...requestOf(call),
      change: 'assign',
      userId,
      role,
      application,
    }),
  );
  const page = { limit: 1, userId, roleId: role.id, applicationId, source: 'operator' as const };
  // Given in every application, it is among others of the role.
  const { items } = await deps.lists.list(call.tenant.id, { ...page, limit: 200 });
  const assignment = items.find((one) => one.application === (body.application ?? null));
  if (assignment === undefined) throw new DomainError('conflict', 'the role has been taken away meanwhile');
  return {
    body: assignment,
    version: versionOf(assignment),
    location: `/tenants/${call.tenant.slug}/role-assignments/${assignment.id}`,
  };
}

/** Nothing of an assignment changes, so it is the one that was read whenever it is there. */
async function remove(
  deps: RoleAssignmentDeps,
  call: ApiCall,
  assignment: RoleAssignmentFacts,
): Promise<ApiAnswer> {
  call.expect(versionOf(assignment));
  const { userId, source } = assignment;
  const role = roleNamed(call, assignment.role);
  requireRight(call, role.key);
  if (source === 'scim')
    throw new DomainError('conflict', 'SCIM gave this role: only SCIM can take it away, at the upstream.');
  const { application } = applicationOf(call, assignment.application);
  await deps.transactions.withTenant(call.tenant.id, (scope) =>
    changeAssignment(tools(deps, call), scope, {
      ...requestOf(call),
      change: 'unassign',
      userId,
      role,
      application,
    }),
  );
  return { status: 204 };
}

/** Nobody gives or takes a role above their own: those of the console are an owner's. */
function requireRight(call: ApiCall, role: string): void {
  if (role.startsWith('console:') && !mayGrantConsoleRoles(call.roles))
    throw new Problem('forbidden', 'Only an owner gives or takes roles of the console.');
}

function roleNamed(call: ApiCall, key: string): Role {
  const role = call.tenant.configuration.roles.find((one) => one.key === key);
  if (role === undefined) throw new Problem('invalid_request', `There is no role '${key}'.`);
  return role;
}

function applicationOf(call: ApiCall, clientId: string | null) {
  const applicationId = applicationNamed(call, clientId ?? undefined);
  const application = call.tenant.configuration.applications.find(({ id }) => id === applicationId) ?? null;
  return { applicationId, application };
}

async function find({ lists }: RoleAssignmentDeps, call: ApiCall, id: string): Promise<RoleAssignmentFacts> {
  const assignment = await lists.find(call.tenant.id, id);
  if (assignment === undefined) throw new DomainError('not_found', `There is no assignment '${id}'.`);
  return assignment;
}

const versionOf = ({ id, userId, role, application, source }: RoleAssignmentFacts): Json => [
  id,
  userId,
  role,
  application,
  source,
];

const requestOf = (call: ApiCall) => ({
  configuration: call.tenant.configuration,
  actor: call.caller.actor,
  origin: call.origin,
});

const tools = (deps: RoleAssignmentDeps, call: ApiCall): ChangeAssignmentDeps => ({
  ...deps,
  auditTools: { ...deps.auditTools, vault: call.tenant.vault },
});
