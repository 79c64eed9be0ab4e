/**
 * One address below a tenant's issuer. The tables of these are what the edge serves from, and what the test of tenants
 * apart takes its rows from: an address that isn't listed isn't served, and one that is listed is tested.
 */
export interface TenantRoute<Name extends string = string> {
  readonly name: Name;
  /** Matches the path relative to the issuer, whole; its groups are the path's parameters. */
  readonly path: RegExp;
  /** `any`: whoever serves it judges methods itself. */
  readonly methods: readonly ('GET' | 'HEAD' | 'POST')[] | 'any';
}

export interface FoundRoute<R extends TenantRoute> {
  readonly route: R;
  readonly parameters: readonly (string | undefined)[];
}

/** The route that serves a request. */
export function findRoute<R extends TenantRoute>(
  routes: readonly R[],
  method: string,
  rest: string,
): FoundRoute<R> | undefined {
  for (const route of routes) {
    const match = route.path.exec(rest);
    if (match === null) continue;
    if (route.methods === 'any' || route.methods.some((served) => served === method))
      return { route, parameters: match.slice(1) };
  }
  return undefined;
}
