import type { ConfiguredTenant } from '../../../domain/configuration/configuration-store.js';
import { NEW_API } from '../../../domain/configuration/defaults.js';
import {
  accessPolicyView,
  apiView,
  grantView,
  roleMappingView,
  roleView,
  type View,
} from '../../../domain/configuration/views.js';
import { mayGrantConsoleRoles } from '../../../domain/operator/console-role.js';
import type { TenantPlan } from '../../../domain/configuration/plan.js';
import type { ApiCall } from '../../api/call.js';
import { Problem } from '../../api/problems.js';
import {
  AccessPolicySchemas,
  ApiSchemas,
  GrantSchemas,
  RoleMappingSchemas,
  RoleSchemas,
} from '../../contract/resources.js';
import type { DesiredEntry, EntryKind, ShownEntry } from './entry-kind.js';

const byId = (shown: readonly ShownEntry[]): readonly ShownEntry[] =>
  shown.toSorted((one, other) => (one.id < other.id ? -1 : 1));

const isOwn = ({ key }: { readonly key: string }): boolean => !key.startsWith('console:');

/** The tenant's own roles. */
export const ROLES: EntryKind = {
  list: 'roles',
  address: 'roles',
  noun: 'Role',
  words: 'role',
  read: 'roles.read',
  manage: 'roles.manage',
  parameter: 'key',
  schemas: RoleSchemas,
  readOnly: ['id'],
  show: ({ tenant }) =>
    byId(
      tenant.configuration.roles.filter(isOwn).map((role) => {
        const { key, members } = roleView(role);
        return { id: key, body: { id: role.id, key, ...members }, version: { key, ...members } };
      }),
    ),
  keep: ({ configuration }) =>
    configuration.roles.filter(isOwn).map(({ key }) => ({ id: key, entry: { key } })),
  idOf: textOf('key'),
  create: (body) => body,
  change: (current, body, replace) => ({
    ...(replace ? { name: current.id } : {}),
    ...body,
    key: current.id,
  }),
  judge: judgeMappingsGone,
};

/** Audiences, whose identifiers are addresses: they are found by their id here. */
export const APIS: EntryKind = {
  list: 'apis',
  address: 'apis',
  noun: 'Api',
  words: 'API',
  read: 'apis.read',
  manage: 'apis.manage',
  parameter: 'id',
  schemas: ApiSchemas,
  readOnly: ['id'],
  show: ({ tenant }) =>
    byId(
      tenant.configuration.apis.map((api) => {
        const { key, members } = apiView(api);
        const body = { identifier: key, ...members };
        return { id: api.id, body: { id: api.id, ...body }, version: body };
      }),
    ),
  keep: ({ configuration }) =>
    configuration.apis.map(({ id, identifier }) => ({ id, entry: { identifier } })),
  idOf: () => undefined,
  nameOf: (entry) => `api ${String(entry['identifier'])}`,
  create: (body) => body,
  change(current, body, replace) {
    const identifier = textOf('identifier')(current.body);
    if (body['identifier'] !== undefined && body['identifier'] !== identifier)
      throw new Problem('invalid_body', 'An API’s identifier can’t change: tokens name it.', {
        errors: [{ pointer: '/identifier', message: `must be '${identifier ?? ''}', or absent` }],
      });
    const { isDefault, ...defaults } = NEW_API;
    return { ...(replace ? { ...defaults, default: isDefault } : {}), ...body, identifier };
  },
  judge: judgeManagementAudience,
};

/** A kind whose entries have no name: what they say is what they are, and they keep their id when that changes. */
function nameless(
  kind: Pick<EntryKind, 'address' | 'noun' | 'words' | 'read' | 'manage' | 'schemas'> & {
    readonly list: 'roleMappings' | 'accessPolicies' | 'grants';
    readonly change: 'roleMapping' | 'accessPolicy' | 'grant';
    readonly viewsOf: (tenant: ConfiguredTenant) => readonly View[];
    readonly viewOf: (entry: DesiredEntry) => View;
    readonly defaults: DesiredEntry;
    readonly judge: NonNullable<EntryKind['judge']>;
  },
): EntryKind {
  const { change: changeKind, viewsOf, viewOf, defaults, ...described } = kind;
  const idsOf = (tenant: ConfiguredTenant) =>
    viewsOf(tenant).map((view) => ({
      view,
      id: tenant.namelessIds.get(`${changeKind} ${view.key}`) ?? '',
    }));
  return {
    ...described,
    parameter: 'id',
    readOnly: ['id'],
    show: ({ tenant }) =>
      byId(
        idsOf(tenant).map(({ id, view }) => ({ id, body: { id, ...view.members }, version: view.members })),
      ),
    keep: (tenant) => idsOf(tenant).map(({ id, view }) => ({ id, entry: view.members })),
    idOf: () => undefined,
    nameOf: (entry) => `${changeKind} ${viewOf(entry).key}`,
    create: (body) => ({ ...defaults, ...body }),
    change(current, body, replace) {
      const { id: _, ...members } = current.body;
      return { ...(replace ? defaults : members), ...body };
    },
  };
}

/** Group → role (D1). Whoever maps a console role grants it. */
export const ROLE_MAPPINGS: EntryKind = nameless({
  list: 'roleMappings',
  change: 'roleMapping',
  address: 'role-mappings',
  noun: 'RoleMapping',
  words: 'role mapping',
  read: 'role-mappings.read',
  manage: 'role-mappings.manage',
  schemas: RoleMappingSchemas,
  viewsOf: ({ configuration }) => configuration.roleMappings.map(roleMappingView),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- validated by the kind's schema
  viewOf: (entry) => roleMappingView({ application: null, ...entry } as never),
  defaults: { application: null },
  judge: judgeConsoleRoles,
});

/** Who gets which scopes of an API (B7). */
export const ACCESS_POLICIES: EntryKind = nameless({
  list: 'accessPolicies',
  change: 'accessPolicy',
  address: 'access-policies',
  noun: 'AccessPolicy',
  words: 'access policy',
  read: 'access-policies.read',
  manage: 'access-policies.manage',
  schemas: AccessPolicySchemas,
  viewsOf: ({ configuration }) => configuration.accessPolicies.map(accessPolicyView),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- validated by the kind's schema
  viewOf: (entry) => accessPolicyView(entry as never),
  defaults: {},
  judge: judgeManagementAudience,
});

/** What an MSP's people may do in its customers' tenants (E2). */
export const GRANTS: EntryKind = nameless({
  list: 'grants',
  change: 'grant',
  address: 'grants',
  noun: 'Grant',
  words: 'grant',
  read: 'grants.read',
  manage: 'grants.manage',
  schemas: GrantSchemas,
  viewsOf: ({ configuration }) => configuration.grants.map(grantView),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- validated by the kind's schema
  viewOf: (entry) => grantView(entry as never),
  defaults: {},
  judge: judgeConsoleRoles,
});

/** A tenant's own `role` member, or `roles` of a grant, that is the console's: only an owner gives or takes it. */
export function judgeConsoleRoles(call: ApiCall, plan: TenantPlan): void {
  if (mayGrantConsoleRoles(call.roles)) return;
  const concerns = plan.changes.some(
    ({ kind, before, after }) =>
      (kind === 'roleMapping' || kind === 'grant') &&
      [before, after].some((members) => JSON.stringify(members ?? {}).includes('"console:')),
  );
  if (concerns) throw new Problem('forbidden', 'Only an owner gives or takes roles of the console.');
}

/** What takes mappings along, as a role or an application does when it goes, changes mappings. */
export function judgeMappingsGone(call: ApiCall, plan: TenantPlan): void {
  if (!plan.changes.some(({ kind }) => kind === 'roleMapping')) return;
  call.require('role-mappings.manage');
  judgeConsoleRoles(call, plan);
}

/** Scopes of the management API are rights on the tenant: only an owner hands them out. */
function judgeManagementAudience(call: ApiCall, plan: TenantPlan): void {
  if (mayGrantConsoleRoles(call.roles)) return;
  const concerns = plan.changes.some(
    ({ kind, key }) =>
      (kind === 'api' || kind === 'accessPolicy') && /^https?:\/\/[^ ]*\/api\/v1(?::|$)/.test(key),
  );
  if (concerns) throw new Problem('forbidden', 'Only an owner hands out scopes of the management API.');
}

/** The member of a body that is the entry's own name. */
export function textOf(member: string): (body: DesiredEntry) => string | undefined {
  return (body) => {
    const value = body[member];
    return typeof value === 'string' ? value : undefined;
  };
}
