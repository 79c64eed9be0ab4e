import type { Context } from 'koa';
import type { SignInDeps } from '../domain/account/account-deps.js';
import type { ConsoleSessionStore } from '../domain/account/console-session.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import type { TenantDirectory } from '../http/tenant-directory.js';

/** What the pages of operators are made of. */
export interface OperatorsDeps extends SignInDeps {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly directory: Pick<TenantDirectory, 'find'>;
  readonly sessions: ConsoleSessionStore;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly stylesheetHref: string;
}
