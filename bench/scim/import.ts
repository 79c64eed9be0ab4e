import { UnexpectedAnswer } from '../driver/http.js';
import type { Operation } from '../flows/flow.js';
import { exhaust, observe } from '../measure.js';
import type { Window } from '../statistics.js';
import { userName } from './population.js';
import type { ScimFlow, ScimStage } from './scim-flow.js';

const IMPORT = { whole: { users: 20_000, groups: 500 }, quick: { users: 2_000, groups: 50 } } as const;
const WORKERS = 8;
const QUARTERS = 4;
const MEMBERS = 100;

/** A tenant's first import: for each user a look-up and a POST, then groups, each with 100 members in one PATCH. */
export const importAll: ScimFlow = {
  name: 'scim import',
  targets: { flushesMax: 4, ratioMax: 1.5, p99MaxMs: undefined },
  needsUsers: false,
  isSteady: false,
  measure: async (stage) => {
    const { users, groups } = stage.quick ? IMPORT.quick : IMPORT.whole;
    const { client } = stage.imported;
    const ids: string[] = [];
    const importUser = (index: number) => async (): Promise<void> => {
      if ((await client.find(userName(index))) !== undefined)
        throw new UnexpectedAnswer('a user of an empty tenant was found');
      ids.push(await client.createUser(userName(index)));
    };
    const quarters: Window[] = [];
    for (let quarter = 0; quarter < QUARTERS; quarter += 1) {
      const from = (quarter * users) / QUARTERS;
      const operations = Array.from({ length: users / QUARTERS }, (_, index) => importUser(from + index));
      // oxlint-disable-next-line no-await-in-loop -- one quarter after the other
      quarters.push(await exhausted(stage, operations));
    }
    const importGroup = (index: number) => async (): Promise<void> => {
      const group = await client.createGroup(`Group ${index}`);
      const members = Array.from(
        { length: MEMBERS },
        (_, at) => ids[(index * 97 + at * 13) % ids.length] ?? '',
      );
      await client.addMembers(group, members);
    };
    const groupWindow = await exhausted(
      stage,
      Array.from({ length: groups }, (_, index) => importGroup(index)),
    );
    const usersSeconds = quarters.reduce((sum, { seconds }) => sum + seconds, 0);
    return {
      places: [
        { place: 'first quarter of users', windows: quarters.slice(0, 1) },
        { place: 'last quarter of users', windows: quarters.slice(-1) },
        { place: `groups with ${MEMBERS} members`, windows: [groupWindow], alone: true },
      ],
      notes: [
        `${users} users in ${usersSeconds.toFixed(1)} s (${Math.round(users / usersSeconds)}/s), ` +
          `${groups} groups in ${groupWindow.seconds.toFixed(1)} s (${Math.round(groups / groupWindow.seconds)}/s), ` +
          `${WORKERS} at once`,
      ],
    };
  },
};

const exhausted = ({ server, run }: ScimStage, operations: readonly Operation[]): Promise<Window> =>
  observe(server, run, () => exhaust(operations, WORKERS));
