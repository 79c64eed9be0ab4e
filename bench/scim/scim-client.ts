import { unexpected, UnexpectedAnswer, type HttpClient } from '../driver/http.js';
import { parseRecord, recordsIn, type JsonRecord } from '../json.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** An upstream's provisioning agents at one tenant: they share the work, each with a token of its own. */
export class ScimClient {
  #turn = 0;

  constructor(
    private readonly http: HttpClient,
    private readonly issuer: string,
    private readonly tokens: readonly string[],
  ) {}

  /** Creates a user; gives its id. */
  async createUser(userName: string): Promise<string> {
    const made = await this.#send('POST', '/Users', 201, user(userName));
    if (made['userName'] !== userName) throw new UnexpectedAnswer(`another than ${userName} was created`);
    return idOf(made);
  }

  /** The id of the user with a name, as upstreams look whether they are there; undefined: nobody has it. */
  async find(userName: string): Promise<string | undefined> {
    const filter = encodeURIComponent(`userName eq "${userName}"`);
    const found = await this.#send('GET', `/Users?filter=${filter}&startIndex=1&count=100`, 200);
    const [first] = resourcesOf(found);
    if (found['totalResults'] !== (first === undefined ? 0 : 1) || (first && first['userName'] !== userName))
      throw new UnexpectedAnswer(`looked for ${userName}, got ${JSON.stringify(found).slice(0, 300)}`);
    return first === undefined ? undefined : idOf(first);
  }

  /** Switches a user off. */
  async deactivate(id: string): Promise<void> {
    const answer = await this.#patch(`/Users/${id}`, 200, [{ op: 'replace', value: { active: false } }]);
    if (answer['active'] !== false) throw new UnexpectedAnswer('the user is still active');
  }

  /** Creates a group without members; gives its id. */
  async createGroup(displayName: string): Promise<string> {
    return idOf(await this.#send('POST', '/Groups', 201, { schemas: [GROUP], displayName, members: [] }));
  }

  /** Adds members to a group. */
  async addMembers(group: string, users: readonly string[]): Promise<void> {
    const value = users.map((id) => ({ value: id }));
    await this.#patch(`/Groups/${group}`, 204, [{ op: 'add', path: 'members', value }]);
  }

  /** A page of users by index, from 1 on, or by cursor (RFC 9865; empty: the first), without what isn't users. */
  async page(
    by: { readonly startIndex: number } | { readonly cursor: string },
    count: number,
  ): Promise<{ readonly users: number; readonly total: number; readonly next: string | undefined }> {
    const query = new URLSearchParams({ ...stringsOf(by), count: String(count) });
    const found = await this.#send('GET', `/Users?${query.toString()}`, 200);
    const { totalResults, nextCursor } = found;
    return {
      users: resourcesOf(found).length,
      total: Number(totalResults),
      next: typeof nextCursor === 'string' ? nextCursor : undefined,
    };
  }

  #patch(path: string, status: number, operations: readonly object[]): Promise<JsonRecord> {
    return this.#send('PATCH', path, status, { schemas: [PATCH], Operations: operations });
  }

  /** @throws UnexpectedAnswer for any other status: who is sent away (429) has failed */
  async #send(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    status: number,
    body?: object,
  ): Promise<JsonRecord> {
    this.#turn += 1;
    const token = this.tokens[this.#turn % this.tokens.length] ?? '';
    const answer = await this.http.call(new URL(`${this.issuer}/scim/v2${path}`), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/scim+json',
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status !== status) throw unexpected(answer, `${method} ${path}`);
    return answer.text === '' ? {} : parseRecord(answer.text);
  }
}

/** A user as Okta posts one. The upstream's id is the local part, as the mock upstream has it. */
function user(userName: string): object {
  const [name = ''] = userName.split('@');
  return {
    schemas: [USER],
    userName,
    name: { givenName: 'Sample', familyName: name },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: `Sample ${name}`,
    locale: 'en-US',
    externalId: `00u${name}`,
    groups: [],
    password: '1mz050nq',
    active: true,
  };
}

function idOf(resource: JsonRecord): string {
  const { id } = resource;
  if (typeof id !== 'string') throw new UnexpectedAnswer('a resource without an id');
  return id;
}

const resourcesOf = (list: JsonRecord): readonly JsonRecord[] => recordsIn(list['Resources']);

const stringsOf = (members: object): Record<string, string> =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]));
