import type { Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { ArtifactStore } from '../domain/artifact/artifact-store.js';
import type { TryCounter } from '../domain/artifact/try-counter.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import type { ConsentStore } from '../domain/consent/consent-store.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { GuardedFetch } from '../outbound/fetch.js';
import type { SecretUses } from './client-secrets.js';
import type { ForwardSignOut } from './forward-sign-out.js';
import type { Interactions } from './interactions.js';
import type { Revalidate } from './revalidation.js';
import type { Context } from 'koa';

/** What the providers of all tenants share. */
export interface OpDeps {
  readonly artifacts: ArtifactStore;
  readonly consents: ConsentStore;
  /** Counts wrong codes of devices. */
  readonly tries: TryCounter;
  readonly interactions: Interactions;
  /** Notes when client secrets were used. */
  readonly secretUses: Pick<SecretUses, 'note'>;
  /** Ends one session through the domain's funnel, with its audit event. */
  readonly endSession: (tenant: TenantContext, sessionUid: string) => Promise<void>;
  readonly forwardSignOut: ForwardSignOut;
  readonly revalidate: Revalidate;
  /** For key sets of applications that authenticate by `private_key_jwt`. */
  readonly fetch: GuardedFetch;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly stylesheetHref: string;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Logger;
}
