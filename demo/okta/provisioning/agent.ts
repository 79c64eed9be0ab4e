import type { App } from '../apps.js';
import type { User } from '../people.js';
import { Connection, type FailureTask, type ProvisioningOrg } from './connection.js';
import type { ScimClient, ScimRequest } from './client.js';
import { discoverEntitlements, type Entitlement } from './entitlements.js';
import { JobError, ProvisioningError, refusalOf } from './failure.js';
import type { GroupPush } from './groups.js';
import { readAll, readList } from './reading.js';
import { readSettings, type ProvisioningConfig, type ProvisioningSettings } from './settings.js';
import type { UserLink } from './users.js';

/** What a connection test or another lookup came to, in Okta's words. */
export interface Outcome {
  readonly at: Date;
  readonly ok: boolean;
  readonly message: string;
}

/** A user that an import has found. Inactive ones are skipped. */
export interface ImportedUser {
  readonly id: string;
  readonly userName: string;
  /** Login of the person in Okta with that name. */
  readonly match: string | undefined;
}

export interface ImportReport extends Outcome {
  readonly users: readonly ImportedUser[];
  readonly skipped: number;
  /** Display names; empty unless groups are imported. */
  readonly groups: readonly string[];
}

interface EnableConfig extends ProvisioningConfig {
  /** Names of groups to push from the start. */
  readonly pushGroups?: readonly string[];
}

/**
 * The provisioning of one app integration: Okta's SCIM 2.0 client. Once enabled it follows the changes of its org,
 * and sends what they call for, one job after the other, some moments later: wait with `idle()`.
 */
export class ProvisioningAgent {
  readonly app: App;
  /** Every request of the agent, the oldest first. `length = 0` forgets them. */
  readonly requests: ScimRequest[] = [];
  lastTest: Outcome | undefined;
  lastImport: ImportReport | undefined;
  readonly #org: ProvisioningOrg;
  #settings: ProvisioningSettings | undefined;
  #connection: Connection | undefined;

  constructor(app: App, org: ProvisioningOrg) {
    this.app = app;
    this.#org = org;
  }

  /**
   * Saves the settings, which tests the connection (and looks for entitlements), and follows the org from now on. Who has
   * the app already is sent by `provisionUsers` only. New settings keep the links, unless the server is another one.
   * @throws Error when Okta refuses the settings, or a group doesn't exist
   */
  enable({ pushGroups = [], ...config }: EnableConfig): void {
    if (this.app.federationBrokerMode) throw new Error('Federation Broker Mode: no provisioning');
    const settings = readSettings(config);
    if (this.#settings?.baseUrl !== settings.baseUrl) this.disable();
    this.#settings = settings;
    this.#connection ??= new Connection({
      app: this.app,
      org: this.#org,
      settings: () => this.#settings ?? settings,
      log: this.requests,
    });
    this.#connection.run(async () => void (await this.testConnection()));
    if (settings.entitlements) this.discoverEntitlements();
    for (const name of pushGroups) this.pushGroup(name);
  }

  /** Sends nothing any more, and forgets links, pushed groups and tasks. */
  disable(): void {
    this.#connection?.end();
    this.#connection = undefined;
    this.#settings = undefined;
  }

  get settings(): ProvisioningSettings | undefined {
    return this.#settings;
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    await this.#connection?.queue.idle();
  }

  /** Jobs to do, the one under way included. */
  get pending(): number {
    return this.#connection?.queue.length ?? 0;
  }

  /** When the next attempt is due, while the agent waits after a 429. */
  get waitingUntil(): Date | undefined {
    return this.#connection?.client.waitingUntil;
  }

  // Tasks

  /** Failed jobs that nobody has retried yet, the oldest first. */
  get tasks(): readonly FailureTask[] {
    return this.#connection?.tasks ?? [];
  }

  /** @throws Error when there is no such task */
  retry(taskId: string): void {
    this.#enabled().retry(taskId);
  }

  // Users

  /** Test API Credentials: one attempt, beside the jobs. @throws Error when provisioning isn't enabled */
  testConnection(): Promise<Outcome> {
    return this.#test(this.#enabled().client);
  }

  async #test(client: ScimClient): Promise<Outcome> {
    this.lastTest = await this.#outcome(async () => {
      const asked = ['/Users?startIndex=1&count=2'];
      if (this.#settings?.importGroups === true) asked.push('/Groups?startIndex=1&count=100');
      for (const path of asked) {
        const answer = await client.askOnce('GET', path);
        if (answer.status === 401) {
          throw new ProvisioningError(`Error authenticating: ${refusalOf(answer).message}`);
        }
        readList(answer);
      }
      return `${this.app.label} was verified successfully!`;
    });
    return this.lastTest;
  }

  /** The link of somebody, whatever names them. */
  linkOf(user: string): UserLink | undefined {
    return this.#connection?.users.links.get(this.#org.directory.user(user).id);
  }

  /** Provision User: sends one person, or all who have the app and no link. @throws Error for who hasn't the app */
  provisionUsers(user?: string): void {
    const connection = this.#enabled();
    const assigned = connection.assigned();
    if (user === undefined) {
      for (const one of assigned) if (!connection.users.links.has(one.id)) connection.provision(one);
      return;
    }
    const one = this.#org.directory.user(user);
    if (!assigned.includes(one)) throw new Error(`${one.login} is not assigned to ${this.app.label}`);
    connection.provision(one);
  }

  /**
   * Reads all users (and groups) of the server. A failure is told in the report.
   * @throws Error when provisioning isn't enabled
   */
  importUsers(): Promise<ImportReport> {
    return this.#import(this.#enabled());
  }

  async #import(connection: Connection): Promise<ImportReport> {
    const found: ImportedUser[] = [];
    const groups: string[] = [];
    let skipped = 0;
    const read = async (): Promise<string> => {
      for (const resource of await readAll(connection.client, '/Users')) {
        const { id, userName, active } = resource;
        if (typeof userName !== 'string') throw new ProvisioningError(`user ${String(id)} has no userName`);
        const match = this.#org.directory.findUser(userName)?.login;
        if (active === false) skipped += 1;
        else found.push({ id: String(id), userName, match });
      }
      if (this.#settings?.importGroups === true) {
        const all = await readAll(connection.client, '/Groups');
        groups.push(...all.map(({ displayName }) => String(displayName)));
      }
      return `${found.length} users and ${groups.length} groups imported`;
    };
    return new Promise((resolve) => {
      connection.run(async () => {
        const outcome = await this.#outcome(read);
        this.lastImport = { ...outcome, users: found, skipped, groups };
        resolve(this.lastImport);
      });
    });
  }

  // Groups

  get pushedGroups(): readonly GroupPush[] {
    return [...(this.#connection?.groups.pushes.values() ?? [])];
  }

  /** Creates or links a group at the server, and keeps it up to date. @throws Error when there is no such group */
  pushGroup(name: string): void {
    const connection = this.#enabled();
    const group = this.#org.directory.group(name);
    if (connection.groups.pushes.has(group.id)) throw new Error(`${name} is pushed already`);
    const push: GroupPush = { group, remoteId: undefined, members: new Set(), status: 'pending' };
    connection.groups.pushes.set(group.id, push);
    connection.pushAll(push);
  }

  /** Push now: the whole membership. @throws Error when the group isn't pushed */
  pushNow(name: string): void {
    this.#enabled().pushAll(this.#pushOf(name));
  }

  /** Ends the push of a group; the server's group goes or stays. @throws Error when the group isn't pushed */
  unlinkGroup(name: string, { deleteGroup }: { readonly deleteGroup: boolean }): void {
    const connection = this.#enabled();
    const push = this.#pushOf(name);
    connection.groups.pushes.delete(push.group.id);
    if (deleteGroup) connection.removeGroup(push);
  }

  // Roles and entitlements

  /** What the last discovery found. */
  get entitlements(): readonly Entitlement[] {
    return this.#connection?.access.offered ?? [];
  }

  /** Asks the server what it offers. A failure becomes a task. */
  discoverEntitlements(): void {
    const connection = this.#enabled();
    connection.run(async () => {
      try {
        connection.access.offered = await discoverEntitlements(connection.client);
      } catch (error) {
        if (!(error instanceof ProvisioningError)) throw error;
        throw new JobError(`Discovery of entitlements in app ${this.app.label} failed: ${error.message}`, {
          cause: error,
        });
      }
    });
  }

  accessOf(user: string): readonly Entitlement[] {
    return this.#connection?.access.givenTo(this.#org.directory.user(user)) ?? [];
  }

  /** By id or display name. @throws Error when discovery found no such role or entitlement */
  assignRole(user: string, role: string): void {
    this.#changeAccess(user, (person, { access }) => access.give(person, access.find(role)));
  }

  removeRole(user: string, role: string): void {
    this.#changeAccess(user, (person, { access }) => access.take(person, access.find(role)));
  }

  #changeAccess(user: string, change: (user: User, connection: Connection) => void): void {
    const connection = this.#enabled();
    const person = this.#org.directory.user(user);
    change(person, connection);
    connection.pushAccess(person);
  }

  #enabled(): Connection {
    if (this.#connection === undefined) throw new Error(`${this.app.label}: provisioning is not enabled`);
    return this.#connection;
  }

  #pushOf(name: string): GroupPush {
    const group = this.#org.directory.group(name);
    const push = this.#enabled().groups.pushes.get(group.id);
    if (push === undefined) throw new Error(`${group.name} is not pushed`);
    return push;
  }

  async #outcome(run: () => Promise<string>): Promise<Outcome> {
    try {
      const message = await run();
      return { at: new Date(this.#org.clock.nowMs()), ok: true, message };
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      return { at: new Date(this.#org.clock.nowMs()), ok: false, message: error.message };
    }
  }
}
