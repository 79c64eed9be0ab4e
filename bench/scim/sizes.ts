import { UnexpectedAnswer } from '../driver/http.js';
import type { Operation } from '../flows/flow.js';
import { MAIL_DOMAIN } from '../parties.js';
import { measurePlaces } from '../places/measure-places.js';
import { NEW_USERS, userName, type Populated, type PreparedGroup } from './population.js';
import type { Place } from '../places/place.js';
import type { ScimFlow, ScimStage } from './scim-flow.js';
import { WORKERS } from './tenants.js';

/** By how much an operation may cost more where there are a hundred times as many users, members, or more tenants. */
const RATIO_MAX = 1.5;
const number = new Intl.NumberFormat('en-US');

const workers = (operation: (worker: number) => Operation): readonly Operation[] =>
  Array.from({ length: WORKERS }, (_, worker) => operation(worker));

/** The same at tenants of growing size, then at many tenants in turn: one worker never meets another in a group. */
function acrossSizes(
  { sizes, many }: ScimStage,
  open: (populated: Populated, worker: number) => Operation,
  close: (populated: Populated) => Promise<number>,
): readonly Place[] {
  const place = (name: string, tenants: readonly Populated[]): Place => ({
    name,
    open: () =>
      Promise.resolve(
        workers((worker) => {
          const operations = tenants.map((populated) => open(populated, worker));
          let turn = worker;
          return async () => {
            turn += 1;
            await operations[turn % operations.length]?.();
          };
        }),
      ),
    close: async (done) => {
      let found = 0;
      // oxlint-disable-next-line no-await-in-loop -- one connection
      for (const populated of tenants) found += await close(populated);
      checkDone(name, found, done);
    },
  });
  return [
    ...sizes.map((populated) => place(`${number.format(populated.tenant.users)} users`, [populated])),
    place(`${many.length} tenants of ${number.format(many[0]?.tenant.users ?? 0)}`, many),
  ];
}

/** What the database holds afterwards must be what was answered. */
function checkDone(place: string, found: number, done: number): void {
  if (found !== done) throw new UnexpectedAnswer(`${place}: ${done} were pushed, ${found} are there`);
}

let made = 0;

const creating =
  ({ client }: Populated): Operation =>
  async () => {
    made += 1;
    await client.createUser(`${NEW_USERS}${made}@${MAIL_DOMAIN}`);
  };

/** POST of a user who is new. */
export const create: ScimFlow = {
  name: 'scim create user',
  targets: { flushesMax: 2, ratioMax: RATIO_MAX, p99MaxMs: undefined },
  needsUsers: true,
  isSteady: true,
  measure: async (stage) => {
    const close = ({ tenant }: Populated) => stage.population.removeNewUsers(tenant);
    return { places: await measurePlaces(stage, acrossSizes(stage, creating, close)) };
  },
};

/** GET with a filter by userName, as upstreams do before each push. */
export const lookUp: ScimFlow = {
  name: 'scim look-up by userName',
  targets: { flushesMax: 2, ratioMax: RATIO_MAX, p99MaxMs: undefined },
  needsUsers: true,
  isSteady: true,
  measure: async (stage) => {
    let found = 0;
    const open = ({ client, tenant }: Populated, worker: number) => {
      let turn = worker;
      return async () => {
        // Far apart, in no order.
        turn = (turn + 7_919) % tenant.users;
        if ((await client.find(userName(turn))) === undefined)
          throw new UnexpectedAnswer(`${userName(turn)} was not found`);
        found += 1;
      };
    };
    const close = () => {
      const count = found;
      found = 0;
      return Promise.resolve(count);
    };
    return { places: await measurePlaces(stage, acrossSizes(stage, open, close)) };
  },
};

/** Members that were found and taken out again within a window, because a small tenant had nobody left to add. */
const foundBefore = new WeakMap<Populated, number>();

/**
 * Adds one user after the other to a group; those who are in it already would prove nothing. When everybody is in, they are
 * counted and taken out, once in some hundred additions.
 */
function adding({ population }: ScimStage, populated: Populated, group: PreparedGroup): Operation {
  let turn = 0;
  return async () => {
    if (turn === group.outsiders.length) {
      turn = 0;
      const found = await population.removeOutsiders(populated.tenant, group);
      foundBefore.set(populated, (foundBefore.get(populated) ?? 0) + found);
    }
    const user = group.outsiders[turn];
    turn += 1;
    if (user === undefined) throw new Error(`everybody is in the group of ${group.size} from the start`);
    await populated.client.addMembers(group.id, [user]);
  };
}

const groupsOf = ({ groups }: Populated, size: number): readonly PreparedGroup[] =>
  groups.filter((group) => group.size === size);

function groupOf(populated: Populated, size: number, worker: number): PreparedGroup {
  const group = groupsOf(populated, size)[worker];
  if (group === undefined) throw new Error(`${populated.tenant.slug} has no group of ${size}`);
  return group;
}

async function emptied({ population }: ScimStage, populated: Populated, size: number): Promise<number> {
  let found = foundBefore.get(populated) ?? 0;
  foundBefore.delete(populated);
  for (const group of groupsOf(populated, size))
    // oxlint-disable-next-line no-await-in-loop -- one connection
    found += await population.removeOutsiders(populated.tenant, group);
  return found;
}

/** PATCH that adds one member to a group of 500. */
export const addMember: ScimFlow = {
  name: 'scim PATCH one member',
  targets: { flushesMax: 2, ratioMax: RATIO_MAX, p99MaxMs: undefined },
  needsUsers: true,
  isSteady: true,
  measure: async (stage) => {
    const size = Math.min(...stage.sizes.flatMap(({ tenant }) => tenant.groupSizes));
    const open = (populated: Populated, worker: number) =>
      adding(stage, populated, groupOf(populated, size, worker));
    const close = (populated: Populated) => emptied(stage, populated, size);
    return { places: await measurePlaces(stage, acrossSizes(stage, open, close)) };
  },
};

/** PATCH that adds one member to groups of growing size, in one tenant. */
export const addMemberBySize: ScimFlow = {
  name: 'scim PATCH one member, by group',
  targets: { flushesMax: 2, ratioMax: RATIO_MAX, p99MaxMs: undefined },
  needsUsers: true,
  isSteady: true,
  measure: async (stage) => {
    const largest = stage.sizes.at(-1);
    if (largest === undefined) throw new Error('there is no tenant with large groups');
    const places = largest.tenant.groupSizes.map((size): Place => {
      const name = `${number.format(size)} members`;
      return {
        name,
        open: () =>
          Promise.resolve(workers((worker) => adding(stage, largest, groupOf(largest, size, worker)))),
        close: async (done) => checkDone(name, await emptied(stage, largest, size), done),
      };
    });
    return { places: await measurePlaces(stage, places) };
  },
};
