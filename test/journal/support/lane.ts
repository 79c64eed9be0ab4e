import { oktaGroup, oktaUser, type ScimClient, type ScimReply } from '../../support/scim-client.js';
import type { Random } from './random.js';

export interface Person {
  readonly displayName: string;
  readonly active: boolean;
  readonly admin: boolean;
}

/** What one connection has pushed, by names; of the group that all share, its own people. */
export interface LaneState {
  readonly users: Readonly<Record<string, Person>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** The group to which all connections push. */
export const SHARED = 'shared';

/** One request: what is so after it, whole. */
interface Step {
  readonly what: string;
  readonly after: LaneState;
  send(): Promise<ScimReply>;
  /** A name that its answer gives an id to. */
  readonly makes?: string;
}

/**
 * One connection of a push, with its journal: what was acknowledged so far, and what is on its way. It knows nothing of the
 * other connections, whose people and groups have other names.
 */
export class Lane {
  /** What was acknowledged. */
  state: LaneState = { users: {}, groups: { [SHARED]: [] } };
  /** What is so if the request on its way has arrived. */
  pending: LaneState | undefined;
  acknowledged = 0;
  readonly #ids = new Map<string, string>();
  #made = 0;

  constructor(
    readonly name: string,
    private readonly scim: ScimClient,
    private readonly random: Random,
  ) {}

  learn(name: string, id: string): void {
    this.#ids.set(name, id);
  }

  /** Pushes until `operations` are acknowledged, or the connection breaks because the server was killed. */
  async push(operations: number, wasKilled: () => boolean): Promise<void> {
    for (let done = 0; done < operations && !wasKilled(); done += 1) {
      const step = this.#next();
      this.pending = step.after;
      let reply: ScimReply;
      try {
        // oxlint-disable-next-line no-await-in-loop -- one connection, one request after another
        reply = await step.send();
      } catch (error) {
        if (wasKilled()) return;
        throw error;
      }
      if (reply.status < 200 || reply.status > 299)
        throw new Error(`${this.name}, ${step.what}: ${reply.status} ${JSON.stringify(reply.body)}`);
      if (step.makes !== undefined) this.learn(step.makes, reply.body['id'] as string);
      this.state = step.after;
      this.pending = undefined;
      this.acknowledged += 1;
    }
  }

  #next(): Step {
    const people = Object.keys(this.state.users);
    const groups = Object.keys(this.state.groups);
    const dice = this.random.next();
    if (people.length < 5 || dice < 0.4) return this.#create();
    const [name = ''] = this.random.some(people, 1);
    const [group = ''] = this.random.some(groups, 1);
    if (dice < 0.48) return this.#createGroup(people);
    if (dice < 0.68) return this.#changeMembers(group, people);
    if (dice < 0.78) return this.#changeMembers(SHARED, people);
    if (dice < 0.85) return this.#rename(name);
    if (dice < 0.92) return this.#switch(name);
    if (dice < 0.97) return this.#delete(name);
    return group === SHARED ? this.#create() : this.#deleteGroup(group);
  }

  #create(): Step {
    const name = this.#fresh();
    const person = { displayName: name, active: true, admin: this.random.next() < 0.2 };
    return {
      what: `POST of ${name}`,
      makes: name,
      after: this.#with(name, person),
      send: () => this.scim.post('/Users', bodyOf(name, person, person.admin)),
    };
  }

  #rename(name: string): Step {
    const person = { ...this.#person(name), displayName: `${name} ${this.random.below(1_000_000)}` };
    const path = `/Users/${this.#id(name)}`;
    const { displayName } = person;
    const whole = this.random.next() < 0.5;
    return {
      what: `${whole ? 'PUT' : 'PATCH'} of ${name}`,
      after: this.#with(name, person),
      send: () =>
        whole
          ? this.scim.put(path, bodyOf(name, person))
          : this.scim.patch(path, [{ op: 'replace', path: 'displayName', value: displayName }]),
    };
  }

  #switch(name: string): Step {
    const before = this.#person(name);
    const active = !before.active;
    return {
      what: `active:${active} of ${name}`,
      after: this.#with(name, { ...before, active }),
      send: () => this.scim.patch(`/Users/${this.#id(name)}`, [{ op: 'replace', value: { active } }]),
    };
  }

  #delete(name: string): Step {
    const { [name]: _gone, ...users } = this.state.users;
    const groups = Object.fromEntries(
      Object.entries(this.state.groups).map(([group, members]) => [
        group,
        members.filter((member) => member !== name),
      ]),
    );
    return {
      what: `DELETE of ${name}`,
      after: { users, groups },
      send: () => this.scim.delete(`/Users/${this.#id(name)}`),
    };
  }

  #createGroup(people: readonly string[]): Step {
    const group = `${this.#fresh()}-group`;
    const members = this.random.some(people, 20).toSorted();
    const body = oktaGroup(
      group,
      members.map((member) => this.#id(member)),
    );
    return {
      what: `POST of ${group}`,
      makes: group,
      after: this.#withGroup(group, members),
      send: () => this.scim.post('/Groups', body),
    };
  }

  /** Several leave and several join, in one request: all of that or nothing. */
  #changeMembers(group: string, people: readonly string[]): Step {
    const members = this.state.groups[group] ?? [];
    const leave = this.random.some(members, 5);
    const join = this.random.some(
      people.filter((name) => !members.includes(name)),
      20,
    );
    const after = [...members.filter((member) => !leave.includes(member)), ...join].toSorted();
    const operations = [
      ...leave.map((name) => ({ op: 'remove', path: `members[value eq "${this.#id(name)}"]` })),
      { op: 'add', path: 'members', value: join.map((name) => ({ value: this.#id(name) })) },
    ];
    return {
      what: `members of ${group}: -${leave.join()} +${join.join()}`,
      after: this.#withGroup(group, after),
      send: () => this.scim.patch(`/Groups/${this.#id(group)}`, operations),
    };
  }

  #deleteGroup(group: string): Step {
    const { [group]: _gone, ...groups } = this.state.groups;
    return {
      what: `DELETE of ${group}`,
      after: { ...this.state, groups },
      send: () => this.scim.delete(`/Groups/${this.#id(group)}`),
    };
  }

  #fresh(): string {
    this.#made += 1;
    return `${this.name}-${this.#made}`;
  }

  #id(name: string): string {
    const id = this.#ids.get(name);
    if (id === undefined) throw new Error(`nobody has told the id of ${name}`);
    return id;
  }

  #person(name: string): Person {
    const person = this.state.users[name];
    if (person === undefined) throw new Error(`${name} is nobody`);
    return person;
  }

  #with(name: string, person: Person): LaneState {
    return { ...this.state, users: { ...this.state.users, [name]: person } };
  }

  #withGroup(group: string, members: readonly string[]): LaneState {
    return { ...this.state, groups: { ...this.state.groups, [group]: members } };
  }
}

const bodyOf = (name: string, { displayName, active }: Person, admin = false) =>
  oktaUser(name, { displayName, active, ...(admin ? { roles: [{ value: 'admin' }] } : {}) });
