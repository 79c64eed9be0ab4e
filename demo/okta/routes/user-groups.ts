import type { Router } from '@koa/router';
import { ApiError } from '../errors.js';
import type { Ctx, OktaState } from '../http/context.js';
import { endpoint } from '../http/endpoint.js';
import { answerPage, authorizeApi, countRequest, isSeenBy, pageLimit } from './groups-api.js';

/** Pages of a person's groups are no longer than this, whatever is asked. */
const PAGE_MAX = 200;

/**
 * The groups of one person, by id or login: a resource of users, so that an access token needs
 * `okta.users.read`; the scope for groups doesn't open it.
 */
async function listUserGroups(ctx: Ctx): Promise<void> {
  const { org } = ctx.state;
  const key = ctx.params['userId'] ?? '';
  const role = await authorizeApi(ctx, { scope: 'okta.users', resource: `/api/v1/users/${key}/groups` });
  countRequest(ctx);
  const user = org.directory.users().find(({ id, login }) => id === key || login === key);
  if (user === undefined) throw new ApiError(404, 'E0000007', `Not found: Resource not found: ${key} (User)`);
  const groups = org
    .groupsOf(user)
    .filter((group) => isSeenBy(role, group))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  answerPage(ctx, groups, pageLimit(ctx.URL.searchParams.get('limit'), PAGE_MAX));
}

/** The Users API, as far as it tells a person's groups. */
export function userGroupsRoutes(router: Router<OktaState>): void {
  endpoint(router, ['GET'], ['/api/v1/users/:userId/groups'], 'groups', listUserGroups);
}
