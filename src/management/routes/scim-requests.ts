import { DomainError } from '../../core/errors.js';
import { isUuid } from '../../core/ids.js';
import type { ScimRequestListStore } from '../../domain/provisioning/scim-request-list.js';
import type { ScimRequestRecord, ScimRequestStore } from '../../domain/provisioning/scim-request.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { listOf } from '../contract/common.js';
import { ScimRequestListQuery, ScimRequestResource, ScimRequestSummary } from '../contract/scim-requests.js';
import { answerPage, connectionNamed } from './answer-page.js';

export interface ScimRequestDeps {
  readonly lists: ScimRequestListStore;
  readonly requests: Pick<ScimRequestStore, 'find'>;
}

/** The flight recorder: what SCIM clients sent, what they were answered, what it did (C13). */
export function scimRequestOperations({ lists, requests }: ScimRequestDeps): readonly Operation[] {
  return [
    operation({
      id: 'listScimRequests',
      method: 'GET',
      path: '/tenants/{tenant}/scim-requests',
      summary: 'Lists SCIM requests of the last fortnight',
      description:
        'To follow what comes, ask again and again with order=oldest and since=<id of the newest that you have and whose `at` is more than a minute ago>, and leave out by `id` what you have: ids are given when a request begins, and a node may write an earlier one later than another node a later one.',
      permission: 'scim-requests.read',
      query: ScimRequestListQuery,
      list: true,
      answer: named('ScimRequestPage', listOf(ScimRequestSummary)),
      handle(call, { query }) {
        const { state, method, connection, token, resource, since, order } = query;
        const connectionId = connectionNamed(call, connection);
        const filters = { state, method, connectionId, tokenId: token, resource, since, order };
        const read = (page: Parameters<ScimRequestListStore['list']>[1]) =>
          lists.list(call.tenant.id, { ...filters, ...page });
        return answerPage(call, 'scim-requests', query, read, (request) => summaryOf(call, request));
      },
    }),
    operation({
      id: 'getScimRequest',
      method: 'GET',
      path: '/tenants/{tenant}/scim-requests/{id}',
      summary: 'One SCIM request with its answer, redacted',
      permission: 'scim-requests.read',
      answer: named('ScimRequest', ScimRequestResource),
      async handle(call, { path }) {
        const id = String(path['id']);
        const found = isUuid(id) ? await requests.find(call.tenant.id, id) : undefined;
        if (found === undefined) throw new DomainError('not_found', `There is no SCIM request '${id}'.`);
        const { request, response } = found;
        return { body: { ...summaryOf(call, found), request, response } };
      },
    }),
  ];
}

/** What is told of a request in a list. */
export function summaryOf(call: ApiCall, record: ScimRequestRecord) {
  const { connectionId, request: _, response: __, ...facts } = record;
  const connection = call.tenant.configuration.connections.find(({ id }) => id === connectionId);
  return { ...facts, connection: connection?.key ?? null };
}
