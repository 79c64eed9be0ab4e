import type { Static } from 'typebox';
import { isUuid } from '../../core/ids.js';
import { TenantSummary } from '../../management/contract/tenants.js';
import { UserSummary } from '../../management/contract/users.js';
import { onePerson } from '../chosen-person.js';
import { CliError, EXIT } from '../exit-codes.js';
import { pathOf, type RemoteApi } from './api.js';
import { RemoteProblem } from './problem.js';

type Person = Static<typeof UserSummary>;

/**
 * The tenant that is named, or the deployment's only one.
 * @throws CliError when none is named, and the token sees none or several, or belongs to a tenant of its own
 */
export async function remoteTenant(api: RemoteApi, slug: string | undefined): Promise<string> {
  if (slug !== undefined) return slug;
  const { items, isMore } = await api.list(TenantSummary, pathOf('tenants'), { limit: 2 });
  const [only, ...others] = items;
  // An MSP's token sees its customers, and not the MSP itself: which is meant isn't ours to guess.
  if (only !== undefined && only.parent === null && others.length === 0 && !isMore) return only.slug;
  throw new CliError(EXIT.usage, ['give --tenant SLUG']);
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
