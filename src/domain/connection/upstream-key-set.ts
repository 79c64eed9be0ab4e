import type { ConnectionId, TenantId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';

/** A document of an upstream as it was last fetched and found sound. */
export interface UpstreamDocument {
  readonly body: JsonObject;
  readonly fetchedAt: Date;
  /** Until then it is used without asking; for 24 h more while the upstream can't be asked (F-11). */
  readonly freshUntil: Date;
}

/** What is kept of an upstream, so that a node that starts during the upstream's outage can still verify tokens. */
export interface UpstreamKeySet {
  /** Documents of another version of the connection are never used: the issuer may have changed. */
  readonly connectionVersion: number;
  /** OpenID Provider metadata (OpenID Connect Discovery 1.0 section 3): only the members that Causeway uses. */
  readonly metadata: UpstreamDocument;
  /** JWK Set (RFC 7517 section 5), public members only; undefined until it was first needed. */
  readonly keys: UpstreamDocument | undefined;
}

/** One row per connection; the relying party is its only user. */
export interface UpstreamKeySets {
  /** What was last saved, whatever its age or version. */
  load(tenantId: TenantId, connectionId: ConnectionId): Promise<UpstreamKeySet | undefined>;
  /** Replaces the row. Two nodes may save at once: the last one wins, both are right. */
  save(tenantId: TenantId, connectionId: ConnectionId, keySet: UpstreamKeySet): Promise<void>;
  /**
   * Takes the right to fetch the key set out of turn, because a token names a key that isn't in it: one compare-and-set
   * by the database's clock, so that all nodes together ask once (F-11).
   * @param seconds how long nobody else may
   * @returns false while an earlier claim stands; true too when the connection has no row yet
   */
  claimRefetch(tenantId: TenantId, connectionId: ConnectionId, seconds: number): Promise<boolean>;
  /** Gives the claim back after a fetch that failed, so that the next sign-in may try. */
  releaseRefetch(tenantId: TenantId, connectionId: ConnectionId): Promise<void>;
}
