import type { Connection } from '../domain/connection/connection.js';
import type { UpstreamPerson } from '../domain/sign-in/upstream-identity.js';
import type { GatheredClaims } from './claim-sources.js';
import { identifier, readProfile } from './profile.js';

/** Who somebody is at the connection's upstream, by claims that were verified. */
export function toPerson(
  { issuer, settings }: Connection,
  subject: string,
  { idToken, userinfo, groups }: GatheredClaims,
): UpstreamPerson {
  const { claim } = settings.join;
  return {
    issuer,
    subject,
    joinValue: identifier(idToken[claim]) ?? identifier(userinfo[claim]),
    profile: readProfile(idToken, userinfo),
    groups,
  };
}
