import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathsBelow } from '../http/public-path.js';
import { requestIdOf } from '../http/request-id.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import { parseTenantPath } from '../http/tenant-path.js';
import { findRoute } from '../http/tenant-route.js';
import { PROVIDER_ROUTES, straightToProvider } from '../op/edge.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { observe, type ObserveDeps } from './observe.js';

export interface StraightWayDeps extends ObserveDeps {
  readonly directory: TenantDirectory;
  readonly providers: ProviderCache;
}

/** A query that means what it says, whoever reads it. */
const PLAIN_SEARCH = /^(?:\?[!"$-~]*)?$/;

/**
 * The short way of most requests: to a provider that is there already, of a tenant in service, with nothing about them
 * that needs an answer of ours. Koa, which the provider is made of itself, comes but once then. It decides nothing of its
 * own: whatever is else is left to the app.
 * @param base of all addresses
 * @returns takes a request on its way; false: nothing has happened to it, and it is the app's
 */
export function openStraightWay(
  base: URL,
  deps: StraightWayDeps,
): (req: IncomingMessage, res: ServerResponse) => boolean {
  const relative = pathsBelow(base.pathname);
  return (req, res) => {
    const { url = '', method = '', headers } = req;
    const { path, search } = partsOf(url);
    if (headers.host !== base.host || !PLAIN_SEARCH.test(search)) return false;
    const below = relative(path);
    const at = below === undefined ? undefined : parseTenantPath(below);
    const tenant = at === undefined ? undefined : deps.directory.loaded(at.slug);
    if (at === undefined || tenant === undefined || tenant.suspended) return false;
    const found = findRoute(PROVIDER_ROUTES, method, at.rest);
    if (found === undefined) return false;
    const { route } = found;
    const goOn = straightToProvider(req, tenant, { route, rest: at.rest, search }, deps.providers);
    if (goOn === undefined) return false;
    observe(req, res, path, () => route.name, deps);
    goOn(res).catch((error: unknown) => {
      deps.log.error('http.failed', { requestId: requestIdOf(req), error });
      res.destroy();
    });
    return true;
  };
}

function partsOf(url: string): { readonly path: string; readonly search: string } {
  const at = url.indexOf('?');
  if (at === -1) return { path: url, search: '' };
  // A question mark alone is no query.
  return { path: url.slice(0, at), search: at === url.length - 1 ? '' : url.slice(at) };
}
