import type { KeyObject } from 'node:crypto';
import { addSecret, createApp, type App, type AppSeed, type ClientSecret } from './apps.js';
import { ChangeFeed } from './changes.js';
import { OrgClock } from './clock.js';
import { ApiError } from './errors.js';
import { ActiveFailures, type FailureId, type FailureOptions } from './failures/failures.js';
import { GrantStore } from './grants.js';
import { oktaId } from './ids.js';
import type { KeyRing } from './keys.js';
import {
  crowd,
  Directory,
  type Group,
  type GroupSeed,
  type User,
  type UserSeed,
  type UserStatus,
} from './people.js';
import { ProvisioningAgent } from './provisioning/agent.js';
import { RequestLog, type RequestRecord } from './request-log.js';
import {
  createCustomServer,
  createOrgServer,
  type AuthorizationServer,
  type CustomServer,
  type OrgServer,
  type ServerSeed,
} from './servers.js';
import { SessionStore } from './sessions.js';
import { DEFAULT_SETTINGS, type OrgSettings } from './settings.js';
import { say, type SentenceId } from './wording.js';

export interface ApiToken {
  readonly value: string;
  readonly name: string;
  /** The role of the admin who made it: a group admin doesn't see Everyone. */
  readonly role: 'READ_ONLY_ADMIN' | 'GROUP_ADMIN';
}

export interface OktaOrgConfig {
  /** Scheme, host and port of the org: the issuer of its own authorization server. */
  readonly issuer: string;
  readonly orgName?: string;
  /** A custom URL domain of the same org (scheme, host, port), served by the same process. */
  readonly customDomain?: string;
  readonly groups?: readonly GroupSeed[];
  readonly users?: readonly UserSeed[];
  readonly apps?: readonly AppSeed[];
  /** Custom authorization servers; left out: one called `default` that lets all clients in. */
  readonly authorizationServers?: readonly ServerSeed[];
  readonly identityProviders?: readonly { readonly id?: string; readonly name: string }[];
  readonly apiTokens?: readonly ApiToken[];
  readonly settings?: Partial<OrgSettings>;
  /** RSA private keys for the org authorization server, instead of fresh ones. */
  readonly signingKeys?: readonly KeyObject[];
  /** Told of errors that are the simulator's own; they are kept in `org.errors` in any case. */
  readonly onError?: (error: unknown) => void;
}

/**
 * One simulated Okta org: its people, apps, keys, sessions and troubles, all in memory. Tests change it
 * directly, the control page by its forms; the routes only read it and hand out what it allows.
 */
export class OktaOrg {
  readonly id = oktaId('00o');
  readonly issuer: string;
  readonly customDomain: string | undefined;
  name: string;
  readonly settings: OrgSettings;
  readonly clock = new OrgClock();
  /** Told of every change of people, groups and assignments. */
  readonly changes = new ChangeFeed();
  readonly directory: Directory;
  readonly sessions: SessionStore;
  readonly grants: GrantStore;
  readonly failures: ActiveFailures;
  readonly log = new RequestLog();
  readonly orgServer: OrgServer;
  readonly customServers = new Map<string, CustomServer>();
  readonly identityProviders: readonly { readonly id: string; readonly name: string }[];
  readonly apiTokens: ApiToken[];
  /** Errors of the simulator itself: a test that ends with one here has found a bug. */
  readonly errors: unknown[] = [];
  readonly #apps = new Map<string, App>();
  readonly #agents = new Map<string, ProvisioningAgent>();
  readonly #onError: (error: unknown) => void;

  constructor(config: OktaOrgConfig) {
    this.issuer = new URL(config.issuer).origin;
    this.customDomain = config.customDomain === undefined ? undefined : new URL(config.customDomain).origin;
    this.name = config.orgName ?? 'Acme';
    this.settings = { ...DEFAULT_SETTINGS, ...config.settings };
    this.directory = new Directory(
      () => this.today(),
      (change) => this.changes.tell(change),
    );
    this.sessions = new SessionStore(this.clock);
    this.grants = new GrantStore(this.clock);
    this.failures = new ActiveFailures(this.clock);
    this.orgServer = createOrgServer(config.signingKeys ?? []);
    this.identityProviders = (config.identityProviders ?? []).map(({ id, name }) => ({
      id: id ?? oktaId('0oi'),
      name,
    }));
    this.apiTokens = [...(config.apiTokens ?? [])];
    this.#onError = config.onError ?? (() => undefined);
    for (const seed of config.groups ?? []) this.addGroup(seed);
    for (const seed of config.users ?? []) this.addUser(seed);
    for (const seed of config.apps ?? []) this.addApp(seed);
    for (const seed of config.authorizationServers ?? [{ id: 'default', audience: 'api://default' }]) {
      this.addServer(seed);
    }
  }

  /** The org's time as a date. */
  today(): Date {
    return new Date(this.clock.nowMs());
  }

  /** A message in the wording of this org. */
  say(id: SentenceId): string {
    return say(this.settings.wording, id);
  }

  reportError(error: unknown): void {
    this.errors.push(error);
    this.#onError(error);
  }

  // People and groups

  addUser(seed: UserSeed): User {
    return this.directory.addUser(seed);
  }

  user(key: string): User {
    return this.directory.user(key);
  }

  addGroup(seed: GroupSeed): Group {
    return this.directory.addGroup(seed);
  }

  joinGroup(user: string, group: string): void {
    this.directory.join(this.user(user), this.directory.group(group));
  }

  /** The groups of somebody, and those that a failure puts them into. */
  groupsOf(user: User): Group[] {
    return [...this.directory.groupsOf(user), ...crowd(this.#crowdOf(user), this.today())];
  }

  /** Whether a failure puts somebody into more groups than a claim can hold. */
  isCrowded(user: User): boolean {
    return this.#crowdOf(user) > 0;
  }

  #crowdOf({ login }: User): number {
    return this.failures.list().reduce((count, { failure: { effect }, value }) => {
      const isMeant = effect.kind === 'memberships' && (value === '*' || value === login);
      return isMeant ? count + effect.count : count;
    }, 0);
  }

  leaveGroup(user: string, group: string): void {
    this.directory.leave(this.user(user), this.directory.group(group));
  }

  /** Whoever isn't ACTIVE loses sessions and tokens at once. */
  setStatus(key: string, status: UserStatus): void {
    const user = this.user(key);
    this.directory.setStatus(user, status);
    if (status !== 'ACTIVE') {
      this.sessions.endAll(user);
      this.grants.revoke({ userId: user.id });
    }
  }

  activate(user: string): void {
    this.setStatus(user, 'ACTIVE');
  }

  deactivate(user: string): void {
    this.setStatus(user, 'DEPROVISIONED');
  }

  // Apps

  addApp(seed: AppSeed): App {
    if (seed.clientId !== undefined && this.#apps.has(seed.clientId)) {
      throw new Error(`an app with client_id ${seed.clientId} exists already`);
    }
    const app = createApp(seed, this.today());
    const assign = seed.assign === 'everyone' ? { groups: ['Everyone'] } : seed.assign;
    this.#apps.set(app.clientId, app);
    for (const name of assign?.groups ?? []) this.assignGroup(app.clientId, name);
    for (const login of assign?.users ?? []) this.assign(app.clientId, login);
    return app;
  }

  findApp(clientId: string | null | undefined): App | undefined {
    return clientId === null || clientId === undefined ? undefined : this.#apps.get(clientId);
  }

  /** By client_id or label. @throws Error when there is none */
  app(key: string): App {
    const app = this.#apps.get(key) ?? this.apps().find(({ label, id }) => label === key || id === key);
    if (app === undefined) throw new Error(`no app ${key}`);
    return app;
  }

  apps(): App[] {
    return [...this.#apps.values()];
  }

  assign(app: string, user: string): void {
    const [to, found] = [this.app(app), this.user(user)];
    to.assignedUsers.add(found.id);
    this.changes.tell({ kind: 'assignment', app: to, users: [found] });
  }

  /** Tokens of that app end with the assignment, unless a group still gives it. */
  unassign(app: string, user: string): void {
    const [from, found] = [this.app(app), this.user(user)];
    from.assignedUsers.delete(found.id);
    this.#endAssignment(from, [found]);
  }

  assignGroup(app: string, group: string): void {
    const [to, found] = [this.app(app), this.directory.group(group)];
    to.assignedGroups.add(found.id);
    this.changes.tell({ kind: 'assignment', app: to, users: this.directory.membersOf(found) });
  }

  unassignGroup(app: string, group: string): void {
    const [from, found] = [this.app(app), this.directory.group(group)];
    from.assignedGroups.delete(found.id);
    this.#endAssignment(from, this.directory.membersOf(found));
  }

  #endAssignment(app: App, users: readonly User[]): void {
    for (const user of users) {
      if (!this.isAssigned(app, user)) this.grants.revoke({ userId: user.id, clientId: app.clientId });
    }
    this.changes.tell({ kind: 'assignment', app, users });
  }

  isAssigned(app: App, user: User): boolean {
    return (
      app.federationBrokerMode ||
      app.assignedUsers.has(user.id) ||
      this.directory.groupsOf(user).some(({ id }) => app.assignedGroups.has(id))
    );
  }

  /** The SCIM client that provisions people and groups to that app; it does nothing until it is enabled. */
  provisioning(app: string): ProvisioningAgent {
    const found = this.app(app);
    const agent = this.#agents.get(found.id) ?? new ProvisioningAgent(found, this);
    this.#agents.set(found.id, agent);
    return agent;
  }

  /** Those that were ever asked for. */
  get provisioningAgents(): readonly ProvisioningAgent[] {
    return [...this.#agents.values()];
  }

  addSecret(app: string, value?: string): ClientSecret {
    return addSecret(this.app(app), this.today(), value);
  }

  setSecretStatus(app: string, secret: string, status: ClientSecret['status']): void {
    const found = this.app(app).secrets.find(({ id, value }) => id === secret || value === secret);
    if (found === undefined) throw new Error(`no such secret of ${app}`);
    found.status = status;
  }

  // Authorization servers and keys

  addServer(seed: ServerSeed): CustomServer {
    const server = createCustomServer(seed);
    this.customServers.set(server.id, server);
    return server;
  }

  /**
   * The server that a path names; without an id, the org's own.
   * @throws ApiError 401 E0000015 without API Access Management; 404 E0000007 for an id that names none
   */
  server(id: string | undefined): AuthorizationServer {
    if (id === undefined) return this.orgServer;
    if (!this.settings.apiAccessManagement) {
      throw new ApiError(
        401,
        'E0000015',
        'You do not have permission to access the feature you are requesting',
      );
    }
    const server = this.customServers.get(id);
    if (server === undefined) {
      throw new ApiError(404, 'E0000007', `Not found: Resource not found: ${id} (AuthorizationServer)`);
    }
    return server;
  }

  serverAt(base: string): AuthorizationServer {
    const servers: AuthorizationServer[] = [this.orgServer, ...this.customServers.values()];
    const server = servers.find((candidate) => candidate.base === base);
    if (server === undefined) throw new Error(`no authorization server at ${base}`);
    return server;
  }

  /** Keys of the org authorization server: `publishNext`, `rotate`, `emergencyRotate`. */
  get keys(): KeyRing {
    return this.orgServer.keys;
  }

  keysFor(server: AuthorizationServer, app: App): KeyRing {
    return server.kind === 'org' && app.pinnedKeys !== undefined ? app.pinnedKeys : server.keys;
  }

  /** Scheme and host that a client sees as its issuer, given those that the request came to. */
  originFor(app: App | undefined, requestOrigin: string): string {
    if (this.customDomain === undefined) return this.issuer;
    if (app?.issuerMode === 'ORG_URL') return this.issuer;
    return app?.issuerMode === 'CUSTOM_URL' ? this.customDomain : requestOrigin;
  }

  // Troubles and what was asked of the org

  /** Makes something go wrong, for the next `times` requests or until it is healed. */
  fail(id: FailureId, options: FailureOptions = {}): void {
    this.failures.set(id, options);
  }

  /** Ends one failure, or all of them. */
  heal(id?: FailureId): void {
    this.failures.heal(id);
  }

  get requests(): RequestRecord[] {
    return this.log.records;
  }

  /** Ends provisioning and gives the keys back; the org is not used after this. */
  release(): void {
    for (const agent of this.#agents.values()) agent.disable();
    const rings = [this.orgServer, ...this.customServers.values()].map(({ keys }) => keys);
    for (const ring of [...rings, ...this.apps().flatMap(({ pinnedKeys }) => pinnedKeys ?? [])])
      ring.release();
  }
}

/** An org without a listener: what `startOktaOrg` puts behind a socket. */
export function createOktaOrg(config: OktaOrgConfig): OktaOrg {
  return new OktaOrg(config);
}
