import { oktaId } from './ids.js';

export type UserStatus =
  'ACTIVE' | 'STAGED' | 'SUSPENDED' | 'LOCKED_OUT' | 'PASSWORD_EXPIRED' | 'DEPROVISIONED';

/** A second factor that a person has enrolled: a code from an app, or a security key. */
export type Factor = 'otp' | 'webauthn';

export interface User {
  readonly id: string;
  login: string;
  email: string;
  firstName: string;
  lastName: string;
  status: UserStatus;
  password: string;
  /** The code that the second-factor step takes; fixed, for a simulator. */
  otp: string;
  factors: Factor[];
  emailVerified: boolean;
  /** Other attributes of the Okta profile: `locale`, `zoneinfo`, `department`, … */
  profile: Record<string, string | readonly string[]>;
  readonly created: Date;
  updatedAt: Date;
}

type GroupType = 'OKTA_GROUP' | 'APP_GROUP' | 'BUILT_IN';

export interface Group {
  readonly id: string;
  name: string;
  description: string;
  readonly type: GroupType;
  /** The app that a group comes from; a `Filter` claim sees Okta's own groups only. */
  readonly source: 'OKTA' | 'active_directory';
  readonly created: Date;
  lastUpdated: Date;
  lastMembershipUpdated: Date;
}

export interface UserSeed {
  readonly login: string;
  readonly id?: string;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly status?: UserStatus;
  readonly password?: string;
  readonly otp?: string;
  readonly factors?: readonly Factor[];
  readonly emailVerified?: boolean;
  readonly profile?: Readonly<Record<string, string | readonly string[]>>;
  /** Names of groups; those that don't exist yet are made as Okta groups. */
  readonly groups?: readonly string[];
}

export interface GroupSeed {
  readonly name: string;
  readonly id?: string;
  readonly description?: string;
  readonly type?: GroupType;
  readonly source?: 'OKTA' | 'active_directory';
}

/** What has just changed among people and groups, told after the fact. */
export type DirectoryChange =
  /** Somebody is new, or has another profile or status. */
  | { readonly kind: 'user'; readonly user: User }
  /** Somebody is in a group now, or no longer. */
  | { readonly kind: 'membership'; readonly user: User; readonly group: Group }
  /** A group has another name. */
  | { readonly kind: 'group'; readonly group: Group }
  | { readonly kind: 'group_deleted'; readonly group: Group; readonly members: readonly User[] };

/** What sample people sign in with when a seed names nothing else. */
export const DEFAULT_PASSWORD = 'Okta-demo-1';
export const DEFAULT_OTP = '123456';

/** So many groups that are in no directory, the same ones whenever they are asked for. */
export function crowd(count: number, since: Date): Group[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `00gcrowd${String(i).padStart(12, '0')}`,
    name: `Crowd ${i + 1}`,
    description: '',
    type: 'OKTA_GROUP',
    source: 'OKTA',
    created: since,
    lastUpdated: since,
    lastMembershipUpdated: since,
  }));
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/**
 * The people and groups of an org (Okta's Universal Directory). Changes go through here, so that others can
 * follow.
 */
export class Directory {
  readonly #users = new Map<string, User>();
  readonly #groups = new Map<string, Group>();
  readonly #members = new Map<string, Set<string>>();
  readonly #now: () => Date;
  readonly #tell: (change: DirectoryChange) => void;

  /** @param tell hears of every change, at once */
  constructor(now: () => Date, tell: (change: DirectoryChange) => void = () => undefined) {
    this.#now = now;
    this.#tell = tell;
    this.addGroup({ name: 'Everyone', type: 'BUILT_IN', description: 'All users in your organization' });
  }

  addUser(seed: UserSeed): User {
    if (this.findUser(seed.login) !== undefined) throw new Error(`${seed.login} exists already`);
    const [first = 'Sample', last = 'Person'] = (seed.login.split('@')[0] ?? '').split('.').map(capitalized);
    const now = this.#now();
    const user: User = {
      id: seed.id ?? oktaId('00u'),
      login: seed.login,
      email: seed.email ?? seed.login,
      firstName: seed.firstName ?? first,
      lastName: seed.lastName ?? last,
      status: seed.status ?? 'ACTIVE',
      password: seed.password ?? DEFAULT_PASSWORD,
      otp: seed.otp ?? DEFAULT_OTP,
      factors: [...(seed.factors ?? ['otp'])],
      emailVerified: seed.emailVerified ?? true,
      profile: { locale: 'en-US', zoneinfo: 'America/Los_Angeles', ...seed.profile },
      created: now,
      updatedAt: now,
    };
    this.#users.set(user.id, user);
    this.join(user, this.group('Everyone'));
    for (const name of seed.groups ?? []) this.join(user, this.findGroup(name) ?? this.addGroup({ name }));
    this.#tell({ kind: 'user', user });
    return user;
  }

  addGroup(seed: GroupSeed): Group {
    if (this.findGroup(seed.name) !== undefined) throw new Error(`group ${seed.name} exists already`);
    const now = this.#now();
    const source = seed.source ?? 'OKTA';
    const group: Group = {
      id: seed.id ?? oktaId('00g'),
      name: seed.name,
      description: seed.description ?? '',
      type: seed.type ?? (source === 'OKTA' ? 'OKTA_GROUP' : 'APP_GROUP'),
      source,
      created: now,
      lastUpdated: now,
      lastMembershipUpdated: now,
    };
    this.#groups.set(group.id, group);
    this.#members.set(group.id, new Set());
    return group;
  }

  /** By id, login (without regard to case, as Okta) or e-mail address. */
  findUser(key: string): User | undefined {
    const wanted = key.toLowerCase();
    return (
      this.#users.get(key) ??
      this.users().find(({ login }) => login.toLowerCase() === wanted) ??
      this.users().find(({ email }) => email.toLowerCase() === wanted)
    );
  }

  /** @throws Error when nobody has that id, login or address */
  user(key: string): User {
    const user = this.findUser(key);
    if (user === undefined) throw new Error(`no user ${key}`);
    return user;
  }

  /** By id or exact name. */
  findGroup(key: string): Group | undefined {
    return this.#groups.get(key) ?? this.groups().find(({ name }) => name === key);
  }

  /** @throws Error when no group has that id or name */
  group(key: string): Group {
    const group = this.findGroup(key);
    if (group === undefined) throw new Error(`no group ${key}`);
    return group;
  }

  users(): User[] {
    return [...this.#users.values()];
  }

  groups(): Group[] {
    return [...this.#groups.values()];
  }

  groupsOf(user: User): Group[] {
    return this.groups().filter(({ id }) => this.#members.get(id)?.has(user.id));
  }

  membersOf(group: Group): User[] {
    return [...(this.#members.get(group.id) ?? [])].flatMap((id) => this.#users.get(id) ?? []);
  }

  join(user: User, group: Group): void {
    this.#members.get(group.id)?.add(user.id);
    group.lastMembershipUpdated = this.#now();
    this.#tell({ kind: 'membership', user, group });
  }

  leave(user: User, group: Group): void {
    this.#members.get(group.id)?.delete(user.id);
    group.lastMembershipUpdated = this.#now();
    this.#tell({ kind: 'membership', user, group });
  }

  setStatus(user: User, status: UserStatus): void {
    user.status = status;
    user.updatedAt = this.#now();
    this.#tell({ kind: 'user', user });
  }

  /** Changes profile fields; the id never changes. */
  change(user: User, changes: Partial<Omit<User, 'id' | 'created' | 'status'>>): void {
    Object.assign(user, changes, { updatedAt: this.#now() });
    this.#tell({ kind: 'user', user });
  }

  renameGroup(group: Group, name: string): void {
    group.name = name;
    group.lastUpdated = this.#now();
    this.#tell({ kind: 'group', group });
  }

  deleteGroup(group: Group): void {
    if (group.type === 'BUILT_IN') throw new Error(`${group.name} can't be deleted`);
    const members = this.membersOf(group);
    this.#groups.delete(group.id);
    this.#members.delete(group.id);
    this.#tell({ kind: 'group_deleted', group, members });
  }

  /** As Okta: only someone who has been deactivated can be deleted. */
  deleteUser(user: User): void {
    if (user.status !== 'DEPROVISIONED') throw new Error(`deactivate ${user.login} before deleting`);
    for (const members of this.#members.values()) members.delete(user.id);
    this.#users.delete(user.id);
  }
}
