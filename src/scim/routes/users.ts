import type { Json, JsonObject } from '../../core/json.js';
import { changeUser, createUser, deleteUser } from '../../domain/provisioning/push-user.js';
import type { PushedUser, UserState } from '../../domain/provisioning/pushed-resources.js';
import type { ScimEffect } from '../../domain/provisioning/scim-request.js';
import type { ScimAnswer, ScimCall, ScimRequest } from '../call.js';
import { badRequest, quoted, ScimError } from '../errors.js';
import type { Listing } from '../list.js';
import { applyPatch } from '../patch/apply-patch.js';
import { readPatch } from '../patch/read-patch.js';
import { checkMatch, etagOf, isKnown } from '../preconditions.js';
import { isUserId } from '../resource-id.js';
import { isObject } from '../resource/check-json.js';
import { projector } from '../resource/present.js';
import { readResource } from '../resource/read-resource.js';
import { NEW_USER, toCanonicalUser, toUserResource, toUserState } from '../resource/user-form.js';
import { fromQuery } from '../search-request.js';

/** Users as they are listed. */
export function userListing(call: ScimCall): Listing {
  const { push, schemas } = call;
  return {
    schema: schemas.user,
    find: (request) =>
      call.transaction(async ({ provisioning }, scope) => {
        const found = await provisioning.users(scope, push, request);
        return { ...found, resources: found.resources.map((user) => resourceOf(call, user)) };
      }),
  };
}

/** GET /Users/{id} (RFC 7644 section 3.4.1). */
export async function getUser(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const project = projector(call.schemas.user, fromQuery(request.query));
  const user = isUserId(id)
    ? await call.transaction(({ provisioning }, scope) => provisioning.user(scope, call.push, id, false))
    : undefined;
  if (user === undefined) throw unknownUser(id);
  const etag = etagOf(user.version);
  return isKnown(request, user.version)
    ? { status: 304, etag }
    : { status: 200, etag, body: project(resourceOf(call, user)) };
}

/** POST /Users (section 3.3). A userName or externalId that is taken is a 409, whoever has it. */
export async function postUser(call: ScimCall, request: ScimRequest): Promise<ScimAnswer> {
  const { schemas, push } = call;
  const project = projector(schemas.user, fromQuery(request.query));
  const ignored: string[] = [];
  const resource = readResource(request.body, schemas.user, 'create', ignored);
  const state = toUserState(resource, push.configuration, {
    defaults: NEW_USER,
    speaksOfRoles: speaksOfRoles(request.body),
  });
  const user = await call.transaction((deps, scope) => createUser(deps, scope, push, state));
  call.effects.push({ action: 'created', resourceType: 'User', id: user.id, ignored });
  return {
    ...shown(call, user, project),
    status: 201,
    location: `${call.baseUrl}/Users/${user.id}`,
  };
}

/** PUT /Users/{id} (section 3.5.1). */
export async function putUser(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const { schemas, push } = call;
  const ignored: string[] = [];
  const resource = readResource(request.body, schemas.user, 'replace', ignored);
  return change(call, request, id, ignored, (current) =>
    toUserState(resource, push.configuration, {
      defaults: { ...current, roles: undefined },
      speaksOfRoles: speaksOfRoles(request.body),
    }),
  );
}

/** PATCH /Users/{id} (section 3.5.2): all operations or none. */
export async function patchUser(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const { schemas, push } = call;
  const operations = readPatch(request.body);
  const ignored: string[] = [];
  return change(call, request, id, ignored, (current) => {
    const before = toCanonicalUser(current, push.configuration);
    const patched = applyPatch(before, operations, schemas.user);
    ignored.splice(0, ignored.length, ...patched.ignored);
    const { resource } = patched;
    return toUserState(resource, push.configuration, {
      // What a PATCH takes away is gone: nothing of it is left out by mistake.
      defaults: { externalId: null, active: current.active, roles: undefined },
      speaksOfRoles:
        resource['roles'] !== before['roles'] || resource['entitlements'] !== before['entitlements'],
    });
  });
}

/** DELETE /Users/{id} (section 3.6). */
export async function removeUser(call: ScimCall, request: ScimRequest, id: string): Promise<ScimAnswer> {
  if (!isUserId(id)) throw unknownUser(id);
  await call.transaction((deps, scope) =>
    deleteUser(deps, scope, call.push, id, (current) => checkMatch(request, current.version)),
  );
  call.effects.push({ action: 'deleted', resourceType: 'User', id });
  return { status: 204 };
}

async function change(
  call: ScimCall,
  request: ScimRequest,
  id: string,
  ignored: readonly string[],
  to: (current: PushedUser) => UserState,
): Promise<ScimAnswer> {
  const project = projector(call.schemas.user, fromQuery(request.query));
  if (!isUserId(id)) throw unknownUser(id);
  let before: PushedUser | undefined;
  const user = await call.transaction((deps, scope) =>
    changeUser(deps, scope, call.push, id, (current) => {
      checkMatch(request, current.version);
      before = current;
      return to(current);
    }),
  );
  call.effects.push({ action: changeOf(before, user), resourceType: 'User', id, ignored });
  return { ...shown(call, user, project), status: 200 };
}

function changeOf(before: PushedUser | undefined, after: PushedUser): ScimEffect['action'] {
  if (before?.version === after.version) return 'unchanged';
  return before?.active === true && !after.active ? 'deactivated' : 'updated';
}

function shown(call: ScimCall, user: PushedUser, project: (resource: JsonObject) => JsonObject) {
  return { etag: etagOf(user.version), body: project(resourceOf(call, user)) };
}

const resourceOf = (call: ScimCall, user: PushedUser): JsonObject =>
  toUserResource(user, call.push.configuration, { schema: call.schemas.user, baseUrl: call.baseUrl });

/** Whether a body says anything of roles: an empty list takes them away, silence doesn't. */
function speaksOfRoles(body: Json | undefined): boolean {
  if (!isObject(body)) return false;
  return Object.keys(body).some((name) => ['roles', 'entitlements'].includes(name.toLowerCase()));
}

/** The 404 of an id that is nobody's here. */
export function unknownUser(id: string): ScimError {
  return new ScimError(404, `There is no user ${quoted(id)} on this connection.`);
}

/** The 400 of members who are nobody's. */
export function unknownMembers(ids: readonly string[]): ScimError {
  const named = ids.slice(0, 5).map(quoted).join(', ');
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return badRequest(
    'invalidValue',
    `members: ${named}${more} are no users of this connection. Assign them to the app first, then push the group again.`,
  );
}
