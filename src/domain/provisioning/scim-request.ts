import type { ConnectionId, TenantId } from '../../core/ids.js';
import type { Json } from '../../core/json.js';

/**
 * Why a request's token was refused. `mistyped`: it was cut or mistyped, its checksum is wrong. `other_kind`: it opens
 * something else than SCIM. `not_ours`: no token of the form that is made here. `unknown`: sound, and not (any more) in
 * force for this tenant.
 */
export const TOKEN_FAULTS = ['missing', 'mistyped', 'other_kind', 'not_ours', 'expired', 'unknown'] as const;
export type TokenFault = (typeof TOKEN_FAULTS)[number];

/** One SCIM request and what it came to, as the flight recorder keeps it: passwords and tokens left out (C13). */
export interface ScimRequestRecord {
  /** UUIDv7. */
  readonly id: string;
  readonly at: Date;
  /** Null: the request named no token that is known. */
  readonly connectionId: ConnectionId | null;
  /** Of a token that was refused: the id that it names, if its checksum is right. */
  readonly tokenId: string | null;
  /** Null: the token was good. */
  readonly tokenFault: TokenFault | null;
  readonly requestId: string;
  readonly method: string;
  /** Path below the SCIM base with its query. */
  readonly target: string;
  readonly status: number;
  readonly durationMs: number;
  readonly userAgent: string | null;
  /** What the client was told was wrong. */
  readonly detail: string | null;
  readonly request: Json;
  readonly response: Json;
  readonly effects: readonly ScimEffect[];
}

/** What a request did to a resource. */
export interface ScimEffect {
  readonly action: 'created' | 'updated' | 'unchanged' | 'deactivated' | 'deleted';
  readonly resourceType: 'User' | 'Group';
  readonly id: string;
  /** Names that the request gave and the schema doesn't have. */
  readonly ignored?: readonly string[];
}

/** Which of a tenant's requests to show. */
export interface ScimRequestQuery {
  /** Those after this id, oldest first; undefined: the latest. */
  readonly after: string | undefined;
  readonly limit: number;
  /** Only those by tokens of this connection. */
  readonly connectionId?: ConnectionId | undefined;
}

/** The flight recorder's rows. */
export interface ScimRequestStore {
  /** Also marks the tokens that were used. May be lost when the database's host fails: it harms nobody. */
  append(tenantId: TenantId, records: readonly ScimRequestRecord[]): Promise<void>;
  list(tenantId: TenantId, query: ScimRequestQuery): Promise<readonly ScimRequestRecord[]>;
  find(tenantId: TenantId, id: string): Promise<ScimRequestRecord | undefined>;
}
