/** What depends on the deployment. */
export interface ConfigurationRules {
  /** Whether `http:` addresses of loopback hosts are fine: only while Causeway's own address is one. */
  readonly allowHttpLoopback: boolean;
}

/** Whether values that an operator gives are those that are kept: by hash or by opening what is sealed. */
export interface KnownSecrets {
  /** Whether there is a secret at the place. */
  has(place: SecretPlace): boolean;
  /** Whether it is this one. */
  holds(place: SecretPlace, value: string): boolean;
  /** When the application's secret of this value ends, if it was given an end because another took its place. */
  endOf(clientId: string, value: string): Date | undefined;
}

export type SecretPlace =
  | { readonly connection: string; readonly member: 'clientSecret' | 'secondarySecret' }
  | { readonly application: string; readonly slot?: 'secondary' }
  | { readonly webhook: string }
  | { readonly scimToken: string };

/** No secret at all: what a new tenant has. */
export const NO_SECRETS: KnownSecrets = { has: () => false, holds: () => false, endOf: () => undefined };
