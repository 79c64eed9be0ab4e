import type { PersonGroup, PersonGroups } from '../../domain/connection/upstream-groups/found-groups.js';
import { GROUPS_MAX, readGroups } from '../groups.js';
import { isRecord } from '../record.js';
import { Troubled, type GroupsAccess, type GroupsCall } from './groups-call.js';

/** Okta's pages of a person's groups have no more than that. */
const PAGE = 200;
const PAGES_MAX = GROUPS_MAX / PAGE;
const SCOPE = 'okta.users.read';

/** An Okta user's id: `me`, a login or a path would ask about somebody else. */
const USER_ID = /^00u[A-Za-z0-9]{1,60}$/;

/**
 * Reads all groups of a person. All or nothing, as a claim is: a list that is cut off, or holds what is no group,
 * would take roles away from who has them.
 * @throws Troubled, OutboundError
 */
export async function readPersonGroups(
  call: GroupsCall,
  access: GroupsAccess,
  subject: string,
): Promise<PersonGroups> {
  if (!USER_ID.test(subject)) throw unknownPerson();
  const authorization = await call.authorization(access, SCOPE);
  let next: URL | undefined = call.address(`/api/v1/users/${subject}/groups`);
  next.searchParams.set('limit', String(PAGE));
  const groups = new Map<string, PersonGroup>();
  for (let page = 0; next !== undefined; page += 1) {
    if (page === PAGES_MAX) throw tooMany();
    // oxlint-disable-next-line no-await-in-loop -- each page names the next
    const answer = await call.page(authorization, next, SCOPE);
    if (answer === 'not_found') throw unknownPerson();
    const before = groups.size;
    for (const group of readPage(answer.entries)) groups.set(group.id, group);
    ({ next } = answer);
    // A page without anything new leads round in a circle: nobody knows what is missing.
    if (next !== undefined && groups.size === before)
      throw new Troubled('invalid_answer', 'Okta’s pages of groups lead round in a circle.');
  }
  if (groups.size > GROUPS_MAX) throw tooMany();
  return { groups: [...groups.values()] };
}

function readPage(entries: readonly unknown[]): readonly PersonGroup[] {
  return entries.map((entry) => {
    const { id, type, profile } = isRecord(entry) ? entry : {};
    // One by one, so that a group keeps its type; the rules for names are those of a claim.
    const read = readGroups([{ id, name: isRecord(profile) ? profile['name'] : undefined }]);
    const [group] = read.kind === 'groups' ? read.groups : [];
    if (group?.id === undefined || typeof type !== 'string')
      throw new Troubled('invalid_answer', 'Okta’s list of groups holds something that is no group.');
    return { id: group.id, name: group.name, type };
  });
}

const tooMany = (): Troubled =>
  new Troubled('too_many', `The person is in more than ${GROUPS_MAX} groups: none of them is taken.`);

const unknownPerson = (): Troubled =>
  new Troubled('unknown_person', 'Okta’s API doesn’t know this person, or doesn’t show them to this caller.');
