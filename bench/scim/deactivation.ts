import { Browser } from '../driver/browser.js';
import { UnexpectedAnswer } from '../driver/http.js';
import { prepare } from '../flows/flow.js';
import { exhaust, observe } from '../measure.js';
import { LEAVERS_DOMAIN } from '../parties.js';
import type { Window } from '../statistics.js';
import type { ScimFlow, ScimStage } from './scim-flow.js';

const SESSIONS = 50;
const PEOPLE = { whole: 100, quick: 8 } as const;

/**
 * A person with 50 open sessions is switched off: sessions, refresh tokens and grants are gone when the answer comes, and
 * logouts wait to be delivered.
 */
export const deactivate: ScimFlow = {
  name: 'scim deactivation',
  targets: { flushesMax: 3, ratioMax: undefined, p99MaxMs: 1_000 },
  needsUsers: false,
  isSteady: false,
  measure: async (stage) => {
    const windows: Window[] = [];
    const people = stage.quick ? PEOPLE.quick : PEOPLE.whole;
    for (let person = 0; person < people; person += 1)
      // oxlint-disable-next-line no-await-in-loop -- one person after the other
      windows.push(await leave(stage, `leaver-${person}@${LEAVERS_DOMAIN}`));
    return { places: [{ place: `${SESSIONS} sessions each`, windows }] };
  },
};

async function leave({ leavers, leaversParty, server, run }: ScimStage, email: string): Promise<Window> {
  const id = await leavers.client.createUser(email);
  const sessions = await prepare(SESSIONS, () =>
    leaversParty.signIn(new Browser(leaversParty.http), email, 'upstream'),
  );
  const window = await observe(server, run, () => exhaust([() => leavers.client.deactivate(id)], 1));
  for (const session of [sessions[0], sessions.at(-1)])
    // oxlint-disable-next-line no-await-in-loop -- two questions
    if (session !== undefined && !(await leaversParty.isOver(session)))
      throw new UnexpectedAnswer(`${email} was switched off and could still refresh`);
  return window;
}
