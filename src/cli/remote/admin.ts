import { Type, type Static } from 'typebox';
import { plainText } from '../../core/text.js';
import { OperatorResource, type NewOperator } from '../../management/contract/operators.js';
import { CliError, EXIT } from '../exit-codes.js';
import { pathOf, type RemoteApi } from './api.js';

type Operator = Static<typeof OperatorResource>;
/** An account in the words of the command. */
type Account = Omit<Operator, 'id' | 'enrolment'> & { readonly userId: string };

/** What is told of a link, once. */
export interface ToldLink {
  readonly link: string;
  readonly userId: string;
  readonly expiresAt: string;
}

const ACCOUNTS_MAX = 10_000;
const Address = Type.String({ pattern: '^https?://[!-~]{1,2000}$' });
const WithLink = Type.Intersect([
  OperatorResource,
  Type.Object({ enrolment: Type.Object({ link: Address }) }),
]);
const pathTo = (tenant: string, ...more: readonly string[]): string =>
  pathOf('tenants', tenant, 'operators', ...more);

/** A tenant's local accounts, in the order in which they were made. */
export async function remoteAccounts(api: RemoteApi, tenant: string): Promise<readonly Account[]> {
  const { items } = await api.list(OperatorResource, pathTo(tenant), { limit: ACCOUNTS_MAX });
  return items.map(({ id, enrolment: _enrolment, ...facts }) => ({ userId: id, ...facts }));
}

/** Makes an account. @returns the link for its person, told this once */
export async function createRemotely(
  api: RemoteApi,
  tenant: string,
  body: Static<typeof NewOperator>,
): Promise<ToldLink> {
  return linkOf(await api.post(WithLink, pathTo(tenant), { body }));
}

/** Takes away all that an account signs in by. @returns a new link */
export async function resetRemotely(api: RemoteApi, tenant: string, userName: string): Promise<ToldLink> {
  const { userId } = await accountNamed(api, tenant, userName);
  return linkOf(await api.post(WithLink, pathTo(tenant, userId, 'reset'), {}));
}

/** Switches an account off or on, or deletes it. @returns whether that changed anything */
export async function changeAccountRemotely(
  api: RemoteApi,
  tenant: string,
  userName: string,
  change: 'disable' | 'enable' | 'delete',
): Promise<boolean> {
  const path = pathTo(tenant, (await accountNamed(api, tenant, userName)).userId);
  if (change === 'delete') {
    await api.delete(path);
    return true;
  }
  const active = change === 'enable';
  const { resource, etag } = await api.getWithTag(OperatorResource, path);
  if (resource.active === active) return false;
  await api.patch(OperatorResource, path, { etag, body: { active } });
  return true;
}

async function accountNamed(api: RemoteApi, tenant: string, userName: string): Promise<Account> {
  const name = userName.toLowerCase();
  const account = (await remoteAccounts(api, tenant)).find((one) => one.userName.toLowerCase() === name);
  if (account !== undefined) return account;
  throw new CliError(EXIT.usage, [`there is no local account '${plainText(userName, 60)}'`]);
}

const linkOf = ({ id, enrolment }: Static<typeof WithLink>): ToldLink => ({
  link: enrolment.link,
  userId: id,
  expiresAt: enrolment.expiresAt,
});
