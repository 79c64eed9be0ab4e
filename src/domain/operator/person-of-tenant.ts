import type { UserId } from '../../core/ids.js';

/** A person, who may be at home in another tenant than the one that is spoken of: the deployment's, or the MSP's above. */
export interface PersonOfTenant {
  /** Slug: no other tenant ever gets it. */
  readonly tenant: string;
  readonly userId: UserId;
}
