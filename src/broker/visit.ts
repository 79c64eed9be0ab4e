import type { Context } from 'koa';
import type { TenantContext } from '../http/tenant-context.js';
import type { PendingInteraction } from '../op/interactions.js';
import type { OpenInteraction } from '../op/open-interaction.js';
import { frameOf } from '../op/page-frame.js';
import type { Frame } from '../pages/frame.js';
import type { BrokerDeps } from './deps.js';

/** One interaction's page, as this request sees it. */
export interface Visit {
  readonly ctx: Context;
  readonly tenant: TenantContext;
  readonly open: OpenInteraction;
  readonly interaction: PendingInteraction;
  readonly address: string;
  readonly deps: BrokerDeps;
}

/** What its pages have in common. */
export function frame({ tenant, interaction, deps }: Visit): Frame {
  return frameOf(tenant, deps.stylesheetHref, tenant.application(interaction.clientId)?.name);
}
