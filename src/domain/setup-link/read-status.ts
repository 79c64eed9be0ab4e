import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { Connection } from '../connection/connection.js';
import type { CheckId } from '../connection/testing/check.js';
import { remindersOf, type Reminder } from './reminders.js';
import { scimLadder } from './scim-ladder.js';
import { stepsOf, type SetupLink, type SetupStep } from './setup-link.js';
import { toldCheck, type SetupCheck, type SetupSeen, type SetupStatusStore } from './setup-status.js';

/** `needs_attention`: a check of it failed or is worth a look. `to_do`: it comes after the present one. */
export type SetupStepState = 'done' | 'now' | 'needs_attention' | 'skipped' | 'to_do';

export interface SetupStatus {
  readonly steps: readonly { readonly id: SetupStep; readonly state: SetupStepState }[];
  readonly checks: readonly SetupCheck[];
  /** The connection's last test; null: none. */
  readonly testId: string | null;
  readonly reminders: readonly Reminder[];
}

/** At which step the checks of a test are looked at. */
const STEP_OF_CHECK: Readonly<Record<CheckId, SetupStep>> = {
  address: 'values',
  discovery: 'values',
  clock: 'values',
  client: 'values',
  keys: 'values',
  client_authentication: 'values',
  secondary_secret: 'values',
  callback: 'values',
  introspection: 'values',
  sign_in: 'test',
  person: 'test',
  claims: 'test',
  groups: 'groups',
  assurance: 'test',
  sign_out: 'test',
};

/** How far a set-up has come: of everything that is there to see, whoever did it. */
export async function readSetupStatus(
  { status, now }: { readonly status: Pick<SetupStatusStore, 'read'>; readonly now: () => Date },
  link: SetupLink,
  configuration: TenantConfiguration,
  publicUrl: string,
): Promise<SetupStatus> {
  const connection = configuration.connections.find(({ key }) => key === link.connection);
  const seen =
    connection === undefined
      ? undefined
      : await status.read(link.tenantId, connection, link.openedAt ?? link.createdAt);
  const steps = stepsOf(link.parts);
  const all = [
    publicAddress(publicUrl),
    ...(seen === undefined ? [] : testChecks(seen)),
    mappings(configuration, seen),
    ...provisioning(link, { connection, seen, now: now() }),
    LOGOUT,
    ...domains(configuration, link),
    handOver(connection),
  ];
  const checks = all.filter(({ step }) => steps.includes(step));
  return {
    steps: statesOf(steps, checks, link, connection),
    checks,
    testId: seen?.test?.id ?? null,
    reminders: remindersOf(seen?.secrets ?? []),
  };
}

function publicAddress(publicUrl: string): SetupCheck {
  const isPublic = publicUrl.startsWith('https:');
  return {
    id: 'public_address',
    step: 'app',
    status: isPublic ? 'passed' : 'warning',
    seen: isPublic
      ? 'This deployment has an HTTPS address.'
      : `Okta can't reach ${publicUrl}. The operator must set a public HTTPS address; you can go on with sign-in only.`,
  };
}

/** The checks of a connection's last test. */
export function testChecks({ test }: Pick<SetupSeen, 'test'>): readonly SetupCheck[] {
  if (test === undefined)
    return (['values', 'test'] as const).map((step) => ({
      id: step === 'values' ? 'discovery' : 'sign_in',
      step,
      status: 'not_tried',
      seen: 'The connection has not been tested yet.',
    }));
  // Of a test that counts no more, what was seen is told, and that it is old.
  const isOld = test.state === 'superseded' || test.state === 'expired';
  const probing = test.state === 'probing' ? [PROBING] : [];
  const told = test.report.checks.map((check) => {
    const status = isOld && check.status !== 'failed' ? 'not_tried' : check.status;
    const isWaiting = check.id === 'sign_in' && test.state === 'waiting';
    return toldCheck({
      ...check,
      step: STEP_OF_CHECK[check.id],
      status: isWaiting ? 'waiting' : status,
      seen: isOld ? `${check.seen} (that test is over: run it again)` : check.seen,
    });
  });
  return [...told, ...probing];
}

const PROBING: SetupCheck = {
  id: 'probing',
  step: 'values',
  status: 'waiting',
  seen: 'Okta is being asked.',
};

function mappings({ roleMappings }: TenantConfiguration, seen: SetupSeen | undefined): SetupCheck {
  const own = roleMappings.filter(({ role }) => !role.startsWith('console:'));
  const known = new Set(seen?.groupsSeen ?? []);
  const unseen = own.flatMap(({ group }) => ('name' in group && !known.has(group.name) ? [group.name] : []));
  const base = { id: 'role_mappings', step: 'mapping' } as const;
  if (own.length === 0) return { ...base, status: 'waiting', seen: 'No group gives a role yet.' };
  if (unseen.length > 0)
    return {
      ...base,
      status: 'warning',
      seen: `Not seen yet: ${[...new Set(unseen)].slice(0, 5).join(', ')}. They count as soon as Okta sends them.`,
    };
  return { ...base, status: 'passed', seen: `${own.length} of the tenant's mappings give roles.` };
}

function provisioning(
  { progress }: SetupLink,
  about: {
    readonly connection: Connection | undefined;
    readonly seen: SetupSeen | undefined;
    readonly now: Date;
  },
): readonly SetupCheck[] {
  const { connection, seen, now } = about;
  if (connection?.settings.federationBrokerMode === true)
    return [
      {
        id: 'scim_token',
        step: 'provisioning',
        status: 'not_applicable',
        seen: 'Federation Broker Mode stays on: Okta then offers neither provisioning nor Universal Logout.',
      },
    ];
  if (seen === undefined)
    return [
      {
        id: 'scim_token',
        step: 'provisioning',
        status: 'not_tried',
        seen: 'The connection is not there yet.',
      },
    ];
  const tokenAt = progress.scimTokenAt === null ? null : new Date(progress.scimTokenAt);
  return scimLadder(seen.scim, { tokenAt, replaced: progress.scimTokens.slice(0, -1), now });
}

const LOGOUT: SetupCheck = {
  id: 'universal_logout',
  step: 'logout',
  status: 'not_applicable',
  seen: 'Universal Logout is not available in this version. SCIM already ends access on unassignment.',
};

function domains(configuration: TenantConfiguration, link: SetupLink): readonly SetupCheck[] {
  if (configuration.domains.length === 0)
    return [{ id: 'domains', step: 'domains', status: 'waiting', seen: 'The tenant has no domain yet.' }];
  const open = configuration.domains.filter(
    ({ verified, connection }) => !verified && (connection ?? link.connection) === link.connection,
  );
  if (open.length === 0)
    return [{ id: 'domains', step: 'domains', status: 'passed', seen: 'All domains are verified.' }];
  return open.slice(0, 50).map(({ name }) => ({
    id: `domain:${name}`,
    step: 'domains',
    status: 'waiting',
    seen: `${name} does not say in DNS yet whose it is.`,
  }));
}

function handOver(connection: Connection | undefined): SetupCheck {
  const isOn = connection?.status === 'enabled' || connection?.status === 'enforced';
  return {
    id: 'connection',
    step: 'hand-over',
    status: isOn ? 'passed' : 'waiting',
    seen: isOn
      ? 'People sign in by this connection.'
      : connection === undefined
        ? 'The connection has not been made yet.'
        : 'Nobody signs in by this connection yet.',
  };
}

function statesOf(
  steps: readonly SetupStep[],
  checks: readonly SetupCheck[],
  { progress }: SetupLink,
  connection: Connection | undefined,
): SetupStatus['steps'] {
  const isHidden = connection?.settings.federationBrokerMode === true;
  const states = steps.map((id) => {
    const own = checks.filter(({ step }) => step === id);
    const has = (...statuses: readonly SetupCheck['status'][]): boolean =>
      own.some(({ status }) => statuses.includes(status));
    const isSkipped =
      progress.skipped.includes(id) || (isHidden && (id === 'provisioning' || id === 'logout'));
    if (isSkipped) return { id, state: 'skipped' } as const;
    if (has('failed') || (has('warning') && id !== 'app')) return { id, state: 'needs_attention' } as const;
    const isProved = has('passed') && !has('waiting', 'not_tried');
    const isDone = progress.done.includes(id) || (isProved && id !== 'app');
    return { id, state: isDone ? 'done' : 'to_do' } as const;
  });
  // Where its holder is; what comes next, where that is done.
  const open = states.filter(({ state }) => state === 'to_do');
  const present = open.find(({ id }) => id === progress.step) ?? open[0];
  return states.map((step) => (step === present ? { ...step, state: 'now' } : step));
}
