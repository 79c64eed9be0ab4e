import { canonicalJson, type JsonObject } from '../../core/json.js';
import { CHANGE_KINDS, type Change, type ChangeKind } from './change.js';
import type { KnownSecrets } from './rules.js';
import { needsSecret, type TargetApplication, type TargetTenant } from './target.js';
import type { TenantConfiguration } from './tenant-configuration.js';
import {
  accessPolicyView,
  apiView,
  applicationView,
  connectionView,
  grantView,
  roleMappingView,
  roleView,
  scimTokenView,
  tenantPart,
  tenantView,
  type View,
} from './views.js';

/** What stands for a secret in an audit event. */
const SECRET_CHANGED = '[secret changed]';

export type Views = Readonly<Record<ChangeKind, readonly View[]>>;

/** The steps from what is in force to the target, in the order in which they can be taken. */
export function compareTenant(
  current: TenantConfiguration | undefined,
  target: TargetTenant,
  secrets: KnownSecrets,
): readonly Change[] {
  const before = current === undefined ? undefined : viewsOf({ ...current, ...tenantPart(current) });
  const after = viewsOf(target);
  const changedSecrets = secretChanges(target, secrets);
  const changes = CHANGE_KINDS.map((kind) =>
    compareKind(kind, before?.[kind] ?? [], after[kind], {
      tenant: target.slug,
      secretsOf: (key) => changedSecrets.get(`${kind} ${key}`) ?? [],
    }),
  );
  const deletions = changes.toReversed().flatMap((list) => list.filter(isDeletion));
  return [
    ...deletions.filter((change) => change.kind !== 'connection'),
    ...changes.flatMap((list) => list.filter((change) => !isDeletion(change))),
    // Last, because a SCIM token may move to another connection before its own goes.
    ...deletions.filter((change) => change.kind === 'connection'),
  ];
}

const isDeletion = (change: Change): boolean => change.action === 'delete';

type Listed = Omit<TargetTenant, 'connections' | 'applications' | 'scimTokens'> & {
  readonly connections: readonly Parameters<typeof connectionView>[0][];
  readonly applications: readonly Parameters<typeof applicationView>[0][];
  readonly scimTokens: readonly Parameters<typeof scimTokenView>[0][];
};

/** All entries of a configuration, by kind, in the words of the file. */
export function viewsOf(tenant: Listed): Views {
  // Of two APIs that change places as the default one, the old one must step down first.
  const apis = tenant.apis.toSorted((one, other) => Number(one.isDefault) - Number(other.isDefault));
  return {
    tenant: [tenantView(tenant)],
    connection: tenant.connections.map(connectionView),
    role: tenant.roles.filter((role) => !role.key.startsWith('console:')).map(roleView),
    api: apis.map(apiView),
    application: tenant.applications.map(applicationView),
    roleMapping: tenant.roleMappings.map(roleMappingView),
    accessPolicy: tenant.accessPolicies.map(accessPolicyView),
    scimToken: tenant.scimTokens.map(scimTokenView),
    grant: tenant.grants.map(grantView),
  };
}

/** Secrets that are not as the target wants them: `kind key` → members. */
function secretChanges(target: TargetTenant, secrets: KnownSecrets): ReadonlyMap<string, readonly string[]> {
  const changed = new Map<string, string[]>();
  const note = (entry: string, member: string): void => {
    changed.set(entry, [...(changed.get(entry) ?? []), member]);
  };
  for (const connection of target.connections) {
    for (const member of ['clientSecret', 'secondarySecret'] as const) {
      const value = connection[member];
      const place = { connection: connection.key, member };
      if (value === undefined) continue;
      if (value === null ? secrets.has(place) : !secrets.holds(place, value))
        note(`connection ${connection.key}`, member);
    }
  }
  for (const application of target.applications) {
    const place = { application: application.clientId };
    const { clientSecret } = application;
    const isMissing = clientSecret === undefined && needsSecret(application) && !secrets.has(place);
    const isChanged = clientSecret !== undefined && !secrets.holds(place, clientSecret);
    if (isMissing || isChanged) note(`application ${application.clientId}`, 'clientSecret');
    const second = { ...place, slot: 'secondary' } as const;
    // Another first secret ends all others, but for a second one that the file names.
    const { secondarySecret = isChanged ? null : undefined } = application;
    if (secondarySecret === undefined) continue;
    if (secondarySecret === null ? secrets.has(second) : !secrets.holds(second, secondarySecret))
      note(`application ${application.clientId}`, 'secondarySecret');
  }
  for (const application of target.applications)
    if (changesWebhookSecret(application, secrets))
      note(`application ${application.clientId}`, 'deviceWebhookSecret');
  for (const { name, token } of target.scimTokens) {
    const place = { scimToken: name };
    if (token === undefined ? !secrets.has(place) : !secrets.holds(place, token))
      note(`scimToken ${name}`, 'token');
  }
  return changed;
}

/** Where nothing is told, no secret is kept. */
function changesWebhookSecret(
  { clientId, settings, deviceWebhookSecret }: TargetApplication,
  secrets: KnownSecrets,
): boolean {
  const place = { webhook: clientId };
  if (settings.deviceWebhookUri === null) return secrets.has(place);
  return deviceWebhookSecret === undefined ? !secrets.has(place) : !secrets.holds(place, deviceWebhookSecret);
}

interface KindContext {
  readonly tenant: string;
  readonly secretsOf: (key: string) => readonly string[];
}

function compareKind(
  kind: ChangeKind,
  before: readonly View[],
  after: readonly View[],
  context: KindContext,
): readonly Change[] {
  const old = new Map(before.map((view) => [view.key, view]));
  const wanted = new Set(after.map((view) => view.key));
  const deleted = before
    .filter((view) => !wanted.has(view.key))
    .map((view) => step('delete', kind, context.tenant, view.key, { before: view.members }));
  const others = after.flatMap((view) => {
    const secretMembers = context.secretsOf(view.key);
    const known = old.get(view.key);
    if (known !== undefined) return updateOf(kind, known, view, secretMembers, context.tenant);
    const members = { ...view.members, ...placeholders(secretMembers) };
    return [step('create', kind, context.tenant, view.key, { after: members })];
  });
  return [...deleted, ...others];
}

function updateOf(
  kind: ChangeKind,
  known: View,
  view: View,
  secretMembers: readonly string[],
  tenant: string,
): readonly Change[] {
  const differing = Object.keys(view.members).filter(
    (member) => canonicalJson(known.members[member] ?? null) !== canonicalJson(view.members[member] ?? null),
  );
  const changes = [...differing, ...secretMembers].toSorted();
  if (changes.length === 0) return [];
  const pick = (members: JsonObject): JsonObject =>
    Object.fromEntries(differing.map((member) => [member, members[member] ?? null]));
  const parts = {
    before: pick(known.members),
    after: { ...pick(view.members), ...placeholders(secretMembers) },
  };
  return [{ ...step('update', kind, tenant, view.key, parts), changes }];
}

const placeholders = (members: readonly string[]): JsonObject =>
  Object.fromEntries(members.map((member) => [member, SECRET_CHANGED]));

function step(
  action: Change['action'],
  kind: ChangeKind,
  tenant: string,
  key: string,
  parts: Partial<Pick<Change, 'before' | 'after'>>,
): Change {
  return { action, kind, tenant, key, changes: [], before: parts.before ?? null, after: parts.after ?? null };
}
