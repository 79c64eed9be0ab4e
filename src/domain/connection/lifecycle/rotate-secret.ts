import { DomainError } from '../../../core/errors.js';
import type { TenantId } from '../../../core/ids.js';
import type { TenantScope } from '../../../core/scope.js';
import type { Authority } from '../../account/owners.js';
import type { Actor, RequestOrigin } from '../../audit/audit-event.js';
import { changeTenant } from '../../configuration/change-tenant.js';
import type { ConfiguredTenant } from '../../configuration/configuration-store.js';
import type { DesiredConnection, DesiredTenant } from '../../configuration/desired.js';
import type { ConfigurationRules } from '../../configuration/rules.js';
import { connectionSecretPlace } from '../../keys/sealed-places.js';
import type { Vault } from '../../keys/vault.js';
import type { Connection } from '../connection.js';
import type { ImpactStore } from './impact.js';
import { judgeConnectionChange } from './judge-change.js';
import type { CandidateDeps } from './keep-candidate.js';

export interface RotateSecretDeps extends CandidateDeps {
  readonly impacts: ImpactStore;
  readonly vault: Vault;
}

export interface RotateConnectionSecret {
  readonly key: string;
  readonly rules: ConfigurationRules;
  readonly actor: Actor;
  readonly authority: Authority;
  readonly origin: RequestOrigin;
  /** Called under the lock. */
  readonly expect: (current: ConfiguredTenant, scope: TenantScope) => Promise<void>;
}

interface Tenant {
  readonly id: TenantId;
  readonly slug: string;
}

/**
 * Puts a connection's new secret first; the one of before stays as the second, with its age, and is tried when the upstream
 * refuses the first: so it doesn't matter which side changes first.
 * @throws DomainError `not_found`; `conflict` when the connection has two secrets already, or proves itself by a key
 */
export async function rotateConnectionSecret(
  deps: RotateSecretDeps,
  tenant: Tenant,
  request: RotateConnectionSecret & { readonly newSecret: string },
): Promise<void> {
  const { key, newSecret } = request;
  let before: { readonly updatedAt: Date | null; readonly usedAt: Date | null } | undefined;
  await changeTenant(deps, tenant.slug, {
    ...request,
    wanted(current) {
      const { connection, open } = connectionIn(current, key, deps.vault);
      if (connection.settings.clientAuth === 'private_key_jwt')
        throw new DomainError(
          'conflict',
          'The connection proves itself by a key: rotate that (POST …/keys/rotate).',
        );
      if (open('secondarySecret') !== null)
        throw new DomainError(
          'conflict',
          'The connection has two secrets already: finish that rotation first.',
        );
      const old = open('clientSecret');
      if (old === newSecret)
        throw new DomainError('conflict', 'That is the secret that the connection has already.');
      return wantedWith(tenant.slug, current, { key, clientSecret: newSecret, secondarySecret: old });
    },
    async judge(_plan, current, unit) {
      if (current !== undefined) await request.expect(current, unit.scope);
      const lifecycle = (await deps.lifecycles.readHere(unit.scope)).get(key);
      before = lifecycle && {
        updatedAt: lifecycle.secretUpdatedAt,
        usedAt: lifecycle.secretsUsedAt.clientSecret,
      };
    },
    async finish(unit) {
      const id = unit.current?.configuration.connections.find((one) => one.key === key)?.id;
      if (id !== undefined && before !== undefined)
        await deps.lifecycles.ageSecondSecret(unit.scope, id, before);
    },
  });
}

/**
 * Ends the overlap: the second secret goes. One that was used lately goes only when that is confirmed.
 * @throws DomainError `not_found`; `conflict` when there is no second secret; ConfirmationRequired
 */
export async function finishSecretRotation(
  deps: RotateSecretDeps,
  tenant: Tenant,
  request: RotateConnectionSecret & { readonly confirm: string | undefined },
): Promise<void> {
  const { key, confirm } = request;
  await changeTenant(deps, tenant.slug, {
    ...request,
    wanted(current) {
      const { open } = connectionIn(current, key, deps.vault);
      if (open('secondarySecret') === null)
        throw new DomainError('conflict', 'The connection has no second secret: no rotation is under way.');
      return wantedWith(tenant.slug, current, { key, secondarySecret: null });
    },
    async judge(plan, current, { scope }) {
      if (current === undefined) return;
      await request.expect(current, scope);
      await judgeConnectionChange(deps, scope, { plan, current, confirm });
    },
  });
}

function connectionIn(
  current: ConfiguredTenant | undefined,
  key: string,
  vault: Vault,
): {
  readonly connection: Connection;
  readonly open: (member: 'clientSecret' | 'secondarySecret') => string | null;
} {
  const connection = current?.configuration.connections.find((one) => one.key === key);
  if (current === undefined || connection === undefined)
    throw new DomainError('not_found', `There is no connection '${key}'.`);
  const sealed = current.connectionSecrets.find(({ connectionId }) => connectionId === connection.id);
  const place = (member: 'clientSecret' | 'secondarySecret') =>
    connectionSecretPlace(current.configuration.tenant.id, connection.id, member);
  return {
    connection,
    open(member) {
      const value = sealed?.[member] ?? null;
      return value === null ? null : vault.open(place(member), value);
    },
  };
}

function wantedWith(
  slug: string,
  current: ConfiguredTenant | undefined,
  entry: DesiredConnection,
): DesiredTenant {
  const all = current?.configuration.connections ?? [];
  return { path: '', slug, connections: all.map(({ key }) => (key === entry.key ? entry : { key })) };
}
