import type { JsonObject } from '../../core/json.js';
import { NEW_CONNECTION_SETTINGS } from '../configuration/defaults.js';
import type { Connection, ConnectionSettings } from './connection.js';
import type { SealedSecrets } from './fingerprint.js';

/**
 * A connection's configuration that is tested before it is served: `connections.candidate`. What is absent is as in the
 * served one.
 */
export interface CandidateConfiguration {
  readonly type?: Connection['type'];
  readonly issuer?: string;
  readonly settings?: Partial<ConnectionSettings>;
  /** The last test that it passed; it may have changed since. */
  readonly tested?: {
    /** Base64url of the fingerprint of what was tested. */
    readonly fingerprint: string;
    readonly test: string;
    readonly at: string;
  };
}

/**
 * Secrets of a candidate: `connections.candidate_secrets`. Sealed for the very place of the served ones, so that they are
 * served later as they are, and the fingerprint of what was tested is that of what is then served. Absent: the served one.
 */
type CandidateSecrets = Partial<SealedSecrets>;

/** Which of a connection's configurations is meant. */
export type ConfigurationSource = 'served' | 'candidate';

/** One configuration of a connection, with its secrets as they are stored. */
export interface ConnectionSubject {
  readonly source: ConfigurationSource;
  readonly connection: Connection;
  readonly secrets: SealedSecrets;
}

/** A connection as it is stored. */
export interface StoredConnection {
  readonly served: Connection;
  readonly secrets: SealedSecrets;
  /** Null: there is none. */
  readonly candidate: JsonObject | null;
  readonly candidateSecrets: CandidateSecrets | null;
}

/** A candidate as it is stored. */
export function readCandidate(candidate: JsonObject): CandidateConfiguration {
  return candidate;
}

/** The candidate where there is one, else what is served. */
export function subjectOf(stored: StoredConnection, source?: ConfigurationSource): ConnectionSubject {
  const { served, secrets, candidate } = stored;
  if (candidate === null || source === 'served') return { source: 'served', connection: served, secrets };
  const { type, issuer, settings } = readCandidate(candidate);
  return {
    source: 'candidate',
    connection: {
      ...served,
      type: type ?? served.type,
      issuer: issuer ?? served.issuer,
      // People of another issuer are other people, as they will be once it is served.
      version: issuer === undefined || issuer === served.issuer ? served.version : served.version + 1,
      settings: { ...NEW_CONNECTION_SETTINGS, ...served.settings, ...settings },
    },
    secrets: { ...secrets, ...stored.candidateSecrets },
  };
}
