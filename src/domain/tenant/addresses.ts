/** Addresses of a tenant below the deployment's public address (`PUBLIC_URL`, without a slash at its end). */
export interface TenantAddresses {
  readonly issuer: string;
  readonly scimBaseUrl: string;
}

/** Addresses that an upstream's admin enters for one connection. */
export interface ConnectionAddresses {
  readonly redirectUri: string;
  readonly initiateLoginUri: string;
  readonly postLogoutRedirectUri: string;
}

export function tenantAddresses(publicUrl: string, slug: string): TenantAddresses {
  const issuer = `${publicUrl}/t/${slug}`;
  return { issuer, scimBaseUrl: `${issuer}/scim/v2` };
}

export function connectionAddresses(issuer: string, connectionKey: string): ConnectionAddresses {
  return {
    redirectUri: `${issuer}/callback/${connectionKey}`,
    initiateLoginUri: `${issuer}/initiate/${connectionKey}`,
    postLogoutRedirectUri: `${issuer}/signed-out/${connectionKey}`,
  };
}
