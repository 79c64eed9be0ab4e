import { errors, type Provider } from 'oidc-provider';

/** Types under which our ID Tokens travel: none is named today; the usual one is no other token's. */
const ID_TOKEN_TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT']);

/** What the library's model has, and its types don't tell. */
interface HintModel {
  validate(jwt: string, client: object): Promise<{ readonly header: Claims; readonly payload: Claims }>;
}
type Claims = Readonly<Record<string, unknown>>;

/**
 * Lets only ID Tokens be an `id_token_hint`, at sign-out and at authorize. The library checks signature, issuer
 * and audience, which a logout token of ours for the same application has as well.
 */
export function acceptOnlyIdTokensAsHint(provider: Provider): void {
  const model: HintModel = provider.IdToken;
  const validate = model.validate.bind(model);
  Object.defineProperty(model, 'validate', {
    async value(jwt: string, client: object) {
      const valid = await validate(jwt, client);
      if (!ID_TOKEN_TYPES.has(valid.header['typ']) || Object.hasOwn(valid.payload, 'events'))
        throw new errors.InvalidRequest('id_token_hint is no ID Token');
      return valid;
    },
  });
}
