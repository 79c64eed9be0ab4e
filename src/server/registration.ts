import type { Ids } from '../core/ids.js';
import { originOf, type TrustedProxies } from '../http/request-origin.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { KeyRing } from '../keys/sealing.js';
import { RegistrationServer } from '../op/registration/registration.js';
import type { Database } from '../storage/database.js';
import { PostgresRegistrationStore } from '../storage/registration-store.js';
import { configurationDeps } from './configuration.js';

interface Parts {
  readonly settings: { readonly publicUrl: string; readonly trustedProxies: TrustedProxies };
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly directory: TenantDirectory;
  readonly ids: Ids;
}

/** Client registration, over the stores of this node. */
export function composeRegistration({
  settings,
  database,
  keyRing,
  directory,
  ids,
}: Parts): RegistrationServer {
  return new RegistrationServer({
    ...configurationDeps(database, keyRing, ids),
    registrations: new PostgresRegistrationStore(database),
    rules: { allowHttpLoopback: settings.publicUrl.startsWith('http:') },
    originOf: (ctx) => originOf(ctx, settings.trustedProxies),
    forget: (slug) => directory.forget(slug),
  });
}
