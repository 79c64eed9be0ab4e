import { DomainError } from '../../core/errors.js';
import type { ListKey } from '../../core/page.js';
import {
  readEvent,
  type AuditListStore,
  type AuditQuery,
  type ListedEvent,
} from '../../domain/audit/audit-list.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import {
  AuditEventQuery,
  AuditEventResource,
  AuditExportQuery,
  AuditListQuery,
} from '../contract/audit-events.js';
import { listOf } from '../contract/common.js';
import { answerPage, timeNamed } from './answer-page.js';

export interface AuditDeps {
  readonly events: AuditListStore;
}

const BASE = '/tenants/{tenant}/audit-events';
const EXPORT_PAGE = 200;

/** The audit log: searched, read, and taken along (H3). Nobody changes it. */
export function auditOperations({ events }: AuditDeps): readonly Operation[] {
  return [
    operation({
      id: 'listAuditEvents',
      method: 'GET',
      path: BASE,
      summary: 'Lists audit events; all filters that are given must hold',
      description:
        'A page may have fewer events than asked for, even none, while `next` tells of others: one request looks at ten thousand events at most.',
      permission: 'audit-events.read',
      query: AuditListQuery,
      list: true,
      answer: named('AuditEventPage', listOf(AuditEventResource)),
      handle(call, { query }) {
        const filters = filtersOf(query);
        const show = shower(call, query.personal === true);
        const read = (page: AuditQuery) => events.list(call.tenant.id, { ...filters, ...page });
        return answerPage(call, 'audit-events', query, read, show);
      },
    }),
    operation({
      id: 'exportAuditEvents',
      method: 'GET',
      path: `${BASE}/export`,
      summary: 'All audit events that the filters leave, as JSON Lines',
      permission: 'audit-events.export',
      query: AuditExportQuery,
      handle(call, { query }) {
        const show = shower(call, query.personal === true);
        const lines = linesOf(events, call, filtersOf(query), show);
        return Promise.resolve({ stream: { type: 'application/jsonl', lines } });
      },
    }),
    operation({
      id: 'getAuditEvent',
      method: 'GET',
      path: `${BASE}/{id}`,
      summary: 'One audit event, with its place in the chain',
      permission: 'audit-events.read',
      query: AuditEventQuery,
      answer: named('AuditEvent', AuditEventResource),
      async handle(call, { path, query }) {
        const id = String(path['id']);
        const show = shower(call, query.personal === true);
        const event = await events.find(call.tenant.id, id);
        if (event === undefined) throw new DomainError('not_found', `There is no event '${id}'.`);
        return { body: show(event) };
      },
    }),
  ];
}

interface Filters {
  readonly action?: string;
  readonly actor?: string;
  readonly target?: string;
  readonly application?: string;
  readonly connection?: string;
  readonly outcome?: 'success' | 'refused' | 'failure';
  readonly reason?: string;
  readonly reference?: string;
  readonly request?: string;
  readonly from?: string;
  readonly until?: string;
  readonly order?: 'newest' | 'oldest';
}

function filtersOf(query: Filters): Omit<AuditQuery, 'limit' | 'after'> {
  const { action, actor, target, application, connection, outcome, reason, reference, order } = query;
  const [from, until] = [timeNamed('from', query.from), timeNamed('until', query.until)];
  if (from !== undefined && until !== undefined && from >= until)
    throw new Problem('invalid_request', 'from must be before until.');
  const asked = { action, actor, target, application, connection, outcome, reason, reference, order };
  return { ...asked, requestId: query.request, from, until };
}

/** Personal data is shown to who may look at people, and asks for it. @throws Problem `forbidden` */
function shower(call: ApiCall, personal: boolean): (event: ListedEvent) => object {
  if (personal) call.require('users.read');
  const { id, vault } = call.tenant;
  return (event) => readEvent(id, event, personal ? vault : undefined);
}

/** Page after page, so that an export of any size takes the room of one. */
async function* linesOf(
  events: AuditListStore,
  call: ApiCall,
  filters: Omit<AuditQuery, 'limit' | 'after'>,
  show: (event: ListedEvent) => object,
): AsyncIterable<string> {
  let after: ListKey | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await events.list(call.tenant.id, { ...filters, limit: EXPORT_PAGE, after });
    for (const event of page.items) yield `${JSON.stringify(show(event))}\n`;
    after = page.next;
  } while (after !== undefined);
}
