import {
  rotateSecret,
  type RotateSecretDeps as ApplicationSecretDeps,
} from '../../domain/application/rotate-secret.js';
import { OVERLAP_SECONDS_DEFAULT } from '../../domain/application/secret-overlap.js';
import {
  finishSecretRotation,
  rotateConnectionSecret,
  type RotateSecretDeps,
} from '../../domain/connection/lifecycle/rotate-secret.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import {
  FinishRotation,
  MadeApplicationSecret,
  RotateApplicationSecret,
  RotateConnectionSecret,
} from '../contract/secret-rotation.js';
import { ConnectionSchemas } from '../contract/resources.js';
import type { ShownConnections } from './shown-connections.js';

export interface SecretRotationDeps extends Omit<RotateSecretDeps, 'vault'> {
  readonly connections: ShownConnections;
  readonly applicationSecrets: ApplicationSecretDeps['secrets'];
}

/** New secrets beside old ones, in both directions (A5, B15). */
export function secretRotationOperations(deps: SecretRotationDeps): readonly Operation[] {
  const { connections } = deps;
  const request = (call: ApiCall, key: string) => ({
    key,
    rules: connections.rules,
    actor: call.caller.actor,
    authority: call.authority,
    origin: call.origin,
    expect: connections.expectation(call, key),
  });
  const base = '/tenants/{tenant}/connections/{key}/secret-rotation';
  return [
    operation({
      id: 'rotateConnectionSecret',
      method: 'POST',
      path: base,
      summary: 'Puts a connection’s new secret first; the one of before is tried when Okta refuses it',
      permission: 'connections.manage',
      body: named('RotateConnectionSecret', RotateConnectionSecret),
      answer: named('Connection', ConnectionSchemas.resource),
      async handle(call, { path, body: { newSecret } }) {
        const key = String(path['key']);
        const tools = { ...deps, vault: call.tenant.vault };
        await connections.afterwards(call, () =>
          rotateConnectionSecret(tools, call.tenant, { ...request(call, key), newSecret }),
        );
        return connections.answer(call, key);
      },
    }),
    operation({
      id: 'finishConnectionSecretRotation',
      method: 'POST',
      path: `${base}/finish`,
      summary: 'Drops a connection’s second secret; one that was used lately, only when that is confirmed',
      permission: 'connections.manage',
      body: named('FinishRotation', FinishRotation),
      answer: named('Connection', ConnectionSchemas.resource),
      async handle(call, { path, body: { confirm } }) {
        const key = String(path['key']);
        const tools = { ...deps, vault: call.tenant.vault };
        await connections.afterwards(call, () =>
          finishSecretRotation(tools, call.tenant, { ...request(call, key), confirm }),
        );
        return connections.answer(call, key);
      },
    }),
    operation({
      id: 'rotateApplicationSecret',
      method: 'POST',
      path: '/tenants/{tenant}/applications/{clientId}/secret-rotation',
      summary: 'Makes an application’s new secret, told this once; the one of before goes on for the overlap',
      permission: 'applications.manage',
      body: named('RotateApplicationSecret', RotateApplicationSecret),
      status: 201,
      answer: named('MadeApplicationSecret', MadeApplicationSecret),
      async handle(call, { path, body: { overlapSeconds = OVERLAP_SECONDS_DEFAULT } }) {
        const clientId = String(path['clientId']);
        const made = await connections.afterwards(call, () =>
          rotateSecret(
            { ...deps, secrets: deps.applicationSecrets },
            { slug: call.tenant.slug, clientId, overlapSeconds, actor: call.caller.actor },
          ),
        );
        return { body: { clientId, id: made.id, clientSecret: made.secret, overlapSeconds } };
      },
    }),
  ];
}
