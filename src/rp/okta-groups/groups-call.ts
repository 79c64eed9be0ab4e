import { epochSeconds } from '../../core/clock.js';
import type { GroupsTrouble, NoGroups } from '../../domain/connection/upstream-groups/found-groups.js';
import { OutboundError } from '../../outbound/error.js';
import type { OutboundResponse } from '../../outbound/exchange.js';
import { parseJson } from '../../outbound/json.js';
import { clientAssertion } from '../client-auth.js';
import type { Deadline } from '../deadline.js';
import type { RelyingPartyDeps } from '../deps.js';
import { laneOf, type UpstreamParty } from '../party.js';
import { isRecord } from '../record.js';
import { readRefusal } from '../refusal.js';

/** What Okta's API is asked with. */
export type GroupsAccess =
  | { readonly kind: 'service-app'; readonly clientId: string }
  | { readonly kind: 'api-token'; readonly token: string };

export type GroupsDeps = Pick<RelyingPartyDeps, 'outbound' | 'clock' | 'ids'>;

/** What an access token of a service app must allow: groups of the org, or of a person. */
export type GroupsScope = 'okta.groups.read' | 'okta.users.read';

/** Ends a call with its trouble. */
export class Troubled extends Error {
  override readonly name = 'Troubled';

  constructor(
    readonly trouble: GroupsTrouble,
    message: string,
    readonly seconds?: number,
  ) {
    super(message);
  }
}

/** The trouble that an error is. @throws what is none */
export function troubleOf(error: unknown): NoGroups {
  if (error instanceof Troubled) {
    const { trouble, message, seconds } = error;
    return { trouble, message, ...(seconds === undefined ? {} : { seconds }) };
  }
  if (error instanceof OutboundError)
    return { trouble: 'unreachable', message: `Okta can't be asked: ${error.message}.` };
  throw error;
}

/** One page of a list, and where the next one is. */
export interface GroupsPage {
  readonly entries: readonly unknown[];
  readonly next: URL | undefined;
}

/** One question to the API of a connection's org, which may take several requests; credentials go nowhere else. */
export class GroupsCall {
  readonly #origin: string;

  constructor(
    private readonly deps: GroupsDeps,
    private readonly party: UpstreamParty,
    private readonly limits: { readonly deadline: Deadline; readonly lane: string },
  ) {
    this.#origin = new URL(party.connection.issuer).origin;
  }

  /** An address of the org's API. */
  address(path: string): URL {
    return new URL(path, this.#origin);
  }

  /**
   * What is sent as `Authorization`: tokens of the org's own server alone open its API.
   * @throws Troubled, OutboundError
   */
  async authorization(access: GroupsAccess, scope: GroupsScope): Promise<string> {
    if (access.kind === 'api-token') return `SSWS ${access.token}`;
    const [key] = this.party.clientKeys;
    if (key === undefined) throw new Troubled('no_key', 'The connection has no key for its service app.');
    const url = this.address('/oauth2/v1/token').href;
    const { clientId } = access;
    const answer = await this.#ask(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_id: clientId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await clientAssertion(key, { clientId, audience: url }, this.deps),
      }).toString(),
    });
    const json = answer.status === 200 ? parseJson(answer) : undefined;
    if (isRecord(json) && typeof json['access_token'] === 'string') return `Bearer ${json['access_token']}`;
    throw this.#refused(answer, scope);
  }

  /**
   * One page of a list. The next one is known by Okta's own link (RFC 8288), and has to be of the same list of this org:
   * the token would go elsewhere.
   * @throws Troubled, OutboundError
   */
  async page(authorization: string, url: URL, scope: GroupsScope): Promise<GroupsPage | 'not_found'> {
    const answer = await this.#ask(url.href, { headers: { authorization } });
    if (answer.status === 404) return 'not_found';
    if (answer.status !== 200) throw this.#refused(answer, scope);
    const json = parseJson(answer);
    if (!Array.isArray(json)) throw new Troubled('invalid_answer', 'Okta’s answer is no list of groups.');
    return { entries: json, next: this.#nextOf(answer.headers, url.pathname) };
  }

  #nextOf(headers: Headers, path: string): URL | undefined {
    const [, link] = /<([^<>]+)>\s*;\s*rel="?next"?/i.exec(headers.get('link') ?? '') ?? [];
    if (link === undefined) return undefined;
    const url = URL.canParse(link) ? new URL(link) : undefined;
    if (url?.origin !== this.#origin || url.pathname !== path || url.username !== '' || url.password !== '')
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
    const { deadline, lane } = this.limits;
    return this.deps.outbound.request({
      lane: {
        ...laneOf(this.party, deadline, lane),
        sameOrigin: this.#origin,
        bytesMax: 2 * 1024 * 1024,
      },
      url,
      ...request,
      headers: { accept: 'application/json', ...request.headers },
    });
  }

  #refused({ status, headers, body }: OutboundResponse, scope: GroupsScope): Troubled {
    if (status === 429) {
      const reset = Number(headers.get('x-rate-limit-reset') ?? '');
      const date = Date.parse(headers.get('date') ?? '');
      const now = Number.isNaN(date) ? epochSeconds(this.deps.clock) : Math.floor(date / 1_000);
      const seconds = Number.isFinite(reset) && reset > now ? Math.min(reset - now, 3_600) : 60;
      return new Troubled('rate_limited', `Okta is busy: try again in ${seconds} s.`, seconds);
    }
    const { error } = readRefusal(status, body);
    if (status === 403 || error === 'invalid_scope')
      return new Troubled(
        'forbidden',
        `Okta doesn’t let this caller read groups: grant ${scope}, and give the app an admin role that may read them.`,
      );
    if (error === 'invalid_dpop_proof' || error === 'use_dpop_nonce')
      return new Troubled(
        'not_authorized',
        'Okta wants DPoP of the service app: turn Require DPoP off there.',
      );
    if (status === 400 || status === 401)
      return new Troubled('not_authorized', 'Okta doesn’t accept the credentials for its Groups API.');
    return new Troubled('unreachable', `Okta answered ${status}.`);
  }
}
