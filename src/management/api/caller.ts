import type { TenantId, UserId } from '../../core/ids.js';
import type { Actor } from '../../domain/audit/audit-event.js';
import type { ConsoleRole } from '../../domain/operator/console-role.js';
import type { PersonOfTenant } from '../../domain/operator/person-of-tenant.js';
import { ruleOf, scopeOf, type Permission } from '../../domain/operator/permissions.js';
import type { SetupLink } from '../../domain/setup-link/setup-link.js';

/** Who calls the management API. */
export interface Caller {
  /** A token of ours, an access token of a tenant's issuer, a person in the console, or who holds a set-up link. */
  readonly kind: 'api_token' | 'access_token' | 'console' | 'setup_link';
  /** Tells callers apart, for quotas and idempotency keys: `api:<token id>`. */
  readonly id: string;
  readonly actor: Actor;
  /** The tenant that knows the caller. */
  readonly home: { readonly id: TenantId; readonly slug: string };
  /** Console roles in that tenant, and so in those below it. */
  readonly roles: readonly ConsoleRole[];
  /** What the caller may at most, as scopes; null: all that the roles may. */
  readonly scopes: ReadonlySet<string> | null;
  /** The person behind it; null: a machine. */
  readonly userId: UserId | null;
  /** When the person last proved who they are; null: a machine, which proves itself at each request. */
  readonly authenticatedAt: Date | null;
  /** Who is signed in, or whose API token it is; absent or null: nobody's own. */
  readonly person?: PersonOfTenant | null;
  /** The link that the caller holds. Its rights are its own, and no role's (`domain/setup-link/rights.ts`). */
  readonly setupLink?: SetupLink;
  /** Console roles by grant in a customer's tenant, by slug, where the caller is one of an MSP's people (E2). */
  readonly rolesIn?: (customer: string) => Promise<readonly ConsoleRole[]>;
}

/** How old a person's proof may be for what needs one, in seconds. */
export const STEP_UP_SECONDS = 300;

export type Judgement = 'allowed' | 'forbidden' | 'step_up_required';

/** Whether a caller with these roles in the tenant concerned may. */
export function judge(
  caller: Caller,
  roles: readonly ConsoleRole[],
  permission: Permission | 'none',
  now: Date,
): Judgement {
  if (permission === 'none') return 'allowed';
  const rule = ruleOf(permission);
  if (!rule.roles.some((role) => roles.includes(role))) return 'forbidden';
  if (caller.scopes !== null && !coversScope(caller.scopes, permission)) return 'forbidden';
  if (rule.stepUp !== true || caller.authenticatedAt === null) return 'allowed';
  const ageSeconds = (now.getTime() - caller.authenticatedAt.getTime()) / 1000;
  return ageSeconds <= STEP_UP_SECONDS ? 'allowed' : 'step_up_required';
}

/** Who may manage a resource may read it. */
function coversScope(scopes: ReadonlySet<string>, permission: Permission): boolean {
  const scope = scopeOf(permission);
  return scopes.has(scope) || scopes.has(scope.replace(/\.read$/, '.manage'));
}
