import { LRUCache } from 'lru-cache';
import { epochSeconds } from '../../core/clock.js';
import { plainText } from '../../core/text.js';
import type {
  FoundGroups,
  GroupsTrouble,
  OktaGroup,
} from '../../domain/connection/upstream-groups/found-groups.js';
import { OutboundError } from '../../outbound/error.js';
import { parseJson } from '../../outbound/json.js';
import type { OutboundResponse } from '../../outbound/exchange.js';
import { clientAssertion } from '../client-auth.js';
import { Deadline } from '../deadline.js';
import type { RelyingPartyDeps } from '../deps.js';
import { laneOf, type UpstreamParty } from '../party.js';
import { isRecord } from '../record.js';

/** What the Groups API is asked with. */
export type GroupsAccess =
  | { readonly kind: 'service-app'; readonly clientId: string }
  | { readonly kind: 'api-token'; readonly token: string };

type GroupsDeps = Pick<RelyingPartyDeps, 'outbound' | 'clock' | 'ids'>;

/** Okta recommends 200 a page. Nobody picks from more than some pages: a search is narrowed. */
const PAGE = 200;
const PAGES_MAX = 5;
const DEADLINE_MS = 8_000;
const NAME_MAX = 300;
const PATH = '/api/v1/groups';

/** Asks Okta's Groups API. Whatever goes wrong is an answer: groups can be picked without it. */
export class OktaGroups {
  /** Orgs that have asked us to wait, with the time (ms) until when. */
  readonly #waiting = new LRUCache<string, number>({ max: 10_000 });

  constructor(private readonly deps: GroupsDeps) {}

  /** @param begins what names begin with; empty: any */
  async find(party: UpstreamParty, access: GroupsAccess, begins: string): Promise<FoundGroups> {
    const nowMs = this.deps.clock.now().getTime();
    const untilMs = this.#waiting.get(party.connection.id) ?? 0;
    if (untilMs > nowMs) return mustWait(Math.ceil((untilMs - nowMs) / 1_000));
    const found = await this.#find(party, access, begins);
    if ('seconds' in found && found.seconds !== undefined)
      this.#waiting.set(party.connection.id, nowMs + found.seconds * 1_000);
    return found;
  }

  async #find(party: UpstreamParty, access: GroupsAccess, begins: string): Promise<FoundGroups> {
    const call = new GroupsCall(this.deps, party);
    try {
      const authorization = await call.authorization(access);
      return await call.pages(authorization, begins);
    } catch (error) {
      if (error instanceof Troubled)
        return {
          trouble: error.trouble,
          message: error.message,
          ...(error.seconds === undefined ? {} : { seconds: error.seconds }),
        };
      if (error instanceof OutboundError)
        return { trouble: 'unreachable', message: `Okta can't be asked: ${error.message}.` };
      throw error;
    }
  }
}

class Troubled extends Error {
  override readonly name = 'Troubled';

  constructor(
    readonly trouble: GroupsTrouble,
    message: string,
    readonly seconds?: number,
  ) {
    super(message);
  }
}

const mustWait = (seconds: number): FoundGroups => ({
  trouble: 'rate_limited',
  message: `Okta is busy: try again in ${seconds} s.`,
  seconds,
});

class GroupsCall {
  readonly #origin: string;
  readonly #deadline = new Deadline(DEADLINE_MS);

  constructor(
    private readonly deps: GroupsDeps,
    private readonly party: UpstreamParty,
  ) {
    this.#origin = new URL(party.connection.issuer).origin;
  }

  /** What is sent as `Authorization`: tokens of the org's own server alone open its API. */
  async authorization(access: GroupsAccess): Promise<string> {
    if (access.kind === 'api-token') return `SSWS ${access.token}`;
    const [key] = this.party.clientKeys;
    if (key === undefined) throw new Troubled('no_key', 'The connection has no key for its service app.');
    const url = `${this.#origin}/oauth2/v1/token`;
    const { clientId } = access;
    const answer = await this.#ask(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'okta.groups.read',
        client_id: clientId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await clientAssertion(key, { clientId, audience: url }, this.deps),
      }).toString(),
    });
    const json = answer.status === 200 ? parseJson(answer) : undefined;
    if (isRecord(json) && typeof json['access_token'] === 'string') return `Bearer ${json['access_token']}`;
    throw this.#refused(answer);
  }

  async pages(authorization: string, begins: string): Promise<FoundGroups> {
    const first = new URL(PATH, this.#origin);
    first.searchParams.set('limit', String(PAGE));
    if (begins !== '')
      first.searchParams.set('search', `profile.name sw "${begins.replaceAll(/["\\]/g, '\\$&')}"`);
    const groups = new Map<string, OktaGroup>();
    let next: URL | undefined = first;
    for (let page = 0; page < PAGES_MAX && next !== undefined; page += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each page names the next
      const answer = await this.#ask(next.href, { headers: { authorization } });
      if (answer.status !== 200) throw this.#refused(answer);
      const json = parseJson(answer);
      if (!Array.isArray(json)) throw new Troubled('invalid_answer', 'Okta’s answer is no list of groups.');
      const before = groups.size;
      for (const group of json.flatMap(readGroup)) groups.set(group.id, group);
      next = this.#nextOf(answer.headers);
      // A page without anything new leads round in a circle.
      if (groups.size === before) next = undefined;
    }
    return { groups: [...groups.values()], isMore: next !== undefined };
  }

  /** The next page, by Okta's own link (RFC 8288): of this org's list of groups, or the token would go elsewhere. */
  #nextOf(headers: Headers): URL | undefined {
    const [, link] = /<([^<>]+)>\s*;\s*rel="?next"?/i.exec(headers.get('link') ?? '') ?? [];
    if (link === undefined) return undefined;
    const url = URL.canParse(link) ? new URL(link) : undefined;
    if (url?.origin !== this.#origin || url.pathname !== PATH || url.username !== '' || url.password !== '')
      throw new Troubled('foreign_page', 'Okta’s link to more groups leads elsewhere: it isn’t followed.');
    return url;
  }

  async #ask(
    url: string,
    request: {
      readonly method?: 'POST';
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
    },
  ): Promise<OutboundResponse> {
    return this.deps.outbound.request({
      lane: {
        ...laneOf(this.party, this.#deadline, 'okta-groups'),
        sameOrigin: this.#origin,
        bytesMax: 2 * 1024 * 1024,
      },
      url,
      ...request,
      headers: { accept: 'application/json', ...request.headers },
    });
  }

  #refused({ status, headers }: OutboundResponse): Troubled {
    if (status === 429) {
      const reset = Number(headers.get('x-rate-limit-reset') ?? '');
      const date = Date.parse(headers.get('date') ?? '');
      const now = Number.isNaN(date) ? epochSeconds(this.deps.clock) : Math.floor(date / 1_000);
      const seconds = Number.isFinite(reset) && reset > now ? Math.min(reset - now, 3_600) : 60;
      return new Troubled('rate_limited', `Okta is busy: try again in ${seconds} s.`, seconds);
    }
    if (status === 403)
      return new Troubled(
        'forbidden',
        'Okta doesn’t let this caller read groups: grant okta.groups.read, and give the app an admin role that may read them.',
      );
    if (status === 400 || status === 401)
      return new Troubled('not_authorized', 'Okta doesn’t accept the credentials for its Groups API.');
    return new Troubled('unreachable', `Okta answered ${status}.`);
  }
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
