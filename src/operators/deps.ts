import type { Context } from 'koa';
import type { UserId } from '../core/ids.js';
import type { SignInDeps } from '../domain/account/account-deps.js';
import type { ConsoleSessionStore } from '../domain/account/console-session.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import type { ConsoleRole } from '../domain/operator/console-role.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';

/** What the pages of operators are made of. */
export interface OperatorsDeps extends SignInDeps {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly directory: Pick<TenantDirectory, 'find'>;
  readonly sessions: ConsoleSessionStore;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly stylesheetHref: string;
  /** A person's console roles, and none of who is switched off. */
  readonly rolesOf: (tenant: TenantContext, userId: UserId) => Promise<readonly ConsoleRole[]>;
  /** The text of a program of the guides. */
  readonly readSnippet: (file: string) => Promise<string>;
}
