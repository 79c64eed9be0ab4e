import type { ArtifactCommit } from '../domain/artifact/artifact-store.js';

/** A commit that writes nothing. */
export const EMPTY_COMMIT: ArtifactCommit = {
  userId: null,
  standing: null,
  requiredSession: null,
  requiredGrant: null,
  consume: [],
  artifacts: [],
  session: undefined,
  destroy: [],
  revokeGrants: [],
  tokenRecords: [],
  loginTransaction: undefined,
  audit: [],
  deliveries: [],
};
