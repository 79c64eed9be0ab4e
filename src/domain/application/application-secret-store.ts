import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { ApplicationSecret, StoredApplicationSecret } from './application.js';

/** What may be told of a client secret: never its value, which nobody has. */
export interface SecretFacts extends Pick<StoredApplicationSecret, 'id' | 'slot' | 'expiresAt'> {
  /** `client_id` of the application. */
  readonly clientId: string;
  readonly createdAt: Date;
  /** At most an hour behind; null: never. */
  readonly lastUsedAt: Date | null;
  /** Whether it has ended, by the database's clock. */
  readonly isExpired: boolean;
}

/** Client secrets of applications, as hashes (B15). */
export interface ApplicationSecretStore {
  /** A tenant's, by application, the first one first; those that have ended too, until others take their place. */
  list(tenantId: TenantId): Promise<readonly SecretFacts[]>;
  /** The same inside a transaction. */
  listHere(scope: TenantScope): Promise<readonly SecretFacts[]>;
  /**
   * Makes `fresh` the application's first secret. The first one of before becomes the second, with an end so many seconds
   * from now; a second one of before goes.
   */
  succeed(
    scope: TenantScope,
    fresh: ApplicationSecret & { readonly applicationId: string },
    overlapSeconds: number,
  ): void;
  /** Notes that secrets were used, at most once an hour for each. */
  noteUsed(tenantId: TenantId, ids: readonly string[]): Promise<void>;
}
