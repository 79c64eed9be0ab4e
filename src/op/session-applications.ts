import type { Json, JsonObject } from '../core/json.js';
import type { SessionApplication, StoredSession } from '../domain/artifact/artifact-store.js';
import { artifactHash } from './artifact-names.js';

/** The session's applications as rows: those that changed since they were read, and those that left. */
export function applicationChanges(
  before: StoredSession | undefined,
  authorizations: JsonObject,
): { readonly applications: readonly SessionApplication[]; readonly leftApplications: readonly string[] } {
  const known = new Map(
    (before?.applications ?? []).map((application) => [application.clientId, application]),
  );
  const applications = Object.entries(authorizations).flatMap(([clientId, value]) => {
    const { sid, grantId, persistsLogout } = value as { [member: string]: Json | undefined };
    if (typeof sid !== 'string') return [];
    const application = {
      clientId,
      sid,
      grantId: typeof grantId === 'string' ? grantId : null,
      grantHash: typeof grantId === 'string' ? artifactHash('Grant', grantId) : null,
      persistsLogout: persistsLogout === true,
    };
    const old = known.get(clientId);
    const same =
      old?.sid === sid &&
      old.grantId === application.grantId &&
      old.persistsLogout === application.persistsLogout;
    return same ? [] : [application];
  });
  return {
    applications,
    leftApplications: [...known.keys()].filter((clientId) => authorizations[clientId] === undefined),
  };
}
