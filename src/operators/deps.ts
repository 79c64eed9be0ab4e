import type { Context } from 'koa';
import type { UserId } from '../core/ids.js';
import type { SignInDeps } from '../domain/account/account-deps.js';
import type { ConsoleSessionStore } from '../domain/account/console-session.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import type { ConsoleRole } from '../domain/operator/console-role.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';

/** Who signed in at the tenant's issuer, and how. */
export interface IssuerSignIn {
  readonly userId: UserId;
  /** Of the session there. */
  readonly sessionUid: string;
  /** Seconds since the epoch. */
  readonly authTime: number;
  readonly amr: readonly string[];
}

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
  /** Whether a person has any console role: in the tenant, or by its grants in those below. */
  readonly hasConsoleRole: (tenant: TenantContext, userId: UserId) => Promise<boolean>;
  /** Redeems a code of the tenant's issuer, once; undefined when it isn't the console's, or is good no more. */
  readonly redeemCode: (
    tenant: TenantContext,
    code: {
      readonly code: string;
      readonly redirectUri: string;
      readonly nonce: string;
      readonly verifier: string;
    },
  ) => Promise<IssuerSignIn | undefined>;
  /** The text of a program of the guides. */
  readonly readSnippet: (file: string) => Promise<string>;
}
