import type { Static } from 'typebox';
import { ConsentResource, SessionResource } from '../../management/contract/sessions.js';
import { EndedResource } from '../../management/contract/users.js';
import { pathOf, type RemoteApi } from './api.js';
import { remotePerson, remoteTenant } from './chosen.js';
import { RemoteProblem } from './problem.js';

/** Whose sessions or consents. */
export interface Whose {
  readonly tenant?: string;
  /** An id, or a userName. */
  readonly user?: string;
  readonly application?: string;
  readonly connection?: string;
}

/** A tenant's sessions, newest first. */
export async function remoteSessions(
  api: RemoteApi,
  { tenant: slug, user, application, connection }: Whose,
  { over, limit }: { readonly over: boolean; readonly limit: number },
): Promise<{ readonly items: readonly Static<typeof SessionResource>[]; readonly isMore: boolean }> {
  const tenant = await remoteTenant(api, slug);
  const query = { over, user: await idOf(api, tenant, user), application, connection };
  return api.list(SessionResource, pathOf('tenants', tenant, 'sessions'), { query, limit });
}

/** Ends access of one target. */
export async function endRemotely(
  api: RemoteApi,
  tenant: string,
  { session, user, application, connection }: Omit<Whose, 'tenant'> & { readonly session?: string },
): Promise<Static<typeof EndedResource>> {
  const named = { session, user: await idOf(api, tenant, user), application, connection };
  const isNamed = Object.values(named).some((value) => value !== undefined);
  const path = pathOf('tenants', tenant, 'sessions', 'end');
  return api.post(EndedResource, path, { body: isNamed ? named : { everybody: true } });
}

/** What people of a tenant have allowed, newest first, in the words of the command. */
export async function remoteConsents(api: RemoteApi, tenant: string, whose: Whose, limit: number) {
  const query = { user: await idOf(api, tenant, whose.user), application: whose.application };
  const path = pathOf('tenants', tenant, 'consents');
  const { items } = await api.list(ConsentResource, path, { query, limit });
  return items.map(({ userId, userName, application: clientId, scopes, grantedAt }) => ({
    userId,
    userName,
    clientId,
    scopes,
    grantedAt,
  }));
}

/** Withdraws consents one by one. @returns how many there still were, and what ended with them */
export async function withdrawRemotely(
  api: RemoteApi,
  tenant: string,
  consents: readonly { readonly userId: string; readonly clientId: string }[],
): Promise<{ readonly consents: number; readonly grants: number }> {
  const path = pathOf('tenants', tenant, 'consents', 'withdraw');
  const done = { consents: 0, grants: 0 };
  for (const { userId: user, clientId: application } of consents) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- people are locked one at a time
      const ended = await api.post(EndedResource, path, { body: { user, application } });
      done.consents += 1;
      done.grants += ended.grants;
    } catch (error) {
      // Withdrawn by somebody else meanwhile.
      if (!(error instanceof RemoteProblem && error.code === 'not_found')) throw error;
    }
  }
  return done;
}

const idOf = async (api: RemoteApi, tenant: string, user: string | undefined): Promise<string | undefined> =>
  user === undefined ? undefined : (await remotePerson(api, tenant, user)).id;
