import type { Application } from '../../domain/application/application.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { ApiCall } from '../api/call.js';
import { Problem } from '../api/problems.js';

/** An application that somebody of the call's tenant may be asked about. */
export interface AskedApplication {
  readonly application: Application;
  /** Whose it is, where it isn't the tenant's own. */
  readonly above?: TenantContext;
}

interface Asked {
  /** clientId. */
  readonly application: string;
  /** Whether the one above's is meant, though the tenant has one of that name. */
  readonly above?: boolean;
}

/** As `findApplication`. @throws Problem `invalid_request` when there is none */
export async function applicationAsked(
  directory: Pick<TenantDirectory, 'find'>,
  { tenant }: Pick<ApiCall, 'tenant'>,
  asked: Asked,
): Promise<AskedApplication> {
  const found = await findApplication(directory, tenant, asked);
  if (found === undefined)
    throw new Problem('invalid_request', `There is no application '${asked.application}'.`);
  return found;
}

/**
 * The tenant's own application of that name, or the one above's for its customers' people (E4): of the others above
 * nobody below is told.
 */
export async function findApplication(
  directory: Pick<TenantDirectory, 'find'>,
  { configuration }: Pick<TenantContext, 'configuration'>,
  { application: clientId, above: isAbove = false }: Asked,
): Promise<AskedApplication | undefined> {
  const own = configuration.applications.find((one) => one.clientId === clientId);
  if (own !== undefined && !isAbove) return { application: own };
  const { parentSlug } = configuration;
  const above = parentSlug === null ? undefined : await directory.find(parentSlug);
  const found = above?.configuration.applications.find(
    (one) => one.clientId === clientId && one.settings.audience === 'tenant-and-customers',
  );
  return above === undefined || found === undefined ? undefined : { application: found, above };
}
