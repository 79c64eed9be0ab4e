import { fetch, type Headers } from 'undici';
import type { Json, JsonObject } from '../../src/core/json.js';

export interface ScimReply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; undefined for an empty body. */
  readonly body: JsonObject & { readonly Resources?: readonly JsonObject[]; readonly detail?: string };
}

/** Calls a SCIM base address as a client would. */
export class ScimClient {
  constructor(
    readonly baseUrl: string,
    readonly authorization: string | undefined,
  ) {}

  get(path: string, headers: Record<string, string> = {}): Promise<ScimReply> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body: Json, headers: Record<string, string> = {}): Promise<ScimReply> {
    return this.send('POST', path, JSON.stringify(body), headers);
  }

  put(path: string, body: Json, headers: Record<string, string> = {}): Promise<ScimReply> {
    return this.send('PUT', path, JSON.stringify(body), headers);
  }

  patch(path: string, operations: readonly Json[], headers: Record<string, string> = {}): Promise<ScimReply> {
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
    return this.send('PATCH', path, JSON.stringify(body), headers);
  }

  delete(path: string, headers: Record<string, string> = {}): Promise<ScimReply> {
    return this.send('DELETE', path, undefined, headers);
  }

  async send(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    headers: Record<string, string> = {},
  ): Promise<ScimReply> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
        accept: 'application/scim+json',
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as ScimReply['body']),
    };
  }
}

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** A user as Okta posts one. */
export function oktaUser(userName: string, more: JsonObject = {}): JsonObject {
  return {
    schemas: [USER_SCHEMA],
    userName,
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Ada Lovelace',
    locale: 'en-US',
    externalId: `00u${userName}`,
    groups: [],
    password: '1mz050nq',
    active: true,
    ...more,
  };
}

/** A group as Okta posts one. */
export function oktaGroup(displayName: string, members: readonly string[] = []): JsonObject {
  return {
    schemas: [GROUP_SCHEMA],
    displayName,
    members: members.map((value) => ({ value, display: value })),
  };
}
