import { clientCredentialsJwt, clientCredentialsOpaque } from './client-credentials.js';
import { discovery, keys, revalidation } from './documents.js';
import type { Flow } from './flow.js';
import { brokeredLogin, introspection, refresh, refreshStorm, singleSignOn } from './people.js';

/** Every flow that is measured, in the order of the table. */
export const FLOWS: readonly Flow[] = [
  discovery,
  revalidation,
  keys,
  clientCredentialsJwt,
  clientCredentialsOpaque,
  introspection,
  refresh,
  refreshStorm,
  singleSignOn,
  brokeredLogin,
];
