import type { Router } from '@koa/router';
import { bearerToken, dpopThumbprint } from '../dpop.js';
import { ApiError } from '../errors.js';
import { factsOf, requestOrigin, type Ctx, type OktaState } from '../http/context.js';
import { endpoint } from '../http/endpoint.js';
import type { OktaOrg } from '../org.js';
import type { Group } from '../people.js';

const PAGE_MAX = 10_000;
/** A `q` search has no pages. */
const Q_MAX = 300;

type Role = 'READ_ONLY_ADMIN' | 'GROUP_ADMIN';

/** What an access token must allow, by the resource as Okta's errors name it. */
interface Need {
  readonly scope: 'okta.groups' | 'okta.users';
  readonly resource: string;
}

const GROUPS: Need = { scope: 'okta.groups', resource: '/api/v1/groups' };

async function roleOfBearer(
  ctx: Ctx,
  header: NonNullable<ReturnType<typeof bearerToken>>,
  { scope, resource }: Need,
): Promise<Role> {
  const { org } = ctx.state;
  const token = org.grants.accessTokens.get(header.token);
  if (token === undefined || token.serverBase !== org.orgServer.base) {
    throw new ApiError(401, 'E0000011', 'Invalid token provided');
  }
  if (token.jkt !== undefined) {
    const jkt = await dpopThumbprint(ctx, { required: true, accessToken: header.token });
    if (header.scheme !== 'DPoP' || jkt !== token.jkt)
      throw new ApiError(401, 'E0000011', 'Invalid token provided');
  }
  if (!token.scopes.includes(`${scope}.read`) && !token.scopes.includes(`${scope}.manage`)) {
    throw new ApiError(403, 'E0000006', 'You do not have permission to perform the requested action', {
      'WWW-Authenticate':
        `Bearer realm="OKTA", scope="${scope}.read", error="insufficient_scope", ` +
        'error_description="The access token provided does not contain the required scopes.", ' +
        `resource="${resource}"`,
    });
  }
  const role = org.findApp(token.clientId)?.adminRole;
  if (role === undefined) {
    throw new ApiError(403, 'E0000006', 'You do not have permission to perform the requested action');
  }
  return role;
}

/**
 * An API token (`SSWS`), or an access token of the org's own server with the scope of what is read and an
 * admin role.
 */
export async function authorizeApi(ctx: Ctx, need: Need): Promise<Role> {
  const header = ctx.get('Authorization');
  const ssws = /^SSWS +(\S+)$/i.exec(header)?.[1];
  if (ssws !== undefined) {
    const token = ctx.state.org.apiTokens.find(({ value }) => value === ssws);
    if (token === undefined) throw new ApiError(401, 'E0000011', 'Invalid token provided');
    return token.role;
  }
  const bearer = bearerToken(header);
  if (bearer === undefined) throw new ApiError(401, 'E0000011', 'Invalid token provided');
  return roleOfBearer(ctx, bearer, need);
}

const windows = new WeakMap<OktaOrg, { minute: number; used: number }>();

/**
 * Counts this request against the limit of the minute, and says so in the headers. @throws ApiError 429
 * E0000047
 */
export function countRequest(ctx: Ctx): void {
  const { org } = ctx.state;
  const minute = Math.floor(org.clock.now() / 60);
  const window = windows.get(org);
  const used = window?.minute === minute ? window.used + 1 : 1;
  windows.set(org, { minute, used });
  const limit = org.settings.rateLimit;
  ctx.set('X-Rate-Limit-Limit', String(limit));
  ctx.set('X-Rate-Limit-Remaining', String(Math.max(0, limit - used)));
  ctx.set('X-Rate-Limit-Reset', String((minute + 1) * 60));
  if (used > limit)
    throw new ApiError(429, 'E0000047', 'API call exceeded rate limit due to too many requests.');
}

function present(origin: string, org: OktaOrg, group: Group, expand: string): Record<string, unknown> {
  const self = `${origin}/api/v1/groups/${group.id}`;
  const stats = {
    usersCount: org.directory.membersOf(group).length,
    appsCount: 0,
    groupPushMappingsCount: 0,
  };
  return {
    id: group.id,
    created: group.created.toISOString(),
    lastUpdated: group.lastUpdated.toISOString(),
    lastMembershipUpdated: group.lastMembershipUpdated.toISOString(),
    objectClass: [group.source === 'OKTA' ? 'okta:user_group' : 'okta:windows_security_principal'],
    type: group.type,
    profile: { name: group.name, description: group.description || null },
    _links: { users: { href: `${self}/users` }, apps: { href: `${self}/apps` } },
    ...(expand.split(',').includes('stats') ? { _embedded: { stats } } : {}),
  };
}

const CONDITION = /^(id|type|profile\.name)\s+(eq|sw|co)\s+"([^"]*)"$/;

/** One condition of `filter` or `search`, or several joined by `or`. */
function matcher(text: string): (group: Group) => boolean {
  const conditions = text.split(/\s+or\s+/i).map((part) => {
    const [, field, operator, value = ''] = CONDITION.exec(part.trim()) ?? [];
    if (field === undefined) throw new ApiError(400, 'E0000031', `Invalid search criteria: ${text}`);
    const read = (group: Group): string =>
      field === 'id' ? group.id : field === 'type' ? group.type : group.name;
    if (operator === 'eq') return (group: Group) => read(group) === value;
    const wanted = value.toLowerCase();
    if (operator === 'sw') return (group: Group) => read(group).toLowerCase().startsWith(wanted);
    return (group: Group) => read(group).toLowerCase().includes(wanted);
  });
  return (group) => conditions.some((matches) => matches(group));
}

/** Group admins don't see `Everyone`. */
export const isSeenBy = (role: Role, { type }: Group): boolean =>
  role !== 'GROUP_ADMIN' || type !== 'BUILT_IN';

function select(org: OktaOrg, params: URLSearchParams, role: Role): Group[] {
  const q = params.get('q')?.toLowerCase();
  const criteria = [params.get('filter'), params.get('search')].flatMap((text) =>
    text === null ? [] : [matcher(text)],
  );
  return org.directory
    .groups()
    .filter((group) => isSeenBy(role, group))
    .filter((group) => q === undefined || group.name.toLowerCase().startsWith(q))
    .filter((group) => criteria.every((matches) => matches(group)))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export function pageLimit(text: string | null, most = PAGE_MAX): number {
  if (text === null) return most;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new ApiError(400, 'E0000001', 'Api validation failed: limit');
  return Math.min(limit, most);
}

/** Answers with one page, and links to itself and to the next one. @param limit null: there is one page */
export function answerPage(ctx: Ctx, found: readonly Group[], limit: number | null): void {
  const { org, record } = ctx.state;
  const params = ctx.URL.searchParams;
  const after = params.get('after');
  const rest = after === null ? found : found.filter(({ id }) => id > after);
  const groups = rest.slice(0, limit ?? Q_MAX);
  const origin = requestOrigin(ctx);
  let next: string | undefined;
  if (limit !== null && rest.length > limit) {
    const query = new URLSearchParams(params);
    query.set('after', groups.at(-1)?.id ?? '');
    query.set('limit', String(limit));
    next = `${origin}${ctx.path}?${query.toString()}`;
  }
  for (const { id, effect, value } of org.failures.take('paging')) {
    record.failures.push(id);
    next = effect.change(next, factsOf(ctx, { issuer: origin, value }));
  }
  // Okta sends one header line for each link.
  ctx.append('Link', `<${origin}${ctx.url}>; rel="self"`);
  if (next !== undefined) ctx.append('Link', `<${next}>; rel="next"`);
  ctx.body = groups.map((group) => present(origin, org, group, params.get('expand') ?? ''));
}

async function listGroups(ctx: Ctx): Promise<void> {
  const role = await authorizeApi(ctx, GROUPS);
  countRequest(ctx);
  const params = ctx.URL.searchParams;
  const found = select(ctx.state.org, params, role);
  answerPage(ctx, found, params.has('q') ? null : pageLimit(params.get('limit')));
}

async function getGroup(ctx: Ctx): Promise<void> {
  const { org } = ctx.state;
  await authorizeApi(ctx, GROUPS);
  countRequest(ctx);
  const id = ctx.params['groupId'] ?? '';
  const group = org.directory.groups().find((one) => one.id === id);
  if (group === undefined)
    throw new ApiError(404, 'E0000007', `Not found: Resource not found: ${id} (UserGroup)`);
  ctx.body = present(requestOrigin(ctx), org, group, '');
}

/** The Groups API, as far as a group picker needs it: list, search, pages, one group. */
export function groupsApiRoutes(router: Router<OktaState>): void {
  endpoint(router, ['GET'], ['/api/v1/groups'], 'groups', listGroups);
  endpoint(router, ['GET'], ['/api/v1/groups/:groupId'], 'groups', getGroup);
}
