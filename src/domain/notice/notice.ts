import type { TenantId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { TenantScope } from '../../core/scope.js';
import type { ListedEvent } from '../audit/audit-list.js';

/**
 * Actions whose audit events are notices (A-125; RFC 9700 section 4.14.2 of tokens that came back), each with what it
 * means to who reads it. The database has an index of them (migrations): another one needs another index.
 */
export const NOTICES = {
  'break_glass.succeeded': 'A break-glass account was used.',
  'break_glass.refused': 'Somebody tried to use a break-glass account, and was refused.',
  'refresh_token.reused':
    'A refresh token came back after it was used: it may have been stolen. Its grant has ended.',
  'connection.fell_back': 'Sign-ins failed after a connection was enforced, so it is not enforced any more.',
  'provisioning.mass_deactivation': 'Provisioning switched off many people in a short time.',
} as const;

export type NoticeAction = keyof typeof NOTICES;

export const isNotice = (action: string): action is NoticeAction => Object.hasOwn(NOTICES, action);

/** Who has seen a notice. */
export interface Seen {
  /** `operator:<id>`, `user:<id>`. */
  readonly by: string;
  readonly at: Date;
}

export interface Notice {
  readonly event: ListedEvent;
  /** null: nobody has yet. */
  readonly seen: Seen | null;
}

export interface NoticeQuery extends PageRequest {
  /** `open`: those that nobody has seen. */
  readonly state: 'open' | 'all';
}

export interface NoticeStore {
  /** The newest first. */
  list(tenantId: TenantId, query: NoticeQuery): Promise<ListPage<Notice>>;
  find(tenantId: TenantId, id: string): Promise<Notice | undefined>;
  /** @returns whether nobody had seen it before */
  see(scope: TenantScope, id: string, by: string): Promise<boolean>;
}
