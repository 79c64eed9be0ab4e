import { DomainError } from '../../core/errors.js';
import type { Authority } from '../account/owners.js';
import type { Actor, RequestOrigin } from '../audit/audit-event.js';
import type { ApplyDeps } from '../configuration/apply-deps.js';
import { changeTenant } from '../configuration/change-tenant.js';
import type { ConfigurationRules } from '../configuration/rules.js';
import type { TenantTransactions } from '../tenant/transactions.js';
import type { SetupLink, SetupLinkStore } from './setup-link.js';

export interface SetupScimTokenDeps {
  readonly apply: ApplyDeps;
  readonly transactions: TenantTransactions;
  readonly links: Pick<SetupLinkStore, 'note'>;
}

export interface SetupScimToken {
  readonly id: string;
  readonly name: string;
  /** Told this once. */
  readonly token: string;
}

/**
 * Makes the link's SCIM token. One that was made by it before is replaced: nobody else's is touched.
 * @throws DomainError `conflict` while the connection isn't there, and when the link counts no more
 */
export async function makeSetupScimToken(
  { apply, transactions, links }: SetupScimTokenDeps,
  link: SetupLink,
  asked: {
    readonly rules: ConfigurationRules;
    readonly actor: Actor;
    readonly authority: Authority;
    readonly origin: RequestOrigin;
  },
): Promise<SetupScimToken> {
  const { progress, connection, state } = link;
  if (state === 'revoked' || state === 'expired')
    throw new DomainError('conflict', 'The set-up link has ended.');
  const prefix = `set-up-${link.id.slice(-12)}-`;
  let name = '';
  const { applied, tenant } = await changeTenant(apply, link.tenantSlug, {
    ...asked,
    wanted(current) {
      if (current?.configuration.connections.some(({ key }) => key === connection) !== true)
        throw new DomainError('conflict', `Make the connection '${connection}' first.`);
      const { scimTokens } = current.configuration;
      const own = scimTokens.filter((token) => token.name.startsWith(prefix));
      // A new name each time: what has the name of before keeps its value.
      name = `${prefix}${1 + Math.max(0, ...own.map((token) => Number(token.name.slice(prefix.length))))}`;
      const kept = scimTokens.filter((token) => !own.includes(token)).map((token) => ({ name: token.name }));
      return { path: '', slug: link.tenantSlug, scimTokens: [...kept, { name, connection }] };
    },
  });
  const token = applied.scimTokens.find((made) => made.name === name)?.token;
  const id = tenant.configuration.scimTokens.find((made) => made.name === name)?.id;
  if (token === undefined || id === undefined)
    throw new DomainError('conflict', 'Another token has just been made by this link: make one more.');
  const scimTokenAt = apply.clock.now().toISOString();
  const scimTokens = [...progress.scimTokens, id];
  await transactions.withTenant(link.tenantId, (scope) =>
    links.note(scope, link.id, { scimTokens, scimTokenAt }),
  );
  return { id, name, token };
}
