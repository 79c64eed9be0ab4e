import type { GroupId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { TenantScope } from '../../core/scope.js';
import {
  changeGroup,
  createGroup,
  deleteGroup,
  type GroupOutcome,
} from '../../domain/provisioning/push-group.js';
import type { ProvisioningDeps } from '../../domain/provisioning/provisioning.js';
import type { MembershipChange, PushedGroup } from '../../domain/provisioning/pushed-resources.js';
import type { ResourceFilter } from '../../domain/provisioning/resource-query.js';
import type { ScimAnswer, ScimCall, ScimRequest } from '../call.js';
import { quoted, ScimError } from '../errors.js';
import { matches } from '../filter/matches.js';
import { showing, type Listing } from '../list.js';
import { applyPatch } from '../patch/apply-patch.js';
import type { MemberChange } from '../patch/operation.js';
import { planGroupPatch } from '../patch/plan-group-patch.js';
import { readPatch } from '../patch/read-patch.js';
import { checkMatch, etagOf, isKnown } from '../preconditions.js';
import { isGroupId } from '../resource-id.js';
import { toCanonicalGroup, toGroupResource, toGroupState } from '../resource/group-form.js';
import { memberIds } from '../resource/member-ids.js';
import { projector } from '../resource/present.js';
import { readResource } from '../resource/read-resource.js';
import { fromQuery } from '../search-request.js';

/** Groups as they are listed; members are read only where they are shown. */
export function groupListing(call: ScimCall): Listing {
  const { push, schemas } = call;
  return {
    schema: schemas.group,
    find: (request, shows) =>
      call.transaction(async ({ provisioning }, scope) => {
        const found = await provisioning.groups(scope, push, request, { members: shows('members') });
        return { ...found, resources: found.resources.map((group) => resourceOf(call, group)) };
      }),
  };
}

/** GET /Groups/{id} (RFC 7644 section 3.4.1). */
export async function getGroup(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const group = isGroupId(id)
    ? await call.transaction((deps, scope) => read(call, request, id, deps, scope))
    : undefined;
  if (group === undefined) throw unknownGroup(id);
  const etag = etagOf(group.version);
  if (isKnown(request, group.version)) return { status: 304, etag };
  return { status: 200, ...shown(call, request, group) };
}

/** POST /Groups (section 3.3). */
export async function postGroup(call: ScimCall, request: ScimRequest): Promise<ScimAnswer> {
  const { schemas, push } = call;
  const ignored: string[] = [];
  const resource = readResource(request.body, schemas.group, 'create', ignored);
  const members = memberIds(resource['members']);
  const group = await call.transaction(async (deps, scope) => {
    const made = await createGroup(deps, scope, push, toGroupState(resource, null), members);
    return (await read(call, request, made.id, deps, scope)) ?? made;
  });
  call.effects.push({ action: 'created', resourceType: 'Group', id: group.id, ignored });
  return { status: 201, location: `${call.baseUrl}/Groups/${group.id}`, ...shown(call, request, group) };
}

/** PUT /Groups/{id} (section 3.5.1): the members are those that are named, and nobody else. */
export async function putGroup(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const ignored: string[] = [];
  const resource = readResource(request.body, call.schemas.group, 'replace', ignored);
  const members = [{ kind: 'replace', ids: memberIds(resource['members']) }] as const;
  const group = await change(call, request, id, {
    ignored,
    shows: true,
    members,
    to: (current) => ({ state: toGroupState(resource, current.externalId), members: [] }),
  });
  return { status: 200, ...shown(call, request, group) };
}

/** PATCH /Groups/{id} (section 3.5.2). 204, or 200 with the group where `attributes` is asked. */
export async function patchGroup(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const { schemas } = call;
  const plan = planGroupPatch(readPatch(request.body), schemas.group);
  const shows = request.query.has('attributes');
  const ignored: string[] = [];
  const ahead = knownAhead(plan.members);
  const group = await change(call, request, id, {
    ignored,
    shows,
    members: ahead ?? [],
    to: async (current, deps, scope) => {
      const patched = applyPatch(toCanonicalGroup(current), plan.attributes, schemas.group);
      ignored.splice(0, ignored.length, ...patched.ignored);
      const members = ahead === undefined ? await membershipOf(plan.members, current.id, deps, scope) : [];
      return { state: toGroupState(patched.resource, null), members };
    },
  });
  return shows
    ? { status: 200, ...shown(call, request, group) }
    : { status: 204, etag: etagOf(group.version) };
}

/** DELETE /Groups/{id} (section 3.6): what its mappings gave is gone with it. */
export async function removeGroup(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  if (!isGroupId(id)) throw unknownGroup(id);
  await call.transaction((deps, scope) =>
    deleteGroup(deps, scope, call.push, id, (current) => checkMatch(request, current.version)),
  );
  call.effects.push({ action: 'deleted', resourceType: 'Group', id });
  return { status: 204 };
}

/** A change of a group, as a route wants it. */
interface WantedChange {
  readonly ignored: readonly string[];
  /** Whether the answer shows the group. */
  readonly shows: boolean;
  readonly members: readonly MembershipChange[];
  readonly to: (
    current: PushedGroup,
    deps: ProvisioningDeps,
    scope: TenantScope,
  ) => GroupOutcome | Promise<GroupOutcome>;
}

async function change(
  call: ScimCall,
  request: ScimRequest,
  id: string,
  { ignored, shows, members, to }: WantedChange,
): Promise<PushedGroup> {
  if (!isGroupId(id)) throw unknownGroup(id);
  let versionBefore = 0;
  const group = await call.transaction(async (deps, scope) => {
    const changed = await changeGroup(deps, scope, call.push, id, {
      members,
      to: (current) => {
        checkMatch(request, current.version);
        versionBefore = current.version;
        return to(current, deps, scope);
      },
    });
    return shows ? ((await read(call, request, changed.id, deps, scope)) ?? changed) : changed;
  });
  const action = group.version === versionBefore ? 'unchanged' : 'updated';
  call.effects.push({ action, resourceType: 'Group', id, ignored });
  return group;
}

/** Changes that name all their members by id; undefined where some name them by a filter over who is there. */
function knownAhead(changes: readonly MemberChange[]): readonly MembershipChange[] | undefined {
  const named = changes.flatMap((each) => (each.kind === 'removeWhere' ? [] : [each]));
  return named.length === changes.length ? named : undefined;
}

/** Changes by id as they are; those by a filter become ids of the members whom it matches when its turn comes. */
async function membershipOf(
  changes: readonly MemberChange[],
  id: GroupId,
  deps: ProvisioningDeps,
  scope: TenantScope,
): Promise<readonly MembershipChange[]> {
  const asksWho = changes.some((each) => each.kind === 'removeWhere');
  const members = asksWho ? await deps.provisioning.members(scope, id) : [];
  const present = new Map<string, JsonObject>(
    members.map((member) => [member.id, { value: member.id, display: member.display, type: 'User' }]),
  );
  return changes.map((each) => {
    const next = each.kind === 'removeWhere' ? removal(each.filter, present) : each;
    if (asksWho) follow(next, present);
    return next;
  });
}

function removal(filter: ResourceFilter, present: ReadonlyMap<string, JsonObject>): MembershipChange {
  const gone = [...present].filter(([, member]) => matches(filter, member));
  if (gone.length === 0) throw new ScimError(400, 'No member matches the filter of the path.', 'noTarget');
  return { kind: 'remove', ids: gone.map(([member]) => member) };
}

/** Who is in the group after a change; of who has just come only the id is known. */
function follow(next: MembershipChange, present: Map<string, JsonObject>): void {
  if (next.kind === 'clear' || next.kind === 'replace') present.clear();
  if (next.kind === 'clear') return;
  for (const member of next.ids)
    if (next.kind === 'remove') present.delete(member);
    else present.set(member, present.get(member) ?? { value: member, type: 'User' });
}

function read(
  call: ScimCall,
  request: ScimRequest,
  id: GroupId,
  { provisioning }: ProvisioningDeps,
  scope: TenantScope,
): Promise<PushedGroup | undefined> {
  const members = showing(call.schemas.group, fromQuery(request.query))('members');
  return provisioning.group(scope, call.push, id, { lock: false, members });
}

function shown(call: ScimCall, request: ScimRequest, group: PushedGroup) {
  const project = projector(call.schemas.group, fromQuery(request.query));
  return { etag: etagOf(group.version), body: project(resourceOf(call, group)) };
}

const resourceOf = (call: ScimCall, group: PushedGroup): JsonObject =>
  toGroupResource(group, { schema: call.schemas.group, baseUrl: call.baseUrl });

/** The 404 of an id that is no group's here. */
export function unknownGroup(id: string): ScimError {
  return new ScimError(404, `There is no group ${quoted(id)} on this connection.`);
}
