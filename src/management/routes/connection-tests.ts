import { Type } from 'typebox';
import type { ConnectionTestId } from '../../domain/connection/testing/connection-test.js';
import { readConnectionTest } from '../../domain/connection/testing/read-test.js';
import { reportOktaPage } from '../../domain/connection/testing/report-okta-page.js';
import {
  startConnectionTest,
  type ProbeConnection,
  type StartTestDeps,
} from '../../domain/connection/testing/start-test.js';
import { tellCheck } from '../../domain/connection/testing/tell-check.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import {
  ConnectionTestPath,
  ConnectionTestResource,
  NewConnectionTest,
  OktaPageReport,
} from '../contract/connection-tests.js';

export interface ConnectionTestDeps extends Omit<StartTestDeps, 'probe' | 'auditTools'> {
  readonly auditTools: Omit<StartTestDeps['auditTools'], 'vault'>;
  readonly probeFor: (tenant: TenantContext) => ProbeConnection;
  /** Takes on what goes on after the answer. */
  readonly goOn: (work: Promise<void>) => void;
}

const answer = named('ConnectionTest', ConnectionTestResource);

/** *Test connection* (A17): what needs no person at once, then a sign-in on the very configuration. */
export function connectionTestOperations(deps: ConnectionTestDeps): readonly Operation[] {
  const tools = (call: ApiCall) => ({
    ...deps,
    auditTools: { ...deps.auditTools, vault: call.tenant.vault },
    vault: call.tenant.vault,
  });
  const present = async (call: ApiCall, connectionKey: string, testId: ConnectionTestId) => {
    const { test, person } = await readConnectionTest(tools(call), call.tenant.id, { connectionKey, testId });
    const { verdict, counts, checks, brought = null } = test.report;
    return {
      id: test.id,
      connection: connectionKey,
      source: test.source,
      state: test.state,
      verdict,
      counts,
      checks: checks.map(tellCheck),
      brought,
      person,
      startedBy: test.startedBy.id,
      createdAt: test.createdAt.toISOString(),
      expiresAt: test.expiresAt.toISOString(),
      finishedAt: test.finishedAt?.toISOString() ?? null,
    };
  };
  return [
    operation({
      id: 'testConnection',
      method: 'POST',
      path: '/tenants/{tenant}/connections/{key}/test',
      summary: 'Starts a test of a connection; read it until it says waiting, then open signInUrl',
      description:
        'Nobody but who opens signInUrl is affected: the test makes no person, no identity and no session. It ends after 10 minutes; another one supersedes it. At most 10 a minute and tenant.',
      permission: 'connections.test',
      parameters: Type.Pick(ConnectionTestPath, ['key']),
      body: named('NewConnectionTest', NewConnectionTest),
      status: 201,
      answer,
      async handle(call, { path: { key }, body: { source, typedIssuer } }) {
        const started = await startConnectionTest(
          { ...tools(call), probe: deps.probeFor(call.tenant) },
          call.tenant.id,
          {
            connectionKey: key,
            actor: call.caller.actor,
            ...(source === undefined ? {} : { source }),
            ...(typedIssuer === undefined ? {} : { typedIssuer }),
          },
        );
        deps.goOn(started.probed);
        return {
          body: {
            ...(await present(call, key, started.id)),
            signInUrl: `${call.tenant.issuer}/test-sign-in/${started.signInToken}`,
          },
          location: `/tenants/${call.tenant.slug}/connections/${key}/tests/${started.id}`,
        };
      },
    }),
    operation({
      id: 'getConnectionTest',
      method: 'GET',
      path: '/tenants/{tenant}/connections/{key}/tests/{id}',
      summary: 'A test of a connection, check by check, with what mends each cause',
      permission: 'connections.test',
      parameters: ConnectionTestPath,
      answer,
      handle: async (call, { path: { key, id } }) => ({ body: await present(call, key, testId(id)) }),
    }),
    operation({
      id: 'reportOktaPage',
      method: 'POST',
      path: '/tenants/{tenant}/connections/{key}/tests/{id}/okta-page',
      summary: 'Tells what Okta’s own page said, where nobody came back from it',
      permission: 'connections.test',
      parameters: ConnectionTestPath,
      body: named('OktaPageReport', OktaPageReport),
      answer,
      async handle(call, { path: { key, id }, body }) {
        await reportOktaPage(tools(call), call.tenant.id, {
          connectionKey: key,
          testId: testId(id),
          page: body.page,
          actor: call.caller.actor,
          origin: call.origin,
        });
        return { body: await present(call, key, testId(id)) };
      },
    }),
  ];
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID by the schema; whether it names a test, the store says
const testId = (id: string): ConnectionTestId => id as ConnectionTestId;
