import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { fallBack } from '../domain/connection/lifecycle/fall-back.js';
import type { KeyRing } from '../keys/sealing.js';
import { PostgresConnectionLifecycleStore } from '../storage/connection-lifecycle-store.js';
import type { Database } from '../storage/database.js';
import { PostgresFallBackStore } from '../storage/fall-back-store.js';
import { configurationDeps } from './configuration.js';

/** Looks for connections that were enforced and let nobody in, and takes that back (A18). */
export function fallBackJob(parts: {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly ids: Ids;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly log: Logger;
}): () => Promise<number> {
  const { database, keyRing, ids, publicUrl, log } = parts;
  const deps = {
    ...configurationDeps(database, keyRing, ids),
    fallBacks: new PostgresFallBackStore(database),
    lifecycles: new PostgresConnectionLifecycleStore(database),
    rules: { allowHttpLoopback: publicUrl.startsWith('http:') },
    log,
  };
  return () => fallBack(deps);
}
