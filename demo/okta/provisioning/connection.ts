import type { App } from '../apps.js';
import type { ChangeFeed, Change } from '../changes.js';
import type { OrgClock } from '../clock.js';
import type { Directory, Group, User } from '../people.js';
import { AccessBook } from './access.js';
import { ScimClient, type ScimRequest } from './client.js';
import { JobError } from './failure.js';
import { GroupPushes, type GroupPush, type Member } from './groups.js';
import { JobQueue, type Job } from './queue.js';
import type { ProvisioningSettings } from './settings.js';
import { UserPushes } from './users.js';

/** What provisioning knows of its org. */
export interface ProvisioningOrg {
  readonly directory: Directory;
  readonly clock: OrgClock;
  readonly changes: ChangeFeed;
  isAssigned(app: App, user: User): boolean;
  reportError(error: unknown): void;
}

/** Dashboard → Tasks: a job that failed, until somebody retries it. */
export interface FailureTask {
  readonly id: string;
  readonly at: Date;
  /** Okta's sentence, with the server's `detail`. */
  readonly message: string;
}

interface OpenTask extends FailureTask {
  readonly retry: () => void;
}

interface JobOptions extends Omit<Job, 'run'> {
  readonly stillWanted?: () => boolean;
}

interface ConnectionParts {
  readonly app: App;
  readonly org: ProvisioningOrg;
  readonly settings: () => ProvisioningSettings;
  readonly log: ScimRequest[];
}

/** What people with these statuses keep of an app: suspending somebody tells it nothing. */
const HAVE_APPS = ['ACTIVE', 'SUSPENDED', 'LOCKED_OUT', 'PASSWORD_EXPIRED'];

/**
 * One app's connection to its SCIM server: links, pushed groups, the queue of jobs, and which of them each change in
 * the org leads to. Whoever had the app before the connection was made is known and not sent.
 */
export class Connection {
  readonly client: ScimClient;
  readonly users: UserPushes;
  readonly groups: GroupPushes;
  readonly queue: JobQueue;
  readonly access = new AccessBook();
  readonly #parts: ConnectionParts;
  readonly #abort = new AbortController();
  readonly #unfollow: () => void;
  /** Who had the app when their last change was seen. */
  readonly #assigned: Set<string>;
  readonly #tasks = new Map<string, OpenTask>();
  #tasksSoFar = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { app, org, settings, log } = parts;
    this.client = new ScimClient({ clock: org.clock, settings, signal: this.#abort.signal, log });
    this.users = new UserPushes({
      label: () => app.label,
      client: this.client,
      settings,
      accessOf: (user) => this.access.accessOf(user),
    });
    this.groups = new GroupPushes({
      client: this.client,
      settings,
      membersOf: (group) => this.#membersOf(group),
    });
    this.queue = new JobQueue((error) => org.reportError(error));
    this.#assigned = new Set(this.assigned().map(({ id }) => id));
    this.#unfollow = org.changes.follow((change) => this.#follow(change));
  }

  /** Stops following, cuts what is under way, and forgets what was to be done. */
  end(): void {
    this.#unfollow();
    this.queue.clear();
    this.#abort.abort();
  }

  get tasks(): readonly FailureTask[] {
    return [...this.#tasks.values()];
  }

  /** Does the job of a task again. @throws Error when there is no such task */
  retry(id: string): void {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new Error(`no task ${id}`);
    this.#tasks.delete(id);
    task.retry();
  }

  /** People whom the app is assigned to. */
  assigned(): User[] {
    return this.#parts.org.directory.users().filter((user) => this.#isAssigned(user));
  }

  /** Creates or links somebody, and puts them into the pushed groups that they are in. */
  provision(user: User): void {
    const run = async (): Promise<void> => {
      await this.users.provision(user);
      if (!this.#parts.settings().groupsFirst) this.#pushGroupsOf(user);
    };
    this.run(run, { stillWanted: () => this.#isAssigned(user) });
  }

  pushAll(push: GroupPush): void {
    this.run(() => this.groups.pushAll(push));
  }

  removeGroup(push: GroupPush): void {
    this.run(() => this.groups.remove(push));
  }

  pushAccess(user: User): void {
    this.run(() => this.users.pushAccess(user), { key: `access:${user.id}` });
  }

  /** Queues a job; a JobError makes it a task, whose retry does nothing when the job isn't wanted any more. */
  run(job: () => Promise<void>, options: JobOptions = {}): void {
    const { stillWanted = () => true, ...place } = options;
    const run = async (): Promise<void> => {
      try {
        await job();
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (!(error instanceof JobError)) throw error;
        this.#fail(error.message, () => {
          if (stillWanted()) this.run(job, options);
        });
      }
    };
    this.queue.add({ run, ...place });
  }

  #fail(message: string, retry: () => void): void {
    this.#tasksSoFar += 1;
    const id = String(this.#tasksSoFar);
    this.#tasks.set(id, { id, at: new Date(this.#parts.org.clock.nowMs()), message, retry });
  }

  #isAssigned(user: User): boolean {
    const { app, org } = this.#parts;
    return HAVE_APPS.includes(user.status) && org.isAssigned(app, user);
  }

  #membersOf(group: Group): Member[] {
    return this.#parts.org.directory.membersOf(group).flatMap((user) => {
      const link = this.users.links.get(user.id);
      const pushed = link?.active === true && this.#isAssigned(user);
      return pushed ? [{ value: link.remoteId, display: user.login }] : [];
    });
  }

  #pushChanges(group: Group): void {
    const push = this.groups.pushes.get(group.id);
    if (push === undefined) return;
    const early = this.#parts.settings().groupsFirst;
    this.run(() => this.groups.pushChanges(push), { key: `group:${group.id}`, early });
  }

  #pushGroupsOf(user: User): void {
    for (const group of this.#parts.org.directory.groupsOf(user)) this.#pushChanges(group);
  }

  #follow(change: Change): void {
    const { app } = this.#parts;
    if (app.status !== 'ACTIVE' || app.federationBrokerMode) return;
    switch (change.kind) {
      case 'user':
        this.#followUser(change.user);
        break;
      case 'membership':
        this.#followMembership(change.user, change.group);
        break;
      case 'group':
        this.#followName(change.group);
        break;
      case 'group_deleted':
        this.#followDeletion(change.group, change.members);
        break;
      case 'assignment':
        if (change.app === app) for (const user of change.users) this.#followScope(user);
        break;
    }
  }

  #followUser(user: User): void {
    if (this.#followScope(user) || !this.#assigned.has(user.id)) return;
    this.run(() => this.users.update(user), { key: `profile:${user.id}` });
  }

  #followMembership(user: User, group: Group): void {
    const { groupsFirst } = this.#parts.settings();
    if (groupsFirst) this.#pushChanges(group);
    this.#followScope(user);
    if (!groupsFirst) this.#pushChanges(group);
  }

  #followName(group: Group): void {
    const push = this.groups.pushes.get(group.id);
    if (push !== undefined) this.run(() => this.groups.rename(push), { key: `name:${group.id}` });
  }

  #followDeletion(group: Group, members: readonly User[]): void {
    for (const user of members) this.#followScope(user);
    const push = this.groups.pushes.get(group.id);
    if (push === undefined) return;
    this.groups.pushes.delete(group.id);
    this.removeGroup(push);
  }

  /** Whether this change gave somebody the app, or took it. */
  #followScope(user: User): boolean {
    const now = this.#isAssigned(user);
    if (now === this.#assigned.has(user.id)) return false;
    if (now) {
      this.#assigned.add(user.id);
      this.provision(user);
    } else {
      this.#assigned.delete(user.id);
      this.run(() => this.users.deprovision(user), { stillWanted: () => !this.#isAssigned(user) });
      this.#pushGroupsOf(user);
    }
    return true;
  }
}
