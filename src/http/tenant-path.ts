/** A request below a tenant's issuer: `/t/{slug}{rest}`. */
export interface TenantPath {
  readonly slug: string;
  /** Begins with a slash. */
  readonly rest: string;
}

const FORM = /^\/t\/([a-z0-9-]{1,40})(\/[A-Za-z0-9._~!$&'()*+,=:@/-]*)$/;

/** A segment that is empty, `.` or `..`. */
const ODD_SEGMENT = /\/\.{0,2}(?:\/|$)/;

/**
 * The tenant that a path names. Only the canonical spelling is one: no percent signs, no empty or dot segments, no
 * parameters, no capitals in the slug; whatever else is nobody's.
 * @param path without the query, relative to `PUBLIC_URL`
 */
export function parseTenantPath(path: string): TenantPath | undefined {
  const match = FORM.exec(path);
  if (match === null) return undefined;
  const [, slug = '', rest = ''] = match;
  if (ODD_SEGMENT.test(rest)) return undefined;
  return { slug, rest };
}
