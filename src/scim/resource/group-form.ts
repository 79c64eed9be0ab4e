import type { JsonObject } from '../../core/json.js';
import type { GroupState, PushedGroup } from '../../domain/provisioning/pushed-resources.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import type { CanonicalResource } from './canonical-resource.js';
import { checkLookedUp } from './looked-up.js';
import { metaOf } from './meta.js';
import { schemasOf } from './present.js';

/** A canonical resource as the store takes it, members aside. What a PUT leaves out of `externalId` stays. */
export function toGroupState(resource: CanonicalResource, externalIdBefore: string | null): GroupState {
  const { displayName, externalId, members: _, ...attributes } = resource;
  const state = {
    name: typeof displayName === 'string' ? displayName : '',
    externalId: typeof externalId === 'string' ? externalId : externalIdBefore,
    attributes,
  };
  checkLookedUp('displayName', state.name);
  checkLookedUp('externalId', state.externalId);
  return state;
}

/** A group in canonical form, without its members: what PATCH works on. */
export function toCanonicalGroup(group: GroupState): CanonicalResource {
  return {
    displayName: group.name,
    ...(group.externalId === null ? {} : { externalId: group.externalId }),
    ...group.attributes,
  };
}

/** A group as SCIM shows it, complete (RFC 7643 section 4.2). */
export function toGroupResource(
  group: PushedGroup,
  { schema, baseUrl }: { readonly schema: ResourceSchema; readonly baseUrl: string },
): JsonObject {
  const canonical = toCanonicalGroup(group);
  const { members = [] } = group;
  return {
    schemas: schemasOf(canonical, schema),
    id: group.id,
    ...canonical,
    ...(members.length === 0
      ? {}
      : {
          members: members.map(({ id, display }) => ({
            value: id,
            $ref: `${baseUrl}/Users/${id}`,
            display,
            type: 'User',
          })),
        }),
    meta: metaOf('Group', group, `${baseUrl}/Groups/${group.id}`),
  };
}
