import type { JsonObject } from '../core/json.js';

/** Kinds of a bad request (RFC 7644 section 3.12, table 9; the last three: RFC 9865 section 4). */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount';

/**
 * A SCIM request that is answered with an error. `detail` reaches the customer's Okta admin, in the task that
 * failed: it names the attribute, what was wrong and what to do; text of the request stands in it only by
 * `quoted`.
 */
export class ScimError extends Error {
  override readonly name = 'ScimError';

  constructor(
    readonly status: number,
    detail: string,
    readonly scimType?: ScimType,
  ) {
    super(detail);
  }
}

/** The body of an error (RFC 7644 section 3.12): `status` is a string. */
export function scimErrorBody(error: ScimError): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(error.status),
    ...(error.scimType === undefined ? {} : { scimType: error.scimType }),
    detail: error.message,
  };
}

/** 400 of the given kind. */
export function badRequest(scimType: ScimType, detail: string): ScimError {
  return new ScimError(400, detail, scimType);
}

export { quoted } from '../core/text.js';
