import type { AccountClaims, FindAccount, KoaContextWithOIDC } from 'oidc-provider';
import { groupsFor, type Application } from '../domain/application/application.js';
import type { PersonInApplication } from '../domain/application/person-in-application.js';
import type { Account } from '../domain/user/account.js';
import type { TenantContext } from '../http/tenant-context.js';
import { standingIn, type Standing } from './standing.js';
import { UnitOfWork } from './unit-of-work.js';

/** A person in an application: what its tokens tell of them, computed now (D3). */
export interface Person extends PersonInApplication {
  readonly account: Account;
  /** The tenant that they are of: the application's, or one directly below it (E4). */
  readonly home: TenantContext;
}

/**
 * The person of a request, with roles and groups computed from the store and the mappings in force: undefined when there
 * is none, or they were switched off, or their connection is closed.
 */
export async function findPerson(userId: string, application: Application): Promise<Person | undefined> {
  const unit = UnitOfWork.current;
  const account = await unit.account(userId);
  const home = await unit.home(userId);
  return home === undefined ? undefined : personOf({ tenant: unit.tenant, home }, application, account);
}

/** Who an account is in an application: undefined of somebody who was switched off, or whose connection is closed. */
export function personOf(
  { tenant, home }: Standing,
  application: Application,
  account: Account | undefined,
): Person | undefined {
  if (account?.active !== true) return undefined;
  const persons = personsOf.get(account) ?? new Map<Application, Person | undefined>();
  personsOf.set(account, persons);
  if (!persons.has(application)) persons.set(application, judge({ tenant, home }, application, account));
  return persons.get(application);
}

/** An account is read anew by every request, and asked for several times in it. */
const personsOf = new WeakMap<Account, Map<Application, Person | undefined>>();

function judge({ tenant, home }: Standing, application: Application, account: Account): Person | undefined {
  const { connectionId } = account;
  if (connectionId !== null && !home.openConnections.some((connection) => connection.id === connectionId))
    return undefined;
  return { account, home, ...standingIn({ tenant, home }, application, account) };
}

/** Routes on which somebody without access is still a person: they get a page, not an unknown account. */
const INTERACTIVE = new Set([
  'authorization',
  'resume',
  'code_verification',
  'device_resume',
  'end_session',
  'end_session_confirm',
  'end_session_success',
]);

/** The library's account look-up (OpenID Connect Core 5.1): claims of a person for the application that asks. */
export const findAccount: FindAccount = async (ctx, sub) => {
  const { client } = ctx.oidc;
  const application =
    client === undefined ? undefined : UnitOfWork.current.tenant.application(client.clientId);
  if (application === undefined) return undefined;
  const person = await findPerson(sub, application);
  if (person === undefined) return undefined;
  if (person.refusal !== undefined && !INTERACTIVE.has(ctx.oidc.route)) return undefined;
  return { accountId: sub, claims: () => claimsOf(ctx, application, person) };
};

/** Everything that may be told; the library's scope filter (claims.ts) chooses from it. */
function claimsOf(ctx: KoaContextWithOIDC, application: Application, person: Person): AccountClaims {
  const { profile, userId, updatedAt } = person.account;
  return {
    sub: userId,
    ...applicationClaims(application, person),
    ...present({
      ...signInClaims(ctx),
      name: profile.name,
      given_name: profile.givenName,
      family_name: profile.familyName,
      middle_name: profile.middleName,
      nickname: profile.nickname,
      preferred_username: profile.userName,
      picture: profile.picture,
      locale: profile.locale,
      zoneinfo: profile.zoneinfo,
      updated_at: updatedAt,
      email: profile.email,
      email_verified: profile.email === undefined ? undefined : profile.emailVerified === true,
      phone_number: profile.phoneNumber,
    }),
  };
}

/** How and when the person signed in, by the code, refresh token or access token that the request brought. */
export function signInClaims(ctx: KoaContextWithOIDC): Record<string, unknown> {
  const { AuthorizationCode, RefreshToken, DeviceCode, AccessToken } = ctx.oidc.entities;
  const source = AuthorizationCode ?? RefreshToken ?? DeviceCode;
  if (source !== undefined)
    return { auth_time: source.authTime, acr: source.acr, amr: source.amr, sid: source.sid };
  // At userinfo: they were kept with the token when it was made (claims.ts).
  const { auth_time: authTime, acr, amr, sid } = AccessToken?.extra ?? {};
  return { auth_time: authTime, acr, amr, sid };
}

/** `idp` of whoever has an account of Causeway's own: no connection has this key. */
const LOCAL = 'local';

/** `tenant`, `idp`, roles under the application's name for them, groups where it asks: in every kind of token. */
export function applicationClaims(application: Application, person: Person): Record<string, unknown> {
  const { home, account } = person;
  const { claims } = application.settings;
  const { connectionId } = account;
  const idp = connectionId === null ? LOCAL : home.connectionById(connectionId)?.key;
  const groups = groupsFor(claims, person.groups);
  return {
    tenant: home.slug,
    ...(idp === undefined ? {} : { idp }),
    ...(claims.roles === false ? {} : { [claims.roles]: [...person.roles] }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
  };
}

/** Without the claims that have no value. */
export function present(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
