import { Type, type Static } from 'typebox';
import { isUuid } from '../../core/ids.js';
import { SYSTEM_SLUG } from '../../domain/tenant/tenant.js';
import { TenantSummary } from '../../management/contract/tenants.js';
import { UserSummary } from '../../management/contract/users.js';
import { onePerson } from '../chosen-person.js';
import { CliError, EXIT } from '../exit-codes.js';
import { pathOf, type RemoteApi } from './api.js';
import { RemoteProblem } from './problem.js';

type Person = Static<typeof UserSummary>;

const Me = Type.Object({ tenant: Type.String() });

/**
 * The tenant that is named, or the only one that the token is good for.
 * @throws CliError when none is named, and it is good for none or for several
 */
export async function remoteTenant(api: RemoteApi, slug: string | undefined): Promise<string> {
  if (slug !== undefined) return slug;
  const { tenant: home } = await api.get(Me, pathOf('me'));
  const { items, isMore } = await api.list(TenantSummary, pathOf('tenants'), { limit: 2 });
  const slugs = [...(home === SYSTEM_SLUG ? [] : [home]), ...items.map((tenant) => tenant.slug)];
  const [only, ...others] = slugs;
  if (only === undefined) throw new CliError(EXIT.usage, ['there is no tenant yet']);
  if (others.length === 0 && !isMore) return only;
  throw new CliError(EXIT.usage, ['give --tenant SLUG: there are several tenants']);
}

const TENANTS_MAX = 100_000;

/** All tenants that the token is good for: its own, and those below. */
export async function remoteTenants(api: RemoteApi): Promise<readonly string[]> {
  const { tenant: home } = await api.get(Me, pathOf('me'));
  const { items } = await api.list(TenantSummary, pathOf('tenants'), { limit: TENANTS_MAX });
  return [...new Set([home, ...items.map((tenant) => tenant.slug)])];
}

/** More people never had one name: there is one of each connection. */
const NAMESAKES_MAX = 1_000;

/**
 * The one whom an id or a userName means.
 * @throws CliError when it means nobody, or several people
 */
export async function remotePerson(
  api: RemoteApi,
  tenant: string,
  idOrUserName: string,
  connection?: string,
): Promise<Person> {
  return onePerson(await peopleOf(api, tenant, idOrUserName), idOrUserName, connection);
}

async function peopleOf(api: RemoteApi, tenant: string, idOrUserName: string): Promise<readonly Person[]> {
  const users = pathOf('tenants', tenant, 'users');
  if (isUuid(idOrUserName)) {
    try {
      return [await api.get(UserSummary, `${users}${pathOf(idOrUserName)}`)];
    } catch (error) {
      // Somebody may be called like an id.
      if (!(error instanceof RemoteProblem && error.code === 'not_found')) throw error;
    }
  }
  // Sorted by name, whoever has it whole comes before those whose names only begin with it.
  const query = { userName: idOrUserName };
  const { items } = await api.list(UserSummary, users, { query, limit: NAMESAKES_MAX });
  const name = idOrUserName.toLowerCase();
  return items.filter(({ userName }) => userName.toLowerCase() === name);
}
