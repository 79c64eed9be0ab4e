import type { ConnectionId, TenantId, UserId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';

/** A session as operators see it: never its cookie, nor a token. */
export interface SessionFacts {
  /** What `AccessTarget.session` takes. Nobody is let in by it. */
  readonly id: string;
  readonly userId: UserId;
  readonly userName: string;
  /** Key of the connection the person came by; null: none that is still there. */
  readonly connection: string | null;
  /** `clientId` of each application that takes part. */
  readonly applications: readonly string[];
  readonly createdAt: Date;
  /** When it ends unless it is used before; moves with each use. */
  readonly expiresAt: Date;
  /** The browser's address and its own words for itself, at the sign-in: text from outside. */
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** null: it has not been ended. */
  readonly ended: { readonly at: Date; readonly reason: string } | null;
}

/** Newest first. */
export interface SessionQuery extends PageRequest {
  /** Those that are over, ended or expired, instead of the live ones; for as long as they are kept. */
  readonly over: boolean;
  readonly userId?: UserId | undefined;
  readonly connectionId?: ConnectionId | undefined;
  readonly clientId?: string | undefined;
}

/** Somebody whom a name or an id means. */
export interface NamedPerson {
  readonly id: UserId;
  readonly userName: string;
  /** Key of their connection; null: a local user. */
  readonly connection: string | null;
}

/** Reads the sessions of people that have signed in (G5). */
export interface SessionListStore {
  list(tenantId: TenantId, query: SessionQuery): Promise<ListPage<SessionFacts>>;
  find(tenantId: TenantId, id: string): Promise<SessionFacts | undefined>;
  /** Whom an id or a `userName` means; one of each connection may have the same name. Case doesn't count in names. */
  findPeople(tenantId: TenantId, idOrUserName: string): Promise<readonly NamedPerson[]>;
}
