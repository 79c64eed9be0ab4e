import type { JsonObject } from '../../../core/json.js';
import { connectionView } from '../../../domain/configuration/views.js';
import { subjectOf } from '../../../domain/connection/candidate.js';
import {
  candidateTest,
  isServedTested,
  type ConnectionLifecycle,
} from '../../../domain/connection/lifecycle/lifecycle.js';

/** How far a connection has come, as it is shown. @param lifecycle undefined: it has just been made */
export function shownLifecycle(lifecycle: ConnectionLifecycle | undefined): JsonObject {
  if (lifecycle === undefined) return { tested: false, testedAt: null, enforcedAt: null, candidate: null };
  const tested = isServedTested(lifecycle);
  return {
    tested,
    testedAt: tested ? (lifecycle.testedAt?.toISOString() ?? null) : null,
    enforcedAt: lifecycle.enforcedAt?.toISOString() ?? null,
    candidate: shownCandidate(lifecycle),
  };
}

/** A candidate as it is shown: whole, as it would be served. */
function shownCandidate(lifecycle: ConnectionLifecycle): JsonObject | null {
  if (lifecycle.candidate === null) return null;
  const {
    name: _,
    status: __,
    ...members
  } = connectionView(subjectOf(lifecycle, 'candidate').connection).members;
  const test = candidateTest(lifecycle);
  return {
    ...members,
    secrets: Object.keys(lifecycle.candidateSecrets ?? {}).toSorted(),
    tested: test !== undefined,
    testedAt: test?.at.toISOString() ?? null,
  };
}
