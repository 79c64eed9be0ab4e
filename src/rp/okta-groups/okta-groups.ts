import { LRUCache } from 'lru-cache';
import { plainText } from '../../core/text.js';
import type {
  FoundGroups,
  NoGroups,
  OktaGroup,
  PersonGroups,
} from '../../domain/connection/upstream-groups/found-groups.js';
import { Deadline } from '../deadline.js';
import type { UpstreamParty } from '../party.js';
import { isRecord } from '../record.js';
import { GroupsCall, Troubled, troubleOf, type GroupsAccess, type GroupsDeps } from './groups-call.js';
import { readPersonGroups } from './person-groups.js';

/** Okta recommends 200 a page. Nobody picks from more than some pages: a search is narrowed. */
const PAGE = 200;
const PAGES_MAX = 5;
const DEADLINE_MS = 8_000;
const NAME_MAX = 300;

/** Whose groups, and what of a sign-in's time is left for them. */
export interface PersonGroupsRequest {
  /** `sub` of a verified ID Token. */
  readonly subject: string;
  readonly deadline: Deadline;
  /** Of another name for tests of a connection: they must not stop live sign-ins. */
  readonly lane?: string;
}

/** Asks Okta's Groups API. Whatever goes wrong is an answer: groups can be picked, and people come in, without it. */
export class OktaGroups {
  /** What has been asked to wait, with the time (ms) until when: Okta limits each resource by itself. */
  readonly #waiting = new LRUCache<string, number>({ max: 10_000 });

  constructor(private readonly deps: GroupsDeps) {}

  /**
   * Groups of the org, to pick from.
   * @param begins what names begin with; empty: any
   */
  async find(party: UpstreamParty, access: GroupsAccess, begins: string): Promise<FoundGroups> {
    const limits = { deadline: new Deadline(DEADLINE_MS), lane: 'okta-groups' };
    const call = new GroupsCall(this.deps, party, limits);
    return this.#unlessWaiting(`${party.connection.id} groups`, async () => {
      const authorization = await call.authorization(access, 'okta.groups.read');
      return firstPages(call, authorization, begins);
    });
  }

  /** All groups of one person, by the API of users: all of them, or none and why. */
  groupsOf(party: UpstreamParty, access: GroupsAccess, request: PersonGroupsRequest): Promise<PersonGroups> {
    const { subject, deadline, lane = 'okta-groups' } = request;
    const call = new GroupsCall(this.deps, party, { deadline, lane });
    return this.#unlessWaiting(`${party.connection.id} person`, () =>
      readPersonGroups(call, access, subject),
    );
  }

  async #unlessWaiting<T>(what: string, ask: () => Promise<T>): Promise<T | NoGroups> {
    const nowMs = this.deps.clock.now().getTime();
    const untilMs = this.#waiting.get(what) ?? 0;
    if (untilMs > nowMs) return mustWait(Math.ceil((untilMs - nowMs) / 1_000));
    try {
      return await ask();
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble.seconds !== undefined) this.#waiting.set(what, nowMs + trouble.seconds * 1_000);
      return trouble;
    }
  }
}

const mustWait = (seconds: number): NoGroups => ({
  trouble: 'rate_limited',
  message: `Okta is busy: try again in ${seconds} s.`,
  seconds,
});

async function firstPages(call: GroupsCall, authorization: string, begins: string): Promise<FoundGroups> {
  const first = call.address('/api/v1/groups');
  first.searchParams.set('limit', String(PAGE));
  if (begins !== '')
    first.searchParams.set('search', `profile.name sw "${begins.replaceAll(/["\\]/g, '\\$&')}"`);
  const groups = new Map<string, OktaGroup>();
  let next: URL | undefined = first;
  for (let page = 0; page < PAGES_MAX && next !== undefined; page += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each page names the next
    const answer = await call.page(authorization, next, 'okta.groups.read');
    if (answer === 'not_found') throw new Troubled('unreachable', 'Okta answered 404.');
    const before = groups.size;
    for (const group of answer.entries.flatMap(readGroup)) groups.set(group.id, group);
    // A page without anything new leads round in a circle.
    next = groups.size === before ? undefined : answer.next;
  }
  return { groups: [...groups.values()], isMore: next !== undefined };
}

function readGroup(value: unknown): readonly OktaGroup[] {
  if (!isRecord(value) || !isRecord(value['profile'])) return [];
  const { id, type } = value;
  const { name, description } = value['profile'];
  if (typeof id !== 'string' || typeof name !== 'string' || id === '' || name === '') return [];
  return [
    {
      id: plainText(id, 100),
      name: name.slice(0, NAME_MAX),
      description: typeof description === 'string' ? plainText(description, NAME_MAX) : null,
      type: typeof type === 'string' ? plainText(type, 50) : '',
    },
  ];
}
