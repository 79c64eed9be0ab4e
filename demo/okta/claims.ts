import type { App } from './apps.js';
import type { Claims } from './failures/types.js';
import type { UserGrant } from './grants.js';
import { evaluateGroupsClaim, GROUPS_MAX, ClaimEvaluationError, type GroupsClaim } from './groups-claim.js';
import { OAuthError } from './errors.js';
import type { OktaOrg } from './org.js';
import type { User } from './people.js';
import type { AuthorizationServer } from './servers.js';

interface Context {
  readonly org: OktaOrg;
  readonly server: AuthorizationServer;
  readonly app: App;
}

/** Standard claims that a scope opens (OpenID Connect Core 5.4), from the Okta profile. */
function profileClaims(user: User, scopes: readonly string[]): Claims {
  const name = `${user.firstName} ${user.lastName}`;
  const claims: Claims = {};
  if (scopes.includes('profile')) {
    Object.assign(claims, {
      name,
      given_name: user.firstName,
      family_name: user.lastName,
      preferred_username: user.login,
      updated_at: Math.floor(user.updatedAt.getTime() / 1000),
    });
    for (const claim of ['nickname', 'middle_name', 'locale', 'zoneinfo', 'website', 'gender', 'birthdate']) {
      if (user.profile[claim] !== undefined) claims[claim] = user.profile[claim];
    }
  }
  if (scopes.includes('email'))
    Object.assign(claims, { email: user.email, email_verified: user.emailVerified });
  if (scopes.includes('phone') && user.profile['phone_number'] !== undefined) {
    claims['phone_number'] = user.profile['phone_number'];
  }
  if (scopes.includes('address') && user.profile['address'] !== undefined) {
    claims['address'] = { formatted: user.profile['address'] };
  }
  return claims;
}

/** What a thin ID token keeps; the rest has to be fetched from userinfo. */
const THIN = ['name', 'preferred_username', 'email'];

function thin(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => THIN.includes(name)));
}

/**
 * One groups claim for a person. Left out when it finds nothing, as Okta does, unless the app says otherwise.
 * @throws OAuthError when it can't be evaluated or finds too many groups
 */
function groupsClaim({ org, app }: Context, claim: GroupsClaim, user: User): Claims {
  const value = (() => {
    try {
      return evaluateGroupsClaim(claim, user, org.groupsOf(user));
    } catch (error) {
      if (!(error instanceof ClaimEvaluationError) && !(error instanceof SyntaxError)) throw error;
      const text = `The '${claim.name}' user claim could not be evaluated.`;
      throw new OAuthError(400, 'access_denied', text);
    }
  })();
  if (value !== undefined && typeof value !== 'string' && value.length > GROUPS_MAX) {
    if (org.settings.groupsOver100 === 'error' || org.isCrowded(user)) {
      throw new OAuthError(400, 'access_denied', org.say('groups_too_many'));
    }
  }
  if (value === undefined || value.length === 0)
    return app.emptyGroups === 'empty' ? { [claim.name]: [] } : {};
  return { [claim.name]: value };
}

function serverClaims(context: Context, scopes: readonly string[], token: 'ID' | 'ACCESS') {
  const { server } = context;
  const all = server.kind === 'custom' ? server.claims : [];
  return all.filter(
    (claim) =>
      claim.token === token && (claim.scopes.length === 0 || claim.scopes.some((s) => scopes.includes(s))),
  );
}

/** Claims of access tokens at a custom authorization server that are set to appear there. */
export function accessTokenClaims(context: Context, user: User, scopes: readonly string[]): Claims {
  return Object.assign(
    {},
    ...serverClaims(context, scopes, 'ACCESS').map(({ groups }) => groupsClaim(context, groups, user)),
  );
}

/**
 * All claims about a person that these scopes open: what userinfo answers, and a fat ID token carries. The
 * org's own server has one groups claim per app, behind the scope `groups`; a custom server has claims of its
 * own.
 */
export function userinfoClaims(context: Context, user: User, scopes: readonly string[]): Claims {
  const { server, app } = context;
  const claims: Claims = { sub: user.id, ...profileClaims(user, scopes) };
  if (server.kind === 'org') {
    if (app.groupsClaim === undefined || !scopes.includes('groups')) return claims;
    return { ...claims, ...groupsClaim(context, app.groupsClaim, user) };
  }
  return Object.assign(
    claims,
    ...serverClaims(context, scopes, 'ID').map(({ groups }) => groupsClaim(context, groups, user)),
  );
}

/**
 * The claims about the person in an ID token: fat or thin by the org's switch, or by each claim's own at a
 * custom server.
 */
export function idTokenClaims(context: Context, user: User, grant: UserGrant): Claims {
  const { org, server } = context;
  if (server.kind === 'org') {
    const all = userinfoClaims(context, user, grant.scopes);
    return org.settings.idToken === 'fat' ? all : { sub: user.id, ...thin(all) };
  }
  return Object.assign(
    { sub: user.id, ...thin(profileClaims(user, grant.scopes)) },
    ...serverClaims(context, grant.scopes, 'ID')
      .filter(({ always }) => always)
      .map(({ groups }) => groupsClaim(context, groups, user)),
  );
}
