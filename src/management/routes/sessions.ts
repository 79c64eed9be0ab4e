import type { Clock } from '../../core/clock.js';
import { DomainError } from '../../core/errors.js';
import type { Ids, UserId } from '../../core/ids.js';
import type { ConsentListStore } from '../../domain/consent/consent-list.js';
import type { GivenConsent } from '../../domain/consent/consent-store.js';
import { withdrawConsent, type WithdrawConsentDeps } from '../../domain/consent/withdraw-consent.js';
import { endAccess, type AccessTarget } from '../../domain/session/end-access.js';
import type { SessionListStore } from '../../domain/session/session-list.js';
import type { UserListStore } from '../../domain/user/user-list.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { listOf } from '../contract/common.js';
import {
  ConsentListQuery,
  ConsentResource,
  EndSessions,
  SessionListQuery,
  SessionResource,
  WithdrawConsent,
} from '../contract/sessions.js';
import { EndedResource } from '../contract/users.js';
import { answerPage, applicationNamed, connectionNamed } from './answer-page.js';
import { showEnded } from './users.js';

export interface SessionDeps extends Omit<WithdrawConsentDeps, 'auditTools'> {
  readonly transactions: TenantTransactions;
  readonly sessions: Pick<SessionListStore, 'list' | 'find'>;
  readonly people: Pick<UserListStore, 'find'>;
  readonly consentLists: ConsentListStore;
  readonly auditTools: { readonly ids: Ids; readonly clock: Clock };
}

/** Who is signed in, and what people have allowed applications; both can be ended (G5, B14). */
export function sessionOperations(deps: SessionDeps): readonly Operation[] {
  return [...readingSessions(deps), ...endingSessions(deps), ...consentOperations(deps)];
}

function readingSessions({ sessions }: SessionDeps): readonly Operation[] {
  return [
    operation({
      id: 'listSessions',
      method: 'GET',
      path: '/tenants/{tenant}/sessions',
      summary: 'Lists live sessions, or those that are over; newest first',
      permission: 'sessions.read',
      query: SessionListQuery,
      list: true,
      answer: named('SessionPage', listOf(SessionResource)),
      handle(call, { query }) {
        const { user, application, connection, over = false } = query;
        const filters = {
          over,
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by its schema
          userId: user as UserId | undefined,
          clientId: application,
          connectionId: connectionNamed(call, connection),
        };
        const read = (page: Pick<Parameters<SessionListStore['list']>[1], 'limit' | 'after'>) =>
          sessions.list(call.tenant.id, { ...filters, ...page });
        return answerPage(call, 'sessions', query, read, (session) => session);
      },
    }),
    operation({
      id: 'getSession',
      method: 'GET',
      path: '/tenants/{tenant}/sessions/{id}',
      summary: 'One session',
      permission: 'sessions.read',
      answer: named('Session', SessionResource),
      async handle(call, { path }) {
        const id = String(path['id']);
        const session = await sessions.find(call.tenant.id, id);
        if (session === undefined) throw new DomainError('not_found', `There is no session '${id}'.`);
        return { body: session };
      },
    }),
  ];
}

function endingSessions(deps: SessionDeps): readonly Operation[] {
  return [
    operation({
      id: 'endSessions',
      method: 'POST',
      path: '/tenants/{tenant}/sessions/end',
      summary:
        'Ends a session, or all access of a person, in an application, by a connection, or of everybody',
      description:
        'Sessions and everything that was given out; applications are told. Whoever may still sign in may do so again.',
      permission: 'sessions.manage',
      body: named('EndSessions', EndSessions),
      answer: named('EndedAccess', EndedResource),
      async handle(call, { body }) {
        const target = await targetOf(deps, call, body);
        // More than one person's: not a help desk's doing.
        if (!('session' in target) && !('user' in target)) call.require('connections.manage');
        const { actor } = call.caller;
        const ending = { target, reason: 'revoked_by_operator', actor, origin: call.origin } as const;
        const ended = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          endAccess(tools(deps, call), scope, ending),
        );
        return { body: showEnded(ended) };
      },
    }),
  ];
}

interface Ending {
  readonly session?: string;
  readonly user?: string;
  readonly application?: string;
  readonly connection?: string;
  readonly everybody?: true;
}

async function targetOf(
  deps: SessionDeps,
  call: ApiCall,
  { session, user, application, connection }: Ending,
): Promise<AccessTarget> {
  if (session !== undefined) {
    if ((await deps.sessions.find(call.tenant.id, session)) === undefined)
      throw new DomainError('not_found', `There is no session '${session}'.`);
    return { session };
  }
  if (user !== undefined) {
    const person = await deps.people.find(call.tenant.id, user);
    if (person === undefined) throw new DomainError('not_found', `There is no user '${user}'.`);
    return { user: person.id };
  }
  const connectionId = connectionNamed(call, connection);
  if (connectionId !== undefined) return { connection: connectionId };
  if (application === undefined) return { tenant: 'all' };
  applicationNamed(call, application);
  return { application };
}

function consentOperations(deps: SessionDeps): readonly Operation[] {
  return [
    operation({
      id: 'listConsents',
      method: 'GET',
      path: '/tenants/{tenant}/consents',
      summary: 'Lists what people have allowed third-party applications (B14)',
      permission: 'consents.read',
      query: ConsentListQuery,
      list: true,
      answer: named('ConsentPage', listOf(ConsentResource)),
      handle(call, { query }) {
        const filters = {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by its schema
          userId: query.user as UserId | undefined,
          applicationId: applicationNamed(call, query.application),
        };
        const read = (page: Parameters<ConsentListStore['list']>[1]) =>
          deps.consentLists.list(call.tenant.id, { ...filters, ...page });
        return answerPage(call, 'consents', query, read, shownConsent);
      },
    }),
    operation({
      id: 'withdrawConsent',
      method: 'POST',
      path: '/tenants/{tenant}/consents/withdraw',
      summary:
        'Forgets what a person has allowed an application, and ends what it was given under that (A-56)',
      permission: 'consents.manage',
      body: named('WithdrawConsent', WithdrawConsent),
      answer: named('EndedAccess', EndedResource),
      handle: (call, { body }) => withdraw(deps, call, body),
    }),
  ];
}

async function withdraw(
  deps: SessionDeps,
  call: ApiCall,
  { user, application: clientId }: { readonly user: string; readonly application: string },
): Promise<ApiAnswer> {
  const application = call.tenant.configuration.applications.find((one) => one.clientId === clientId);
  if (application === undefined) throw new Problem('not_found', `There is no application '${clientId}'.`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by its schema
  const userId = user as UserId;
  const page = { limit: 1, userId, applicationId: application.id };
  const { items } = await deps.consentLists.list(call.tenant.id, page);
  if (items.length === 0)
    throw new DomainError('not_found', 'The person has allowed the application nothing.');
  const request = { userId, application, actor: call.caller.actor, origin: call.origin };
  const ended = await deps.transactions.withTenant(call.tenant.id, (scope) =>
    withdrawConsent(tools(deps, call), scope, request),
  );
  return { body: showEnded(ended) };
}

const shownConsent = ({ clientId, ...consent }: GivenConsent) => ({ ...consent, application: clientId });

const tools = (deps: SessionDeps, call: ApiCall): WithdrawConsentDeps => ({
  ...deps,
  auditTools: { ...deps.auditTools, vault: call.tenant.vault },
});
