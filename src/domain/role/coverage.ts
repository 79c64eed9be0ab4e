import { DomainError } from '../../core/errors.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import type { ConfigurationStore, ConfiguredTenant } from '../configuration/configuration-store.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { TenantTransactions } from '../tenant/transactions.js';
import { rolesIn } from './role.js';
import { mattering } from './preview-mappings.js';
import type {
  PersonPlace,
  PreviewedPerson,
  StandingProfile,
  StandingProfileStore,
} from './standing-profile.js';

export interface RoleCoverageDeps {
  readonly store: Pick<ConfigurationStore, 'find'>;
  readonly transactions: TenantTransactions;
  readonly standings: StandingProfileStore;
}

/** Which of a connection's people get a role, and which get none. */
export interface RoleCoverage {
  /** Known by the connection, switched on, and of its present issuer: be it a draft. */
  readonly people: number;
  readonly withRole: number;
  readonly withoutRole: number;
  /** The tenant's own roles, and how many of these people have each, in one application or in all. */
  readonly roles: readonly { readonly role: string; readonly people: number }[];
  /** A page of those who get none, by name. */
  readonly without: readonly PreviewedPerson[];
  /** Where the next page begins; null: there is none. */
  readonly next: PersonPlace | null;
}

/**
 * What the mappings in force give the people of one connection, by the evaluation that tokens are made by. People are
 * grouped in SQL: each combination of groups and assignments is evaluated once. A role of the console is a role, too, and
 * so is the default role.
 * @throws DomainError `not_found` when there is no such tenant or connection
 */
export async function readRoleCoverage(
  { store, transactions, standings }: RoleCoverageDeps,
  slug: string,
  asked: { readonly connection: string; readonly after: PersonPlace | undefined; readonly limit: number },
): Promise<RoleCoverage> {
  const { configuration } = await found(store, slug);
  const connection = configuration.connections.find(({ key }) => key === asked.connection);
  if (connection === undefined)
    throw new DomainError('not_found', `There is no connection '${asked.connection}'.`);
  return transactions.withTenant(configuration.tenant.id, async (scope) => {
    const reading = await standings.read(scope, mattering(configuration, configuration), null);
    const own = reading.profiles
      .filter(({ connectionId }) => connectionId === connection.id)
      .map((profile) => ({ profile, keys: roleKeysOf(configuration, profile) }));
    const none = own.filter(({ keys }) => keys.size === 0).map(({ profile }) => profile);
    const listed = await reading.list(
      none.map(({ key }) => key),
      asked.after,
      asked.limit + 1,
    );
    const shown = listed.slice(0, asked.limit);
    const people = sum(own.map(({ profile }) => profile));
    const withoutRole = sum(none);
    return {
      people,
      withRole: people - withoutRole,
      withoutRole,
      roles: configuration.roles
        .filter(({ key }) => !key.startsWith('console:'))
        .map(({ key }) => ({
          role: key,
          people: sum(own.filter(({ keys }) => keys.has(key)).map(({ profile }) => profile)),
        })),
      without: shown.map(({ person }) => person),
      next: listed.length > asked.limit ? (shown.at(-1)?.place ?? null) : null,
    };
  });
}

async function found(store: RoleCoverageDeps['store'], slug: string): Promise<ConfiguredTenant> {
  const current = await store.find(slug);
  if (current === undefined) throw new DomainError('not_found', `there is no tenant '${slug}'`);
  return current;
}

/** No application has this clientId: the default role is there for whom nothing else gives one everywhere. */
const ELSEWHERE = '';

function roleKeysOf(configuration: TenantConfiguration, profile: StandingProfile): ReadonlySet<string> {
  const { roles } = rolesOfPerson(configuration, profile);
  const { defaultRole } = configuration.tenant.settings;
  return new Set([...roles.map(({ key }) => key), ...rolesIn(roles, ELSEWHERE, defaultRole)]);
}

const sum = (profiles: readonly StandingProfile[]): number =>
  profiles.reduce((total, { people }) => total + people, 0);
