import type { ApplicationId, ConnectionId, RoleId, TenantId } from '../../core/ids.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { actorCause } from '../audit/cause.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import { keptOut } from '../account/local-policy.js';
import { admitsSignIn } from '../connection/connection.js';
import { connectionSecretPlace, webhookSecretPlace } from '../keys/sealed-places.js';
import { endAccess, type AccessTarget, type EndReason } from '../session/end-access.js';
import type { ApplyDeps } from './apply-deps.js';
import type { Change, ChangeKind } from './change.js';
import type {
  ApplicationRecord,
  ConfigurationChange,
  ConnectionRecord,
  EntryWriter,
  Nameless,
  ScimTokenRecord,
} from './configuration-store.js';
import { addSigningKey } from './make-tenant.js';
import { parentIdOf } from './place-tenant.js';
import {
  needsSecret,
  type TargetApplication,
  type TargetConnection,
  type TargetScimToken,
  type TargetTenant,
} from './target.js';
import type { TenantConfiguration } from './tenant-configuration.js';
import { accessPolicyView, grantView, roleMappingView } from './views.js';

/** Secrets that an apply made: told once, in its answer. */
export interface MadeSecrets {
  readonly applications: Map<string, string>;
  /** Of webhooks, by clientId. */
  readonly webhooks: Map<string, string>;
  readonly scimTokens: Map<string, string>;
}

export interface WriteContext {
  readonly tenantId: TenantId;
  readonly target: TargetTenant;
  /** What was in force; undefined: the tenant was made in this transaction. */
  readonly current: TenantConfiguration | undefined;
  readonly auditTools: AuditTools;
  readonly actor: Actor;
  /** Where it was asked for, if that was a request. */
  readonly origin?: RequestOrigin;
  /** Ids that new entries without a name are to have, by kind and what they say: `roleMapping name:A -> admin`. */
  readonly idsOfNew?: ReadonlyMap<string, string>;
  /** Key of a connection whose people go along to its new issuer, proved to be the same organization. */
  readonly rejoins?: string | undefined;
  /** Why, in the words of who asked for it. */
  readonly reason?: string | undefined;
}

/** Takes the planned steps inside the transaction, with an audit event for each. */
export class ChangeWriter {
  readonly made: MadeSecrets = { applications: new Map(), webhooks: new Map(), scimTokens: new Map() };

  constructor(
    private readonly deps: ApplyDeps,
    private readonly unit: ConfigurationChange,
    private readonly context: WriteContext,
  ) {}

  async write(changes: readonly Change[]): Promise<void> {
    await this.unit.causedBy(actorCause(this.context.actor));
    for (const change of changes) {
      await this.#steps[change.kind](change);
      this.#audit(change);
    }
  }

  readonly #steps: Readonly<Record<ChangeKind, (change: Change) => Promise<void>>> = {
    tenant: (change) => this.#tenant(change),
    connection: (change) => this.#connection(change),
    role: (change) => this.#role(change),
    api: (change) => this.#api(change),
    application: (change) => this.#application(change),
    roleMapping: (change) => this.#roleMapping(change),
    accessPolicy: (change) => this.#accessPolicy(change),
    scimToken: (change) => this.#scimToken(change),
    grant: (change) => this.#grant(change),
  };

  async #tenant(change: Change): Promise<void> {
    const { target } = this.context;
    const concernsRow = change.changes.some((member) => member !== 'domains');
    if (change.action === 'update' && concernsRow) {
      const parentId = await parentIdOf(
        this.unit,
        target.parent,
        this.context.current?.tenant.parentId ?? null,
      );
      const { name, status, settings } = target;
      // Before the row is changed: what ends is at the issuer of the parent that was.
      if (change.changes.includes('parent')) await this.#endAccess({ above: 'all' }, 'parent_changed');
      await this.unit.updateTenant({ name, status, parentId, settings });
      const kept = keptOut(this.context.current?.tenant.settings.localSignIn, settings.localSignIn);
      if (kept !== undefined) await this.#endAccess({ local: kept }, 'local_sign_in_off');
    }
    // Also when it ends: for a second after it began, a node may not have known of it yet and let somebody in.
    if (change.action === 'update' && change.changes.includes('status'))
      await this.#endAccess({ tenant: 'all' }, 'tenant_suspended');
    if (change.action === 'create' || change.changes.includes('domains'))
      await this.unit.replaceDomains(target.domains);
  }

  async #connection(change: Change): Promise<void> {
    const known = this.context.current?.connections.find((connection) => connection.key === change.key);
    const wanted = this.context.target.connections.find((connection) => connection.key === change.key);
    if (wanted === undefined) {
      if (known === undefined) return;
      await this.#endAccess({ connection: known.id }, 'connection_deleted');
      await this.unit.entries.connections.delete(known);
      return;
    }
    const hasNewIssuer = known !== undefined && known.issuer !== wanted.issuer;
    const id = known?.id ?? this.deps.ids.uuid<ConnectionId>();
    // People are known by issuer and subject: those of another issuer are strangers here.
    const version = (known?.version ?? 1) + (hasNewIssuer ? 1 : 0);
    const record = this.#connectionRecord(wanted, { id, version }, change);
    if (known === undefined) await this.unit.entries.connections.create(record);
    else await this.unit.entries.connections.update(record);
    if (hasNewIssuer && this.context.rejoins === change.key)
      await this.unit.rejoinPeople(id, { from: known.version, to: version, issuer: wanted.issuer });
    else if (hasNewIssuer) await this.#endAccess({ connection: id }, 'connection_changed');
    else if (known !== undefined && admitsSignIn(known) && !admitsSignIn(record))
      await this.#endAccess({ connection: id }, 'connection_disabled');
    await this.#giveSigningKey(record, known?.settings.clientAuth);
  }

  #connectionRecord(
    wanted: TargetConnection,
    identity: Pick<ConnectionRecord, 'id' | 'version'>,
    change: Change,
  ): ConnectionRecord {
    const { clientSecret: first, secondarySecret: second, ...rest } = wanted;
    // One that stays is not sealed anew: it keeps its age, and the connection counts as tested with it.
    const isNew = (member: string): boolean => change.action === 'create' || change.changes.includes(member);
    const clientSecret = isNew('clientSecret') ? first : undefined;
    const secondarySecret = isNew('secondarySecret') ? second : undefined;
    const seal = (member: 'clientSecret' | 'secondarySecret', value: string | null): string | null =>
      value === null
        ? null
        : this.context.auditTools.vault.seal(
            connectionSecretPlace(this.context.tenantId, identity.id, member),
            value,
          );
    return {
      ...rest,
      ...identity,
      ...(clientSecret === undefined ? {} : { clientSecret: seal('clientSecret', clientSecret) }),
      ...(secondarySecret === undefined ? {} : { secondarySecret: seal('secondarySecret', secondarySecret) }),
    };
  }

  /** A connection that begins to authenticate by `private_key_jwt` gets a key, unless it had one before. */
  async #giveSigningKey(record: ConnectionRecord, before: string | undefined): Promise<void> {
    if (record.settings.clientAuth !== 'private_key_jwt' || before === 'private_key_jwt') return;
    if (this.unit.current?.signingKeys.some((key) => key.connectionId === record.id)) return;
    const owner = { tenantId: this.context.tenantId, alg: 'RS256', connectionId: record.id } as const;
    await addSigningKey(this.deps, this.unit, this.context.auditTools.vault, owner);
  }

  async #role(change: Change): Promise<void> {
    const known = this.context.current?.roles.find((role) => role.key === change.key);
    const wanted = this.context.target.roles.find((role) => role.key === change.key);
    const id = known?.id ?? this.deps.ids.uuid<RoleId>();
    await put(this.unit.entries.roles, known, wanted && { ...wanted, id });
  }

  async #api(change: Change): Promise<void> {
    const known = this.context.current?.apis.find((api) => api.identifier === change.key);
    const wanted = this.context.target.apis.find((api) => api.identifier === change.key);
    const id = known?.id ?? this.deps.ids.uuid();
    await put(this.unit.entries.apis, known, wanted && { ...wanted, id });
  }

  async #application(change: Change): Promise<void> {
    const known = this.context.current?.applications.find((one) => one.clientId === change.key);
    const wanted = this.context.target.applications.find((one) => one.clientId === change.key);
    if (wanted === undefined) {
      if (known === undefined) return;
      await this.#endAccess({ application: known.clientId }, 'application_deleted');
      await this.unit.entries.applications.delete(known);
      return;
    }
    const { clientSecret, secondarySecret, deviceWebhookSecret: _, ...rest } = wanted;
    const id = known?.id ?? this.deps.ids.uuid<ApplicationId>();
    const getsSecret =
      known === undefined
        ? clientSecret !== undefined || needsSecret(wanted)
        : change.changes.includes('clientSecret');
    const secret = clientSecret ?? (getsSecret ? this.deps.keys.createSecret() : undefined);
    if (getsSecret && clientSecret === undefined && secret !== undefined)
      this.made.applications.set(wanted.clientId, secret);
    const record = {
      ...rest,
      id,
      // Taken over by an operator: whoever registered it can't change it any more.
      ...(known?.source === 'registration' && wanted.source === 'operator' ? { registration: null } : {}),
      ...(getsSecret && secret !== undefined
        ? { secret: { id: this.deps.ids.uuid(), hash: this.deps.keys.hash(secret) } }
        : {}),
      ...this.#secondSecret(change, secondarySecret ?? null),
      ...this.#webhookSecret(change, wanted, id),
    };
    if (known === undefined) await this.unit.entries.applications.create(record);
    else await this.unit.entries.applications.update(record);
  }

  /** Sealed; made where the file gives none; taken away with the address that it was for. */
  #webhookSecret(
    change: Change,
    { clientId, settings, deviceWebhookSecret }: TargetApplication,
    applicationId: ApplicationId,
  ): Pick<ApplicationRecord, 'webhookSecret'> {
    const isWanted = settings.deviceWebhookUri !== null;
    const isChanged = change.action === 'create' ? isWanted : change.changes.includes('deviceWebhookSecret');
    if (!isChanged) return {};
    if (!isWanted) return { webhookSecret: null };
    const secret = deviceWebhookSecret ?? this.deps.keys.createWebhookSecret();
    if (deviceWebhookSecret === undefined) this.made.webhooks.set(clientId, secret);
    const place = webhookSecretPlace(this.context.tenantId, applicationId);
    return { webhookSecret: this.context.auditTools.vault.seal(place, secret) };
  }

  #secondSecret(change: Change, value: string | null): Pick<ApplicationRecord, 'secondarySecret'> {
    if (value === null) return change.changes.includes('secondarySecret') ? { secondarySecret: null } : {};
    if (change.action === 'update' && !change.changes.includes('secondarySecret')) return {};
    return { secondarySecret: { id: this.deps.ids.uuid(), hash: this.deps.keys.hash(value) } };
  }

  async #scimToken(change: Change): Promise<void> {
    const known = this.context.current?.scimTokens.find((token) => token.name === change.key);
    const wanted = this.context.target.scimTokens.find((token) => token.name === change.key);
    if (wanted === undefined || known !== undefined || wanted.token !== undefined) {
      const id = known?.id ?? this.deps.ids.uuid();
      await put(this.unit.entries.scimTokens, known, wanted && { ...this.#scimTokenRecord(wanted), id });
      return;
    }
    const fresh = this.deps.keys.createToken('scim');
    this.made.scimTokens.set(wanted.name, fresh.token);
    await this.unit.entries.scimTokens.create({ ...wanted, id: fresh.id, hash: fresh.hash });
  }

  #scimTokenRecord({ token, ...rest }: TargetScimToken): Omit<ScimTokenRecord, 'id'> {
    return { ...rest, ...(token === undefined ? {} : { hash: this.deps.keys.hash(token) }) };
  }

  async #roleMapping(change: Change): Promise<void> {
    const { roleMappings } = this.unit.entries;
    await this.#nameless(change, 'roleMappings', (mapping) => roleMappingView(mapping).key, roleMappings);
  }

  async #accessPolicy(change: Change): Promise<void> {
    const { accessPolicies } = this.unit.entries;
    await this.#nameless(change, 'accessPolicies', (policy) => accessPolicyView(policy).key, accessPolicies);
  }

  async #grant(change: Change): Promise<void> {
    await this.#nameless(change, 'grants', (grant) => grantView(grant).key, this.unit.entries.grants);
  }

  /** Entries whose key is their content, so that they are found by it. */
  async #nameless<L extends 'roleMappings' | 'accessPolicies' | 'grants'>(
    change: Change,
    list: L,
    keyOf: (entry: TargetTenant[L][number]) => string,
    writer: EntryWriter<Nameless<TargetTenant[L][number]>>,
  ): Promise<void> {
    const name = `${change.kind} ${change.key}`;
    const id =
      this.unit.current?.namelessIds.get(name) ?? this.context.idsOfNew?.get(name) ?? this.deps.ids.uuid();
    const find = (entries: readonly TargetTenant[L][number][] | undefined) => {
      const found = entries?.find((entry) => keyOf(entry) === change.key);
      return found && { ...found, id };
    };
    await put(writer, find(this.context.current?.[list]), find(this.context.target[list]));
  }

  async #endAccess(target: AccessTarget, reason: EndReason): Promise<void> {
    const { auditTools, actor } = this.context;
    await endAccess({ ...this.deps, auditTools }, this.unit.scope, { target, reason, actor });
  }

  #audit(change: Change): void {
    const { auditTools, actor, tenantId, origin = NO_ORIGIN, reason } = this.context;
    const noun = change.kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const entry = auditEntry({
      action: `${noun}.${VERBS[change.action]}`,
      actor,
      origin,
      target: `${noun}:${change.key}`,
      connection: change.kind === 'connection' ? change.key : null,
      application: change.kind === 'application' ? change.key : null,
      details: {
        before: change.before,
        after: change.after,
        ...(reason === undefined ? {} : { reason }),
      },
    });
    this.deps.audit.append(this.unit.scope, [recordOf(tenantId, entry, auditTools)]);
  }
}

/** Brings one entry from what it is to what it is to be. */
async function put<T>(writer: EntryWriter<T>, known: T | undefined, wanted: T | undefined): Promise<void> {
  if (wanted === undefined) {
    if (known !== undefined) await writer.delete(known);
  } else if (known === undefined) await writer.create(wanted);
  else await writer.update(wanted);
}

const VERBS = { create: 'created', update: 'updated', delete: 'deleted' } as const;
