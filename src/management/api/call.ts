import { createHash, timingSafeEqual } from 'node:crypto';
import { canonicalJson, type Json } from '../../core/json.js';
import type { RequestOrigin } from '../../domain/audit/audit-event.js';
import type { Authority } from '../../domain/account/owners.js';
import type { ConsoleRole } from '../../domain/operator/console-role.js';
import type { Permission } from '../../domain/operator/permissions.js';
import type { TenantContext } from '../../http/tenant-context.js';
import { judge, type Caller } from './caller.js';
import { Cursors } from './cursors.js';
import { Problem } from './problems.js';

/** One call: by whom, of which tenant, under which condition. */
export class ApiCall {
  readonly cursors: Cursors;

  constructor(
    readonly caller: Caller,
    /** The tenant that the path names; the caller's own where it names none. */
    readonly tenant: TenantContext,
    /** The caller's console roles in that tenant. */
    readonly roles: readonly ConsoleRole[],
    /** On whose word it is: those roles, or for the holder of a set-up link its maker's. */
    readonly authority: Authority,
    readonly origin: RequestOrigin,
    private readonly conditions: { readonly ifMatch: string | undefined },
    private readonly now: () => Date,
  ) {
    this.cursors = new Cursors(tenant, now);
  }

  /** Asks for one more permission than the operation's own. @throws Problem `forbidden`, `step_up_required` */
  require(permission: Permission): void {
    requirePermission(this.caller, this.roles, permission, this.now());
  }

  /**
   * Asserts that the resource is the one that the caller has seen: called where it is locked (RFC 9110 section 13.1.1).
   * @param version what the resource's ETag is made of
   * @throws Problem `version_mismatch`
   */
  expect(version: Json): void {
    const { ifMatch } = this.conditions;
    if (ifMatch === undefined || ifMatch.trim() === '*') return;
    const current = etagOf(version);
    if (ifMatch.split(',').some((tag) => isSame(tag.trim(), current))) return;
    throw new Problem(
      'version_mismatch',
      'Somebody changed it since you read it. Read it again, and decide again.',
      { headers: { ETag: current } },
    );
  }
}

/** @throws Problem `forbidden`, `step_up_required` */
export function requirePermission(
  caller: Caller,
  roles: readonly ConsoleRole[],
  permission: Permission | 'none',
  now: Date,
): void {
  const judgement = judge(caller, roles, permission, now);
  if (judgement === 'step_up_required')
    throw new Problem(
      'step_up_required',
      'Prove who you are once more: the last time is over 5 minutes ago.',
    );
  if (judgement === 'forbidden')
    throw new Problem('forbidden', `That needs the permission ${permission}.`, { members: { permission } });
}

/** A strong ETag of a resource's state. Secrets are no part of a state, so it says nothing of them. */
export function etagOf(version: Json): string {
  return `"${createHash('sha256').update(canonicalJson(version)).digest('base64url').slice(0, 27)}"`;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
