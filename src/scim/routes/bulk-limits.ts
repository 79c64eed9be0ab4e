import { MAX_BODY_BYTES } from '../read-json.js';

/** Operations of one Bulk request, at most. */
export const MAX_BULK_OPERATIONS = 1_000;
/** Bytes of a Bulk request, at most. */
export const MAX_BULK_BYTES = MAX_BODY_BYTES;
