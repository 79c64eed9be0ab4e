import type { Group } from '../people.js';
import type { ScimClient } from './client.js';
import { JobError, ProvisioningError, type JsonObject } from './failure.js';
import { findOne, idOf, readResource } from './reading.js';
import type { ProvisioningSettings } from './settings.js';
import { patch, pathlessPatch } from './user-resource.js';

/** A member as Okta names it: the server's id of a linked user, and the login. Never a `type`. */
export interface Member {
  readonly value: string;
  readonly display: string;
}

/** One row of the Push Groups tab. */
export interface GroupPush {
  readonly group: Group;
  /** The server's id, once the group was created or linked there. */
  remoteId: string | undefined;
  /** Ids of the members that the server has, as far as Okta knows. */
  members: ReadonlySet<string>;
  status: 'pending' | 'active' | 'error';
}

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** Members in one PATCH at most. */
const MEMBERS_MAX = 256;

const DOING = {
  create: ['update', 'Error while creating user group'],
  update: ['update', 'Error while updating user group'],
  delete: ['delete', 'Error while deleting user group'],
} as const;

interface GroupParts {
  readonly client: ScimClient;
  readonly settings: () => ProvisioningSettings;
  /** Those members of a group that have the app and a link: nobody else is pushed. */
  readonly membersOf: (group: Group) => readonly Member[];
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}

/** The PATCHes of a membership change: removals and additions together, at most 256 members in each. */
function deltaPatches(removed: readonly string[], added: readonly Member[]): JsonObject[] {
  const changes = [...removed.map((id) => ({ removed: id })), ...added.map((member) => ({ added: member }))];
  return chunksOf<{ removed?: string; added?: Member }>(changes, MEMBERS_MAX).map((chunk) => {
    const removals = chunk.flatMap((one) => (one.removed === undefined ? [] : [one.removed]));
    const additions = chunk.flatMap((one) => one.added ?? []);
    return patch([
      ...removals.map((id) => ({ op: 'remove', path: `members[value eq ${JSON.stringify(id)}]` })),
      ...(additions.length > 0 ? [{ op: 'add', path: 'members', value: additions }] : []),
    ]);
  });
}

/** The PATCHes of a full push: what is there is replaced, and what is over 256 members is added. */
function fullPatches(members: readonly Member[]): JsonObject[] {
  const [first = [], ...rest] = chunksOf(members, MEMBERS_MAX);
  return [
    patch([{ op: 'replace', path: 'members', value: first }]),
    ...rest.map((chunk) => patch([{ op: 'add', path: 'members', value: chunk }])),
  ];
}

/** Group Push: groups of the org, and who is in them, kept up to date at the server. */
export class GroupPushes {
  readonly pushes = new Map<string, GroupPush>();
  readonly #parts: GroupParts;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** The first push of a group (or the next try of it), and a full one of a group that is there. @throws JobError */
  async pushAll(push: GroupPush): Promise<void> {
    if (push.remoteId === undefined) await this.#attempt(push, 'create', () => this.#findOrCreate(push));
    await this.#attempt(push, 'update', () => this.#replaceMembers(push));
  }

  /** What has changed since the last push; nothing is sent when nothing has. @throws JobError */
  async pushChanges(push: GroupPush): Promise<void> {
    if (push.remoteId === undefined) return;
    const wanted = this.#parts.membersOf(push.group);
    const ids = new Set(wanted.map(({ value }) => value));
    const removed = [...push.members].filter((id) => !ids.has(id));
    const added = wanted.filter(({ value }) => !push.members.has(value));
    if (removed.length + added.length === 0) return;
    await this.#attempt(push, 'update', async () => {
      if (this.#parts.settings().mode === 'aiw') await this.#put(push, wanted);
      else await this.#sendPatches(push, deltaPatches(removed, added));
      push.members = ids;
    });
  }

  /** The group has another name in Okta. @throws JobError */
  async rename(push: GroupPush): Promise<void> {
    if (push.remoteId === undefined) return;
    await this.#attempt(push, 'update', async () => {
      if (this.#parts.settings().mode === 'oin') await this.#sendPatches(push, []);
      else await this.#put(push, this.#parts.membersOf(push.group));
    });
  }

  /** Deletes the group at the server: the end of a push that wasn't to leave it there. @throws JobError */
  async remove(push: GroupPush): Promise<void> {
    const { remoteId } = push;
    if (remoteId === undefined) return;
    await this.#attempt(push, 'delete', async () => {
      await this.#parts.client.demand([204], 'DELETE', `/Groups/${encodeURIComponent(remoteId)}`);
    });
  }

  async #attempt(push: GroupPush, doing: keyof typeof DOING, run: () => Promise<void>): Promise<void> {
    try {
      await run();
      push.status = 'active';
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      push.status = 'error';
      const { name } = push.group;
      const [what, phrase] = DOING[doing];
      const reason = `${phrase} ${name}: ${error.message}`;
      throw new JobError(`Unable to ${what} Group Push mapping target App group ${name}: ${reason}`, {
        cause: error,
      });
    }
  }

  async #findOrCreate(push: GroupPush): Promise<void> {
    const { client } = this.#parts;
    const displayName = push.group.name;
    const found = await findOne(client, '/Groups', 'displayName', displayName);
    const body = { schemas: [CORE], displayName, members: [] };
    const resource = found ?? readResource(await client.demand([201], 'POST', '/Groups', body));
    const id = idOf(resource);
    readResource(await client.demand([200], 'GET', `/Groups/${encodeURIComponent(id)}`), id);
    push.remoteId = id;
  }

  async #replaceMembers(push: GroupPush): Promise<void> {
    const members = this.#parts.membersOf(push.group);
    if (this.#parts.settings().mode === 'aiw') await this.#put(push, members);
    else await this.#sendPatches(push, fullPatches(members));
    push.members = new Set(members.map(({ value }) => value));
  }

  /** A catalog app sends the name before every change of members, renamed or not, and the id with it. */
  async #sendPatches(push: GroupPush, patches: readonly JsonObject[]): Promise<void> {
    const naming = pathlessPatch({ id: push.remoteId, displayName: push.group.name });
    const path = `/Groups/${encodeURIComponent(push.remoteId ?? '')}`;
    for (const body of [naming, ...patches]) {
      await this.#parts.client.demand([200, 204], 'PATCH', path, body);
    }
  }

  async #put(push: GroupPush, members: readonly Member[]): Promise<void> {
    const path = `/Groups/${encodeURIComponent(push.remoteId ?? '')}`;
    const body = { schemas: [CORE], id: push.remoteId, displayName: push.group.name, members };
    readResource(await this.#parts.client.demand([200], 'PUT', path, body), push.remoteId);
  }
}
