import type { JsonObject } from '../../../src/core/json.js';
import type { ScimClient } from '../../support/scim-client.js';
import { SHARED, type LaneState, type Person } from './lane.js';

/** What a deployment holds, read through SCIM. */
export interface ReadBack {
  /** By the lane whose name their names begin with. */
  readonly lanes: ReadonlyMap<string, LaneState>;
  /** Ids of all users and groups by name. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Reads all users and groups, page by page, as a client would. */
export async function readBack(scim: ScimClient, lanes: readonly string[]): Promise<ReadBack> {
  const users = await all(scim, '/Users');
  const groups = await all(scim, '/Groups');
  const names = new Map(users.map((user) => [text(user['id']), text(user['userName'])]));
  const states = lanes.map((lane): readonly [string, LaneState] => {
    const isOwn = (name: string): boolean => name.startsWith(`${lane}-`);
    const people = users
      .filter((user) => isOwn(text(user['userName'])))
      .map((user): [string, Person] => [text(user['userName']), personOf(user)]);
    const memberships = groups.flatMap((group): [string, readonly string[]][] => {
      const name = text(group['displayName']);
      if (name !== SHARED && !isOwn(name)) return [];
      const members = listOf(group['members']).map(({ value }) => names.get(text(value)) ?? text(value));
      return [[name, members.filter((member) => name !== SHARED || isOwn(member)).toSorted()]];
    });
    return [lane, { users: Object.fromEntries(people), groups: Object.fromEntries(memberships) }];
  });
  const ids = new Map([
    ...users.map((user): [string, string] => [text(user['userName']), text(user['id'])]),
    ...groups.map((group): [string, string] => [text(group['displayName']), text(group['id'])]),
  ]);
  return { lanes: new Map(states), ids };
}

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError(`no text: ${JSON.stringify(value)}`);
  return value;
};

const listOf = (value: unknown): readonly JsonObject[] => (value ?? []) as readonly JsonObject[];

const personOf = (user: JsonObject): Person => ({
  displayName: text(user['displayName']),
  active: user['active'] === true,
  admin: listOf(user['roles']).length > 0,
});

const PAGE = 1000;

async function all(scim: ScimClient, path: string): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page after the other
    const { status, body } = await scim.get(`${path}?startIndex=${found.length + 1}&count=${PAGE}`);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    found.push(...(body.Resources ?? []));
    if (found.length >= Number(body['totalResults'])) return found;
    if ((body.Resources ?? []).length === 0) throw new Error(`${path} ends at ${found.length}`);
  }
}
