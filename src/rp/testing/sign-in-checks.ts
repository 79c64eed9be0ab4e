import type { Connection } from '../../domain/connection/connection.js';
import type { ConnectionCause } from '../../domain/connection/diagnosis/cause.js';
import type { Check } from '../../domain/connection/testing/check.js';
import type { SignInNote } from '../claim-sources.js';
import type { CompletedSignIn } from '../relying-party.js';

/** What a sign-in that worked shows besides: it may still bring too little. */
export function signInChecks(connection: Connection, completed: CompletedSignIn): readonly Check[] {
  return [claimsCheck(completed), groupsCheck(connection, completed), assuranceCheck(connection, completed)];
}

function claimsCheck({ notes, seen }: CompletedSignIn): Check {
  const told = `${seen.idToken.length} claims in the ID Token, ${seen.userinfo.length} more from userinfo`;
  return {
    id: 'claims',
    status: 'passed',
    seen: told,
    ...(notes.includes('thin_token') ? { cause: 'thin_token' as const } : {}),
  };
}

const GROUP_NOTES: Readonly<Partial<Record<SignInNote, ConnectionCause>>> = {
  groups_missing: 'groups_missing',
  groups_too_many: 'groups_too_many',
  groups_malformed: 'groups_malformed',
};

function groupsCheck({ type, issuer, settings }: Connection, { identity, notes }: CompletedSignIn): Check {
  if (settings.groupSource === 'scim')
    return { id: 'groups', status: 'not_applicable', seen: 'Groups come by SCIM alone' };
  const [cause] = notes.flatMap((note) => GROUP_NOTES[note] ?? []);
  const { groups } = identity;
  if (cause === undefined && groups !== undefined && groups.length > 0)
    return { id: 'groups', status: 'passed', seen: `${groups.length} groups in '${settings.groupsClaim}'` };
  if (cause === undefined)
    return {
      id: 'groups',
      status: 'warning',
      seen: `'${settings.groupsClaim}' came, and is empty`,
      cause: 'groups_missing',
    };
  const isOrgServer = type === 'okta' && new URL(issuer).pathname === '/';
  const noScope = isOrgServer && !settings.scopes.includes('groups');
  return {
    id: 'groups',
    status: 'warning',
    seen: noScope
      ? "The connection doesn't ask for the scope groups"
      : `'${settings.groupsClaim}' is in none of the places that were looked at, or can't be used`,
    cause,
  };
}

/** An unmet demand has ended the sign-in before: here is only told what came. */
function assuranceCheck({ settings }: Connection, { identity }: CompletedSignIn): Check {
  const said = `acr ${identity.acr ?? 'nothing'}, amr ${identity.amr?.join(' ') ?? 'nothing'}`;
  const asked = settings.acrValues.length === 0 ? '' : ` (asked: ${settings.acrValues.join(' or ')})`;
  return { id: 'assurance', status: 'passed', seen: `${said}${asked}` };
}
