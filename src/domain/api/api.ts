/** An audience for access tokens (RFC 8707): an API that the tenant's applications call. */
export interface Api {
  readonly id: string;
  /** The audience, an absolute URI or any text without white space. */
  readonly identifier: string;
  readonly scopes: readonly ApiScope[];
  readonly tokenFormat: 'jwt' | 'opaque';
  /** Whether tokens that name no audience are for this API. At most one of a tenant. */
  readonly isDefault: boolean;
  readonly accessTokenSeconds: number;
  /** `okta` adds Okta's claims `ver`, `cid`, `uid`, `scp` to RFC 9068's. */
  readonly profile: 'rfc9068' | 'okta';
}

export interface ApiScope {
  readonly name: string;
  /** Granted when the request names no scope of the API. */
  readonly isDefault: boolean;
}

/** Who may get which scopes of an API by which grants. Any one policy that fits suffices. */
export interface AccessPolicy {
  readonly api: string;
  /** clientIds, or `all`. */
  readonly clients: 'all' | readonly string[];
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
}

/** The scopes of an API that a client may have by a grant, by the policies of its tenant. */
export function allowedScopes(
  policies: readonly AccessPolicy[],
  request: { readonly api: string; readonly clientId: string; readonly grant: string },
): ReadonlySet<string> {
  const fits = policies.filter(
    (policy) =>
      policy.api === request.api &&
      (policy.clients === 'all' || policy.clients.includes(request.clientId)) &&
      policy.grants.includes(request.grant),
  );
  return new Set(fits.flatMap((policy) => policy.scopes));
}
