import type { ConnectionSettings, GroupsFrom } from '../domain/connection/connection.js';
import type { UpstreamGroup } from '../domain/sign-in/upstream-identity.js';
import { UpstreamError } from './causes.js';
import { readGroups } from './groups.js';
import { peekClaims, verifyWithKeys } from './id-token.js';
import type { TokenSource } from './id-token.js';
import { hasVerifiableAccessTokens } from './party.js';
import { identifier } from './profile.js';
import type { Claims } from './profile.js';

/** What is worth knowing of a sign-in that worked: for *Test connection* and the log. */
export type SignInNote = 'thin_token' | 'groups_missing' | 'groups_too_many' | 'groups_malformed';

/** The claims of one sign-in, from wherever they come. */
export interface ClaimSources {
  readonly idToken: Claims;
  /** Called at most once, and only when a claim is missing (A3). */
  readonly userinfo: () => Promise<Claims>;
  readonly accessToken: () => Promise<Claims>;
}

export interface GatheredClaims {
  readonly idToken: Claims;
  /** Empty when it wasn't asked. */
  readonly userinfo: Claims;
  /** undefined: no source had the claim, or not a sound one. */
  readonly groups: readonly UpstreamGroup[] | undefined;
  readonly notes: readonly SignInNote[];
}

const NONE: Claims = {};
/** What can be a JWT: an opaque token may well have dots, but doesn't begin with a JSON object. */
const JWT = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;

/** Reads what the connection wants to know, asking userinfo and the access token only for what the ID Token lacks. */
export async function gatherClaims(
  settings: ConnectionSettings,
  sources: ClaimSources,
): Promise<GatheredClaims> {
  const { idToken } = sources;
  const notes: SignInNote[] = [];
  let userinfo: Claims | undefined;
  const askUserinfo = async (): Promise<Claims> => (userinfo ??= await sources.userinfo());
  const missing = missingClaims(settings, idToken);
  if (missing.length > 0) await askUserinfo();
  const groups = wantsGroups(settings)
    ? await gatherGroups(settings, { ...sources, userinfo: askUserinfo }, notes)
    : undefined;
  const told = [...missing, settings.groupsClaim].some(
    (claim) => !has(idToken, claim) && has(userinfo ?? NONE, claim),
  );
  return { idToken, userinfo: userinfo ?? NONE, groups, notes: told ? ['thin_token', ...notes] : notes };
}

function wantsGroups({ groupSource, groupsClaim }: ConnectionSettings): boolean {
  return groupSource !== 'scim' && groupsClaim !== '';
}

function missingClaims({ scopes, join }: ConnectionSettings, idToken: Claims): readonly string[] {
  const wanted = [
    ...(scopes.includes('profile') ? ['name', 'preferred_username'] : []),
    ...(scopes.includes('email') ? ['email'] : []),
    join.claim,
  ];
  return wanted.filter((claim) => !has(idToken, claim));
}

/** The first source that has the claim decides; a claim that can't be used counts as absent, never in part. */
async function gatherGroups(
  { groupsClaim, groupsFrom }: ConnectionSettings,
  sources: ClaimSources,
  notes: SignInNote[],
): Promise<readonly UpstreamGroup[] | undefined> {
  for (const from of groupsFrom) {
    // oxlint-disable-next-line no-await-in-loop -- a later source is asked only when the earlier ones have no groups
    const claims = await claimsFrom(from, sources);
    const read = readGroups(has(claims, groupsClaim) ? claims[groupsClaim] : undefined);
    if (read.kind === 'groups') return read.groups;
    if (read.kind === 'unusable') {
      notes.push(read.note);
      return undefined;
    }
  }
  notes.push('groups_missing');
  return undefined;
}

function claimsFrom(from: GroupsFrom, { idToken, userinfo, accessToken }: ClaimSources): Promise<Claims> {
  const ask = { id_token: () => Promise.resolve(idToken), userinfo, access_token: accessToken };
  return ask[from]();
}

function has(claims: Claims, name: string): boolean {
  return Object.hasOwn(claims, name) && claims[name] !== null;
}

/**
 * The claims of a JWT access token (A3): only where its issuer publishes the keys, only by the one verifier, only when it
 * was issued to us and for the same person. An opaque token has none.
 * @throws UpstreamError
 */
export async function accessTokenClaims(
  token: string | undefined,
  subject: string,
  source: TokenSource,
): Promise<Claims> {
  const { connection } = source;
  if (token === undefined || !JWT.test(token) || !hasVerifiableAccessTokens(connection)) return NONE;
  // The audience is an API of the upstream's, which only the token itself names: that it is ours the client id proves.
  const { aud } = peekClaims(token);
  const audience = identifier(Array.isArray(aud) && aud.length === 1 ? aud[0] : aud, 2_048);
  if (audience === undefined) throw foreign('it has no single audience (aud)');
  const { claims } = await verifyWithKeys(token, { purpose: 'upstream_access_token', audience }, source);
  if ((claims['cid'] ?? claims['client_id'] ?? claims['azp']) !== connection.settings.clientId)
    throw foreign('it was issued to another client (cid, client_id, azp)');
  // Okta's custom servers put the login name into `sub` and the user's id, the ID Token's `sub`, into `uid`.
  if ((connection.type === 'okta' ? claims['uid'] : claims.sub) !== subject)
    throw foreign('it is about another person than the ID Token');
  return claims;
}

function foreign(what: string): UpstreamError {
  return new UpstreamError('token_invalid', 'access_token', `The access token was refused: ${what}`);
}
