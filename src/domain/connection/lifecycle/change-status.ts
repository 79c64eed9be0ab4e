import { DomainError } from '../../../core/errors.js';
import type { Authority } from '../../account/owners.js';
import type { Actor, RequestOrigin } from '../../audit/audit-event.js';
import { changeTenant } from '../../configuration/change-tenant.js';
import type { ConfigurationRules } from '../../configuration/rules.js';
import type { Vault } from '../../keys/vault.js';
import type { ConnectionStatus } from '../connection.js';
import type { ImpactStore } from './impact.js';
import { judgeConnectionChange } from './judge-change.js';
import type { CandidateDeps } from './keep-candidate.js';
import { requireReason, type FailedChecks } from './turn-on-anyway.js';

export interface ChangeStatusDeps extends CandidateDeps {
  readonly impacts: ImpactStore;
  readonly vault: Vault;
  readonly failedChecks: FailedChecks;
}

export interface ChangeStatus {
  readonly key: string;
  readonly status: ConnectionStatus;
  /** `confirmation` of the impact that was seen. */
  readonly confirm: string | undefined;
  /** Why it is turned on though checks of it are red. */
  readonly reason: string | undefined;
  readonly rules: ConfigurationRules;
  readonly actor: Actor;
  readonly authority: Authority;
  readonly origin: RequestOrigin;
}

/**
 * Takes a connection to another state, by the rules that hold for a change of one connection wherever it comes from (A16).
 * @returns whether it wasn't in that state already
 * @throws DomainError `not_found`; `conflict` with detail `problem` `not_tested`; ConfirmationRequired
 */
export async function changeConnectionStatus(
  deps: ChangeStatusDeps,
  { slug }: { readonly slug: string },
  { key, status, confirm, ...asked }: ChangeStatus,
): Promise<boolean> {
  const { changes } = await changeTenant(deps, slug, {
    ...asked,
    wanted(current) {
      const connections = current?.configuration.connections ?? [];
      if (connections.every((one) => one.key !== key))
        throw new DomainError('not_found', `There is no connection '${key}'.`);
      return {
        path: '',
        slug,
        connections: connections.map((one) => (one.key === key ? { key, status } : { key: one.key })),
      };
    },
    async judge(plan, current, { scope }) {
      if (current === undefined) return;
      await judgeConnectionChange(deps, scope, { plan, current, confirm });
      await requireReason(deps.failedChecks, scope, { plan, current, reason: asked.reason });
    },
  });
  return changes.length > 0;
}
