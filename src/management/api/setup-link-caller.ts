import {
  judgeSetupOperation,
  judgeSetupRequest,
  SETUP_RIGHTS,
  type AskedOfLink,
} from '../../domain/setup-link/rights.js';
import type { SetupLink } from '../../domain/setup-link/setup-link.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { Operation } from './operation.js';
import { Problem } from './problems.js';

/** @throws Problem `forbidden`; `not_found` for what isn't the link's own */
export function requireSetupOperation(
  link: SetupLink,
  { id }: Operation,
  parameters: Readonly<Record<string, string>>,
): void {
  const judgement = judgeSetupOperation(link, id, parameters);
  if (judgement === 'not_found') throw new Problem('not_found', 'There is nothing at this address.');
  if (judgement === 'forbidden') throw new Problem('forbidden', 'This set-up link is not for that.');
}

/** Asks what its connection is at this moment, and not up to a second ago, where something is changed. @throws Problem `forbidden` */
export async function requireSetupRequest(
  link: SetupLink,
  { id, method }: Operation,
  { query, body }: Pick<AskedOfLink, 'query' | 'body'>,
  { directory }: { readonly directory: Pick<TenantDirectory, 'find' | 'forget'> },
): Promise<void> {
  if (SETUP_RIGHTS[id]?.judge === undefined) return;
  if (method !== 'GET') directory.forget(link.tenantSlug);
  const tenant = await directory.find(link.tenantSlug);
  const connection = tenant?.configuration.connections.find(({ key }) => key === link.connection);
  const fault = judgeSetupRequest(link, id, { query, body, connection });
  if (fault !== undefined) throw new Problem('forbidden', fault);
}
