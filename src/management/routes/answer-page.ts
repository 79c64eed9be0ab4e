import { DomainError } from '../../core/errors.js';
import type { ApplicationId, ConnectionId } from '../../core/ids.js';
import { instantOf } from '../../core/instant.js';
import type { Json } from '../../core/json.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { ApiCall } from '../api/call.js';
import type { ApiAnswer } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { PAGE_DEFAULT } from '../contract/common.js';

/**
 * Answers a page of a list that is asked for by `limit`, `cursor` and filters of its own: a cursor is good for the same
 * filters alone.
 * @param name what is listed
 * @throws Problem `invalid_request` for a cursor of another list, and for filters that don't go together
 */
export async function answerPage<T>(
  call: ApiCall,
  name: string,
  query: { readonly limit?: number; readonly cursor?: string },
  read: (page: PageRequest) => Promise<ListPage<T>>,
  show: (entry: T) => unknown,
): Promise<ApiAnswer> {
  const { limit = PAGE_DEFAULT, cursor, ...filters } = query;
  const question: Json = [name, JSON.parse(JSON.stringify(filters))];
  const after = call.cursors.after(question, cursor);
  return { body: call.cursors.page(question, await readable(read({ limit, after })), show) };
}

/** What a list says of its filters is about the request, and not about a body. */
async function readable<T>(page: Promise<T>): Promise<T> {
  try {
    return await page;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid_argument')
      throw new Problem('invalid_request', error.message);
    throw error;
  }
}

/** The connection that a filter names by its key. @throws Problem `invalid_request` */
export function connectionNamed(call: ApiCall, key: string | undefined): ConnectionId | undefined {
  if (key === undefined) return undefined;
  const connection = call.tenant.configuration.connections.find((one) => one.key === key);
  if (connection === undefined) throw new Problem('invalid_request', `There is no connection '${key}'.`);
  return connection.id;
}

/** The application that a filter names by its clientId. @throws Problem `invalid_request` */
export function applicationNamed(call: ApiCall, clientId: string | undefined): ApplicationId | undefined {
  if (clientId === undefined) return undefined;
  const application = call.tenant.configuration.applications.find((one) => one.clientId === clientId);
  if (application === undefined)
    throw new Problem('invalid_request', `There is no application '${clientId}'.`);
  return application.id;
}

/** The time that a filter names. @throws Problem `invalid_request` */
export function timeNamed(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const instant = instantOf(text);
  if (instant === undefined) throw new Problem('invalid_request', `${name} is no time that exists.`);
  return instant;
}
