import { UnexpectedAnswer } from '../driver/http.js';
import type { Operation } from '../flows/flow.js';
import { exhaust, observe } from '../measure.js';
import type { Window } from '../statistics.js';
import type { Populated } from './population.js';
import type { Measured } from '../places/place.js';
import type { ScimFlow, ScimStage } from './scim-flow.js';

/** As Okta asks. */
const PAGE = 100;
const PARTS = 10;
const ROUNDS_MAX = 2;
const WARM_UP_PAGES = 50;

/** Pages, one after the other, that together must show everybody. */
interface Reading {
  readonly next: Operation;
  readonly seen: () => number;
}

function byIndex({ client, tenant }: Populated): Reading {
  let seen = 0;
  const next = async (): Promise<void> => {
    const page = await client.page({ startIndex: seen + 1 }, PAGE);
    if (page.total !== tenant.users)
      throw new UnexpectedAnswer(`of ${tenant.users} users it told ${page.total}`);
    seen += page.users;
  };
  return { next, seen: () => seen };
}

function byCursor({ client }: Populated): Reading {
  let seen = 0;
  let cursor: string | undefined = '';
  const next = async (): Promise<void> => {
    if (cursor === undefined) throw new UnexpectedAnswer(`the pages ended after ${seen} users`);
    const page = await client.page({ cursor }, PAGE);
    seen += page.users;
    cursor = page.next;
  };
  return { next, seen: () => seen };
}

/** Reads all users of the largest tenant and compares the first tenth with the last. */
async function readAll(
  { sizes, server, run, pace }: ScimStage,
  begin: (populated: Populated) => Reading,
): Promise<{ readonly places: readonly Measured[]; readonly notes: readonly string[] }> {
  const largest = sizes.at(-1);
  if (largest === undefined) throw new Error('there is no tenant to read');
  const { users } = largest.tenant;
  await exhaust(warmUp(begin(largest)), 1);
  const rounds: (readonly Window[])[] = [];
  for (let round = 0; round < Math.min(pace.rounds, ROUNDS_MAX); round += 1) {
    const reading = begin(largest);
    const parts: Window[] = [];
    for (let part = 0; part < PARTS; part += 1) {
      const operations = Array.from({ length: users / PAGE / PARTS }, () => reading.next);
      // oxlint-disable-next-line no-await-in-loop -- a page follows from the one before
      parts.push(await observe(server, run, () => exhaust(operations, 1)));
    }
    if (reading.seen() !== users)
      throw new UnexpectedAnswer(`of ${users} users ${reading.seen()} were shown`);
    rounds.push(parts);
  }
  const at = (part: number): readonly Window[] => rounds.flatMap((parts) => parts.at(part) ?? []);
  const seconds = Math.min(...rounds.map(secondsOf)).toFixed(1);
  return {
    places: [
      { place: `first tenth of ${users.toLocaleString('en-US')}`, windows: at(0) },
      { place: 'last tenth', windows: at(-1) },
    ],
    notes: [`all ${users} users in pages of ${PAGE}: ${seconds} s`],
  };
}

const secondsOf = (parts: readonly Window[]): number => parts.reduce((sum, { seconds }) => sum + seconds, 0);

const warmUp = ({ next }: Reading): readonly Operation[] => Array.from({ length: WARM_UP_PAGES }, () => next);

const targets = { flushesMax: 2, ratioMax: 1.5, p99MaxMs: undefined } as const;

/** All users, page by page, by startIndex. */
export const pagesByIndex: ScimFlow = {
  name: 'scim page by index',
  targets,
  needsUsers: true,
  isSteady: false,
  measure: (stage) => readAll(stage, byIndex),
};

/** All users, page by page, by cursor (RFC 9865). */
export const pagesByCursor: ScimFlow = {
  name: 'scim page by cursor',
  targets,
  needsUsers: true,
  isSteady: false,
  measure: (stage) => readAll(stage, byCursor),
};
