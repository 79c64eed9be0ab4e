const AS_METADATA = '/.well-known/oauth-authorization-server';
const METADATA = '/.well-known/openid-configuration';

/**
 * Makes a path relative to `PUBLIC_URL`; undefined when it isn't below it. RFC 8414 section 3 puts its well-known segment
 * before the issuer's path; the same document answers at both.
 * @param base path of `PUBLIC_URL`
 */
export function pathsBelow(base: string): (path: string) => string | undefined {
  const prefix = base.replace(/\/$/, '');
  const below = (path: string): string | undefined =>
    path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
  return (path) => {
    if (!path.startsWith(`${AS_METADATA}/`)) return below(path);
    const issuer = below(path.slice(AS_METADATA.length));
    return issuer === undefined ? below(path) : `${issuer}${METADATA}`;
  };
}
