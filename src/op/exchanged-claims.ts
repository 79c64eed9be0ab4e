import type { AccessToken, ClientCredentials, JWTStructured, KoaContextWithOIDC } from 'oidc-provider';

/** RFC 8693 section 2.1. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

const exchanged = new WeakMap<object, Readonly<Record<string, unknown>>>();

/** Sets what the token that this request makes by an exchange says beyond all others: `act`, the sign-in, its subject. */
export function sayInExchange(ctx: KoaContextWithOIDC, claims: Readonly<Record<string, unknown>>): void {
  exchanged.set(ctx, claims);
}

/** Those claims; none for a token that is made in another way. */
export const exchangedClaims = (ctx: KoaContextWithOIDC): Readonly<Record<string, unknown>> =>
  exchanged.get(ctx) ?? {};

/**
 * Gives a JWT about another application its `sub`: the library takes an application's own token to be about the one that
 * it is issued to. No claim that an operator names can be `sub`.
 */
export function subjectOfJwt(
  _ctx: KoaContextWithOIDC,
  { kind, extra }: AccessToken | ClientCredentials,
  { payload }: JWTStructured,
): void {
  if (kind === 'ClientCredentials' && typeof extra?.['sub'] === 'string') payload['sub'] = extra['sub'];
}
