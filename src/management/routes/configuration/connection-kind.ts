import type { JsonObject } from '../../../core/json.js';
import { NEW_CONNECTION_SETTINGS } from '../../../domain/configuration/defaults.js';
import { planOf } from '../../../domain/configuration/apply-tenant.js';
import type { ConfiguredTenant } from '../../../domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../../domain/configuration/desired.js';
import type { ConfigurationRules } from '../../../domain/configuration/rules.js';
import { connectionView } from '../../../domain/configuration/views.js';
import { readCandidate, subjectOf } from '../../../domain/connection/candidate.js';
import { isInOutage } from '../../../domain/connection/connection.js';
import { fingerprintOf } from '../../../domain/connection/fingerprint.js';
import type { ImpactStore } from '../../../domain/connection/lifecycle/impact.js';
import {
  judgeConnectionChange,
  waitsAsCandidate,
} from '../../../domain/connection/lifecycle/judge-change.js';
import { keepCandidate, type CandidateDeps } from '../../../domain/connection/lifecycle/keep-candidate.js';
import type { ConnectionLifecycle } from '../../../domain/connection/lifecycle/lifecycle.js';
import { requireReason, type FailedChecks } from '../../../domain/connection/lifecycle/turn-on-anyway.js';
import { failedChecks, type FailedChecksDeps } from '../../../domain/setup-link/failed-checks.js';
import { connectionAddresses, tenantAddresses } from '../../../domain/tenant/addresses.js';
import type { ApiCall } from '../../api/call.js';
import { ConnectionSchemas } from '../../contract/resources.js';
import { wantedList, type DesiredEntry, type DivertedChange, type EntryKind } from './entry-kind.js';
import { textOf } from './plain-kinds.js';
import { secretVersions, shownSecrets, withSecrets } from './secret-members.js';
import { shownLifecycle } from './shown-lifecycle.js';

const SECRETS = ['clientSecret', 'secondarySecret'];

const ADDRESSES = ['redirectUri', 'initiateLoginUri', 'postLogoutRedirectUri', 'jwksUri'];
const STATE = ['tested', 'testedAt', 'enforcedAt', 'candidate', 'outage'];

export interface ConnectionKindDeps extends CandidateDeps {
  readonly impacts: ImpactStore;
  readonly rules: ConfigurationRules;
  readonly failed: FailedChecksDeps;
}

/**
 * Links to upstreams. A new one is a draft; nobody signs in by what nobody has tested (A16), and what is served keeps its
 * upstream and client until others have passed a test.
 */
export function connectionKind(deps: ConnectionKindDeps): EntryKind {
  return {
    list: 'connections',
    address: 'connections',
    noun: 'Connection',
    words: 'connection',
    read: 'connections.read',
    manage: 'connections.manage',
    parameter: 'key',
    schemas: ConnectionSchemas,
    readOnly: ['id', 'version', ...ADDRESSES, ...STATE],
    moving: STATE,
    isConfirmed: true,
    show: ({ tenant, secrets, lifecycles, publicUrl }) =>
      tenant.configuration.connections
        .map((connection) => {
          const { key, members } = connectionView(connection);
          const { issuer } = tenantAddresses(publicUrl, tenant.configuration.tenant.slug);
          const lifecycle = lifecycles.get(key);
          return {
            id: key,
            body: {
              id: connection.id,
              key,
              ...members,
              ...shownSecrets(secrets.connections, key, SECRETS),
              version: connection.version,
              ...connectionAddresses(issuer, key),
              jwksUri: `${issuer}/connections/${key}/jwks.json`,
              ...shownLifecycle(lifecycle),
              outage: isInOutage(connection, deps.clock.now()) ? { ...connection.outage } : null,
            },
            version: {
              key,
              ...members,
              ...secretVersions(secrets.connections, key, SECRETS),
              candidate: candidateVersion(lifecycle),
            },
          };
        })
        .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    keep: ({ configuration }) => configuration.connections.map(({ key }) => ({ id: key, entry: { key } })),
    idOf: textOf('key'),
    create: (body) => ({ status: 'draft', ...withSecrets(body, SECRETS) }),
    change: (current, body, replace) => changed(current.id, body, replace),
    async judge(call, plan, current, { scope, confirm, reason }) {
      await judgeConnectionChange({ ...deps, vault: call.tenant.vault }, scope, { plan, current, confirm });
      const { setupLink } = call.caller;
      const failed: FailedChecks = (...asked) => failedChecks(deps.failed, setupLink, ...asked);
      await requireReason(failed, scope, { plan, current, reason });
    },
    instead: (call, change) => keptAsCandidate(deps, call, change),
  };
}

const changed = (key: string, body: DesiredEntry, replace: boolean): DesiredEntry => ({
  ...(replace ? { ...NEW_CONNECTION_SETTINGS, type: 'okta', name: key } : {}),
  ...withSecrets(body, SECRETS),
  key,
});

/** Whether it was tested is no part of it: who has read it, tests it and serves it with the same ETag. */
function candidateVersion(lifecycle: ConnectionLifecycle | undefined): JsonObject | null {
  if (lifecycle === undefined || lifecycle.candidate === null) return null;
  const { connection, secrets } = subjectOf(lifecycle, 'candidate');
  const { tested: _, ...content } = lifecycle.candidate;
  return { content, fingerprint: fingerprintOf(connection, secrets).toString('base64url') };
}

/** @returns whether the change was kept as the connection's candidate */
async function keptAsCandidate(
  deps: ConnectionKindDeps,
  call: ApiCall,
  { id, body, replace, expect }: DivertedChange,
): Promise<boolean> {
  const { slug } = call.tenant;
  const current = await deps.store.find(slug);
  const served = current?.configuration.connections.find(({ key }) => key === id);
  if (current === undefined || served === undefined) return false;
  const { target, faults } = planOf(
    deps,
    current,
    wantedWith(slug, current, changed(id, body, replace)),
    deps.rules,
  );
  const wanted = target.connections.find(({ key }) => key === id);
  // What is faulty is told by the plan that everything goes through.
  if (faults.length > 0 || wanted === undefined || !waitsAsCandidate(served, wanted)) return false;
  await keepCandidate(deps, slug, {
    key: id,
    rules: deps.rules,
    actor: call.caller.actor,
    origin: call.origin,
    async wanted(locked, lifecycle, scope) {
      await expect(locked, scope);
      const before = replace ? {} : candidateMembers(lifecycle);
      return wantedWith(slug, locked, { ...before, ...changed(id, body, replace) });
    },
  });
  return true;
}

/** A further change of a candidate is made to the candidate. */
function candidateMembers({ candidate }: ConnectionLifecycle): DesiredEntry {
  if (candidate === null) return {};
  const { type, issuer, settings } = readCandidate(candidate);
  return {
    ...(type === undefined ? {} : { type }),
    ...(issuer === undefined ? {} : { issuer }),
    ...settings,
  };
}

const wantedWith = (slug: string, current: ConfiguredTenant, entry: DesiredEntry): DesiredTenant =>
  wantedList(
    slug,
    'connections',
    current.configuration.connections.map(({ key }) => (key === entry['key'] ? entry : { key })),
  );
