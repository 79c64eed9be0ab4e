import type { ApplicationId, TenantId, UserId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { GivenConsent } from './consent-store.js';

export interface ConsentListQuery extends PageRequest {
  readonly userId?: UserId | undefined;
  readonly applicationId?: ApplicationId | undefined;
}

/** Lists what people have allowed applications, in the order of people's ids. */
export interface ConsentListStore {
  list(tenantId: TenantId, query: ConsentListQuery): Promise<ListPage<GivenConsent>>;
}
