import { ScimError } from './errors.js';
import type { ScimRequest } from './call.js';

/** The ETag of a version: weak, since one resource is shown in many ways (RFC 7644 section 3.14). */
export const etagOf = (version: number): string => `W/"${version}"`;

/** Weak comparison of entity tags (RFC 9110 section 8.8.3.2). */
function names(header: string, version: number): boolean {
  return (
    header.trim() === '*' ||
    header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${version}"`)
  );
}

/** Throws ScimError 412 unless the version is one that the request takes for the present one. */
export function checkMatch({ ifMatch }: ScimRequest, version: number): void {
  if (ifMatch !== undefined && !names(ifMatch, version))
    throw new ScimError(412, `The resource has changed: its version is ${etagOf(version)}. Read it again.`);
}

/** Whether the client has this version already. */
export function isKnown({ ifNoneMatch }: ScimRequest, version: number): boolean {
  return ifNoneMatch !== undefined && names(ifNoneMatch, version);
}
