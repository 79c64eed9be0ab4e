import { DomainError } from '../../core/errors.js';
import { readEvent } from '../../domain/audit/audit-list.js';
import { isNotice, NOTICES, type Notice } from '../../domain/notice/notice.js';
import { seeNotice, type SeeNoticeDeps } from '../../domain/notice/see-notice.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { listOf } from '../contract/common.js';
import { NoticeListQuery, NoticeResource } from '../contract/notices.js';
import { answerPage } from './answer-page.js';
import type { AuditTools } from '../../domain/audit/audit-record.js';

export interface NoticeDeps extends SeeNoticeDeps {
  readonly auditTools: Omit<AuditTools, 'vault'>;
}

const BASE = '/tenants/{tenant}/notices';
const ANSWER = named('Notice', NoticeResource);

/** What an administrator should not learn by chance: break-glass accounts at work, stolen tokens, a connection that fell back. */
export function noticeOperations(deps: NoticeDeps): readonly Operation[] {
  return [
    operation({
      id: 'listNotices',
      method: 'GET',
      path: BASE,
      summary: 'Lists notices, the newest first; those that nobody has seen yet, or all',
      permission: 'notices.read',
      query: NoticeListQuery,
      list: true,
      answer: named('NoticePage', listOf(NoticeResource)),
      handle: (call, { query }) =>
        answerPage(
          call,
          'notices',
          query,
          (page) => deps.notices.list(call.tenant.id, { ...page, state: query.state ?? 'open' }),
          (notice) => shown(call, notice),
        ),
    }),
    operation({
      id: 'getNotice',
      method: 'GET',
      path: `${BASE}/{id}`,
      summary: 'One notice',
      permission: 'notices.read',
      answer: ANSWER,
      async handle(call, { path }) {
        const id = String(path['id']);
        const notice = await deps.notices.find(call.tenant.id, id);
        if (notice === undefined) throw new DomainError('not_found', `There is no notice '${id}'.`);
        return { body: shown(call, notice) };
      },
    }),
    operation({
      id: 'seeNotice',
      method: 'POST',
      path: `${BASE}/{id}/see`,
      summary: 'Notes that a notice was seen: it isn’t open any more. Who was first is kept',
      permission: 'notices.manage',
      answer: ANSWER,
      async handle(call, { path }) {
        const notice = await seeNotice(deps, {
          tenantId: call.tenant.id,
          id: String(path['id']),
          actor: call.caller.actor,
          origin: call.origin,
          tools: { ...deps.auditTools, vault: call.tenant.vault },
        });
        return { body: shown(call, notice) };
      },
    }),
  ];
}

function shown(call: ApiCall, { event, seen }: Notice) {
  const { id, at, action, facts } = readEvent(call.tenant.id, event, undefined);
  return { id, at, kind: action, message: isNotice(action) ? NOTICES[action] : action, facts, seen };
}
