import type { Json } from '../../core/json.js';

/**
 * What a resource holds, as it is stored: canonical names only, core attributes and externalId at the top,
 * each extension an object under its URN. Without `schemas`, `id`, `meta`, `password` and whatever else is
 * readOnly; nothing is null, "" or empty.
 */
export type CanonicalResource = { readonly [attribute: string]: Json };
