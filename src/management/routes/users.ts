import { DomainError } from '../../core/errors.js';
import type { GroupId, Ids, TenantId, UserId } from '../../core/ids.js';
import type { Clock } from '../../core/clock.js';
import type { Json } from '../../core/json.js';
import type { Application } from '../../domain/application/application.js';
import { rolesOfPerson } from '../../domain/application/person-in-application.js';
import { countingGroups } from '../../domain/role/person-groups.js';
import { endAccess, type EndedAccess } from '../../domain/session/end-access.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import {
  consoleKeysOf,
  deleteUser,
  setUserActive,
  type ChangeUserDeps,
  type ChangeUserRequest,
} from '../../domain/user/change-user.js';
import type { UserDetails, UserFacts, UserListStore } from '../../domain/user/user-list.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { listOf } from '../contract/common.js';
import {
  ClaimsPreviewResource,
  ClaimsQuery,
  EndedResource,
  UserListQuery,
  UserPatch,
  UserResource,
  UserSummary,
} from '../contract/users.js';
import { answerPage, connectionNamed } from './answer-page.js';
import { applicationAsked } from './application-asked.js';
import { Problem } from '../api/problems.js';

type Told = Readonly<Record<string, unknown>>;

/** What an application's tokens would say of a person who signs in now. */
export interface PreviewedClaims {
  readonly refusal: 'no_access' | 'not_assigned' | 'no_role' | undefined;
  readonly idToken: Told | undefined;
  readonly userinfo: Told | undefined;
  readonly accessToken: Told | undefined;
}

/** Asks the issuer itself, by the functions that real tokens are made by. */
export type PreviewClaims = (
  tenant: TenantContext,
  request: {
    readonly application: Application;
    readonly userId: string;
    readonly scope: string;
    readonly api: string | undefined;
    /** Of a customer whose person it is; undefined: the tenant's own. */
    readonly homeId: TenantId | undefined;
  },
) => Promise<PreviewedClaims>;

export interface UserDeps extends Omit<ChangeUserDeps, 'auditTools'> {
  readonly transactions: TenantTransactions;
  readonly lists: UserListStore;
  readonly previewClaims: PreviewClaims;
  readonly directory: Pick<TenantDirectory, 'find'>;
  readonly auditTools: { readonly ids: Ids; readonly clock: Clock };
}

const ANSWER = named('User', UserResource);

/** People: found, looked at whole, switched off where no push owns them, signed out. */
export function userOperations(deps: UserDeps): readonly Operation[] {
  return [...readingUsers(deps), ...changingUsers(deps)];
}

const ONE = '/tenants/{tenant}/users/{id}';

function readingUsers(deps: UserDeps): readonly Operation[] {
  return [
    operation({
      id: 'listUsers',
      method: 'GET',
      path: '/tenants/{tenant}/users',
      summary: 'Lists and finds people',
      description:
        'A page may have fewer people than asked for, even none, while `next` tells of others: one request looks at ten thousand people at most.',
      permission: 'users.read',
      query: UserListQuery,
      list: true,
      answer: named('UserPage', listOf(UserSummary)),
      handle(call, { query }) {
        const { connection, group, search, userName, email, externalId, source, active, sort } = query;
        const connectionId = connectionNamed(call, connection);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by its schema
        const groupId = group as GroupId | undefined;
        const filters = { connectionId, groupId, search, userName, email, externalId, source, active, sort };
        const read = (page: Parameters<UserListStore['list']>[1]) => deps.lists.list(call.tenant.id, page);
        return answerPage(call, 'users', query, (page) => read({ ...filters, ...page }), summaryOf);
      },
    }),
    operation({
      id: 'getUser',
      method: 'GET',
      path: ONE,
      summary: 'One person: groups with who said so, roles, identities',
      permission: 'users.read',
      answer: ANSWER,
      handle: async (call, { path }) => answerOf(call, await find(deps, call, String(path['id']))),
    }),
    operation({
      id: 'previewClaims',
      method: 'GET',
      path: `${ONE}/claims`,
      summary: 'What an application’s tokens would say of the person now, and whether they may use it (B12)',
      description:
        'An application of the MSP above that is for its customers’ people is asked about here, too (E4): its tokens are the MSP’s.',
      permission: 'users.read',
      query: ClaimsQuery,
      answer: named('ClaimsPreview', ClaimsPreviewResource),
      handle: (call, { path, query }) => preview(deps, call, String(path['id']), query),
    }),
  ];
}

function changingUsers(deps: UserDeps): readonly Operation[] {
  return [
    operation({
      id: 'updateUser',
      method: 'PATCH',
      path: ONE,
      summary: 'Switches a person off, or on again; off, all their access ends with it',
      description: 'Not of people whom SCIM has pushed: their upstream owns them, and the answer is a 409.',
      permission: 'users.manage',
      body: named('UserPatch', UserPatch),
      answer: ANSWER,
      async handle(call, { path, body }) {
        const user = await find(deps, call, String(path['id']));
        const request = { ...requestOf(call, user), active: body.active };
        await deps.transactions.withTenant(call.tenant.id, (scope) =>
          setUserActive(tools(deps, call), scope, request),
        );
        return answerOf(call, await find(deps, call, user.id));
      },
    }),
    operation({
      id: 'deleteUser',
      method: 'DELETE',
      path: ONE,
      summary: 'Deletes a person who came in just in time, their access first',
      description:
        'They come back as somebody new if their upstream lets them in: switch off who is to stay out.',
      permission: 'users.manage',
      status: 204,
      async handle(call, { path }) {
        const user = await find(deps, call, String(path['id']));
        await deps.transactions.withTenant(call.tenant.id, (scope) =>
          deleteUser(tools(deps, call), scope, requestOf(call, user)),
        );
        return { status: 204 };
      },
    }),
    operation({
      id: 'endUserAccess',
      method: 'POST',
      path: `${ONE}/end-access`,
      summary: 'Signs a person out everywhere: sessions and everything that was given out to them (G5)',
      permission: 'sessions.manage',
      answer: named('EndedAccess', EndedResource),
      async handle(call, { path }) {
        const { id } = await find(deps, call, String(path['id']));
        const { actor } = call.caller;
        const ending = { target: { user: id }, reason: 'revoked_by_operator', actor } as const;
        const ended = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          endAccess(tools(deps, call), scope, { ...ending, origin: call.origin }),
        );
        return { body: showEnded(ended) };
      },
    }),
  ];
}

const tools = (deps: UserDeps, call: ApiCall): ChangeUserDeps => ({
  ...deps,
  auditTools: { ...deps.auditTools, vault: call.tenant.vault },
});

/** What ended, without the id of the tenant above. */
export const showEnded = ({ sessions, grants, above }: EndedAccess) => ({
  sessions,
  grants,
  ...(above === undefined ? {} : { above: { sessions: above.sessions, grants: above.grants } }),
});

const requestOf = (call: ApiCall, user: UserDetails): ChangeUserRequest => ({
  userId: user.id,
  roles: consoleKeysOf(call.tenant.configuration, user.account),
  authority: call.roles,
  actor: call.caller.actor,
  origin: call.origin,
  check: ({ version }) => call.expect(versionOf(call, user, version)),
});

async function find({ lists }: UserDeps, call: ApiCall, id: string): Promise<UserDetails> {
  const user = await lists.find(call.tenant.id, id);
  if (user === undefined) throw new DomainError('not_found', `There is no person '${id}'.`);
  return user;
}

function summaryOf(user: UserFacts) {
  const { version: _, ...facts } = user;
  return facts;
}

/** What a person's ETag is made of: what is kept, and what follows from it. */
const versionOf = (call: ApiCall, { id, account }: UserDetails, version: number): Json => [
  id,
  version,
  account.standing,
  account.active,
  rolesOfPerson(call.tenant.configuration, account).roles.map(({ key, application }) => [key, application]),
];

function answerOf(call: ApiCall, user: UserDetails): ApiAnswer {
  const { account, identities, sessions, version, ...facts } = user;
  const { configuration } = call.tenant;
  const connection = configuration.connections.find(({ id }) => id === account.connectionId);
  const counting = countingGroups(account.groups, connection?.settings.groupSource ?? 'auto');
  const body = {
    ...facts,
    profile: account.profile,
    groups: account.groups.map((group) => ({
      id: group.id,
      name: group.name,
      source: group.source,
      counts: counting.includes(group),
    })),
    roles: rolesOfPerson(configuration, account).roles.map(({ key, application }) => ({
      role: key,
      application,
    })),
    identities,
    sessions,
  };
  return { body, version: versionOf(call, user, version) };
}

async function preview(
  deps: UserDeps,
  call: ApiCall,
  id: string,
  query: {
    readonly application: string;
    readonly above?: boolean;
    readonly scope?: string;
    readonly resource?: string;
  },
): Promise<ApiAnswer> {
  const { id: userId } = await find(deps, call, id);
  const { application, above } = await applicationAsked(deps.directory, call, query);
  const issuer = above ?? call.tenant;
  const { apis } = issuer.configuration;
  const { scope = 'openid', resource: api } = query;
  if (api !== undefined && apis.every(({ identifier }) => identifier !== api))
    throw new Problem('invalid_request', `There is no API '${api}'.`);
  const told = await deps.previewClaims(issuer, {
    application,
    userId,
    scope,
    api,
    homeId: above === undefined ? undefined : call.tenant.id,
  });
  return {
    body: {
      application: application.clientId,
      tenant: issuer.slug,
      userId: userId satisfies UserId,
      allowed: told.refusal === undefined,
      reason: told.refusal ?? null,
      idToken: told.idToken ?? null,
      userinfo: told.userinfo ?? null,
      accessToken: told.accessToken ?? null,
    },
  };
}
