import type { Context } from 'koa';
import type { SignInDeps } from '../domain/account/account-deps.js';
import { consoleRolesOf } from '../domain/account/console-roles.js';
import type { ArtifactStore } from '../domain/artifact/artifact-store.js';
import { hasConsoleRole } from '../domain/operator/granted-roles.js';
import { findConsoleSession } from '../http/console-cookie.js';
import { oneTimeCodes } from '../keys/one-time-codes.js';
import { Passkeys } from '../keys/passkeys.js';
import { Argon2Hasher } from '../keys/password-hasher.js';
import type { PresentedSession } from '../management/api/authenticate.js';
import { redeemConsoleCode } from '../op/console-code.js';
import type { OperatorsDeps } from '../operators/deps.js';
import { OperatorPages } from '../operators/operator-pages.js';
import { readSnippet } from './snippets.js';
import { PostgresAccountStore } from '../storage/account-store.js';
import { PostgresConsoleSessionStore } from '../storage/console-session-store.js';
import type { Database } from '../storage/database.js';
import { PostgresLinks } from '../storage/links.js';
import { PostgresPendingSignInStore } from '../storage/pending-sign-in-store.js';

type Shared = Pick<SignInDeps, 'tries' | 'audit' | 'ids' | 'clock' | 'log'> &
  Pick<OperatorsDeps, 'originOf' | 'stylesheetHref'> & { readonly artifacts: ArtifactStore };

export interface Operators {
  /** What signing in locally is made of. */
  readonly signIn: SignInDeps;
  readonly pages: OperatorPages;
  /** Who is signed in to the console in the request's browser, with the roles that they have at this moment. */
  readonly findSession: (ctx: Context) => Promise<PresentedSession | undefined>;
}

/** What signing in locally is made of: one for the node, because it bounds how many passwords are hashed at once. */
export function composeSignIn(
  database: Database,
  { publicUrl }: { readonly publicUrl: string },
  shared: Pick<SignInDeps, 'tries' | 'audit' | 'ids' | 'clock' | 'log'>,
): SignInDeps {
  return {
    ...shared,
    transactions: database,
    accounts: new PostgresAccountStore(database),
    links: new PostgresLinks(database),
    pending: new PostgresPendingSignInStore(database),
    passwords: new Argon2Hasher(),
    codes: oneTimeCodes,
    passkeys: new Passkeys(publicUrl, shared.log),
  };
}

/** The pages of operators, and sessions of the console, over the stores of this node. */
export function composeOperators(
  database: Database,
  { publicUrl }: { readonly publicUrl: string },
  directory: OperatorsDeps['directory'],
  shared: Shared & { readonly signIn: SignInDeps },
): Operators {
  const { signIn } = shared;
  const sessions = new PostgresConsoleSessionStore(database);
  const standing = { accounts: shared.artifacts };
  return {
    signIn,
    pages: new OperatorPages({
      ...shared,
      ...signIn,
      publicUrl,
      directory,
      sessions,
      readSnippet,
      hasConsoleRole: (tenant, userId) => hasConsoleRole(standing, tenant.configuration, userId),
      redeemCode: (tenant, code) => redeemConsoleCode(tenant, shared.artifacts, code),
      rolesOf: (tenant, userId) => consoleRolesOf(standing, tenant.configuration, userId),
    }),
    async findSession(ctx) {
      const session = await findConsoleSession(ctx, sessions);
      const tenant = session === undefined ? undefined : await directory.find(session.tenantSlug);
      if (session === undefined || tenant === undefined) return undefined;
      const { userId, authenticatedAt } = session;
      return {
        id: session.sessionId,
        tenant: { id: tenant.id, slug: tenant.slug },
        userId,
        authenticatedAt,
        roles: await consoleRolesOf(standing, tenant.configuration, userId),
      };
    },
  };
}
