import { DomainError } from '../../core/errors.js';
import { declareOutage } from '../../domain/connection/lifecycle/declare-outage.js';
import { impactOf, presentImpact, type ImpactStore } from '../../domain/connection/lifecycle/impact.js';
import { impactSince } from '../../domain/connection/lifecycle/judge-change.js';
import { dropCandidate } from '../../domain/connection/lifecycle/keep-candidate.js';
import {
  serveCandidate,
  type ServeCandidateDeps,
} from '../../domain/connection/lifecycle/serve-candidate.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { ImpactQuery, ImpactResource, Outage, ServeCandidate } from '../contract/connection-lifecycle.js';
import { ConnectionSchemas } from '../contract/resources.js';
import type { ShownConnections } from './shown-connections.js';

export interface ConnectionLifecycleDeps extends Omit<ServeCandidateDeps, 'vault'> {
  readonly transactions: TenantTransactions;
  readonly impacts: ImpactStore;
  readonly connections: ShownConnections;
}

const BASE = '/tenants/{tenant}/connections/{key}';

/** What takes a connection from one state to the next, beside changes of its members (A16). */
export function connectionLifecycleOperations(deps: ConnectionLifecycleDeps): readonly Operation[] {
  const { connections } = deps;
  return [
    operation({
      id: 'getConnectionImpact',
      method: 'GET',
      path: `${BASE}/impact`,
      summary: 'What a change of a connection’s state would do to people, and the text that confirms it',
      permission: 'connections.read',
      query: ImpactQuery,
      answer: named('ConnectionImpact', ImpactResource),
      async handle(call, { path, query }) {
        const known = await deps.store.find(call.tenant.slug);
        const connection = known?.configuration.connections.find(({ key }) => key === path['key']);
        if (known === undefined || connection === undefined) throw notFound(String(path['key']));
        const counts = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          deps.impacts.count(scope, connection, impactSince(deps.clock)),
        );
        return { body: presentImpact(impactOf(query.status, connection, counts, known.configuration)) };
      },
    }),
    operation({
      id: 'serveConnectionCandidate',
      method: 'POST',
      path: `${BASE}/candidate/serve`,
      summary: 'Serves a connection’s candidate that has passed its test',
      description:
        'Another issuer makes its people new people, and ends everybody’s access, unless they rejoin: then the test’s sign-in must have been signed by a key that the served issuer publishes too, for somebody who came in through it before.',
      permission: 'connections.manage',
      body: named('ServeCandidate', ServeCandidate),
      answer: named('Connection', ConnectionSchemas.resource),
      async handle(call, { path, body: { rejoin = false, confirm } }) {
        const key = String(path['key']);
        if (rejoin) call.require('connections.rejoin');
        await connections.afterwards(call, () =>
          serveCandidate({ ...deps, vault: call.tenant.vault }, call.tenant, {
            key,
            rejoin,
            confirm,
            rules: connections.rules,
            actor: call.caller.actor,
            authority: call.authority,
            origin: call.origin,
            expect: connections.expectation(call, key),
          }),
        );
        return connections.answer(call, key);
      },
    }),
    operation({
      id: 'declareConnectionOutage',
      method: 'POST',
      path: `${BASE}/outage`,
      summary: 'Says that a connection’s upstream is out of order, or works again',
      description:
        'While it is declared, refreshes go on though the upstream can’t be asked about people; who it refuses is refused. It ends by itself, is audited, and is told in the tenant’s health.',
      permission: 'connections.manage',
      body: named('ConnectionOutage', Outage),
      answer: named('Connection', ConnectionSchemas.resource),
      async handle(call, { path, body: { on, reason, untilSeconds = 3_600 } }) {
        const key = String(path['key']);
        if (on && reason === undefined)
          throw new Problem('invalid_body', 'Say what has happened: it is kept in the audit log.', {
            errors: [{ pointer: '/reason', message: 'is required' }],
          });
        await connections.afterwards(call, () =>
          declareOutage(deps, call.tenant.slug, {
            key,
            outage: on ? { reason: reason ?? '', seconds: untilSeconds } : null,
            actor: call.caller.actor,
            origin: call.origin,
          }),
        );
        return connections.answer(call, key);
      },
    }),
    operation({
      id: 'dropConnectionCandidate',
      method: 'DELETE',
      path: `${BASE}/candidate`,
      summary: 'Drops a connection’s candidate; what is served stays',
      permission: 'connections.manage',
      status: 204,
      async handle(call, { path }) {
        const key = String(path['key']);
        await connections.afterwards(call, () =>
          dropCandidate(deps, call.tenant.slug, {
            key,
            actor: call.caller.actor,
            origin: call.origin,
            expect: connections.expectation(call, key),
          }),
        );
        return { status: 204 };
      },
    }),
  ];
}

const notFound = (key: string): DomainError =>
  new DomainError('not_found', `There is no connection '${key}'.`);
