import type { JsonObject } from '../../core/json.js';
import { etagOf } from '../preconditions.js';
import { isObject } from './check-json.js';

/** `meta` of a resource (RFC 7643 section 3.1). */
export function metaOf(
  resourceType: string,
  resource: { readonly version: number; readonly createdAt: Date; readonly updatedAt: Date },
  location: string,
): JsonObject {
  return {
    resourceType,
    created: resource.createdAt.toISOString(),
    lastModified: resource.updatedAt.toISOString(),
    location,
    version: etagOf(resource.version),
  };
}

/** Where a resource lies, by its own word; undefined: it doesn't say. */
export function locationOf(resource: JsonObject | undefined): string | undefined {
  const meta = resource?.['meta'];
  const location = isObject(meta) ? meta['location'] : undefined;
  return typeof location === 'string' ? location : undefined;
}
