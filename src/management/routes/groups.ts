import { DomainError } from '../../core/errors.js';
import { MEMBERS_COUNTED_MAX, type GroupFacts, type GroupListStore } from '../../domain/group/group-list.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { listOf } from '../contract/common.js';
import {
  GroupDetailResource,
  GroupListQuery,
  GroupResource,
  MemberListQuery,
  MemberResource,
} from '../contract/groups.js';
import { answerPage, connectionNamed } from './answer-page.js';

export interface GroupDeps {
  readonly lists: GroupListStore;
}

/** Groups as upstreams have told of them, and who is in them. Nobody changes them here. */
export function groupOperations({ lists }: GroupDeps): readonly Operation[] {
  return [
    operation({
      id: 'listGroups',
      method: 'GET',
      path: '/tenants/{tenant}/groups',
      summary: 'Lists groups, by name',
      permission: 'groups.read',
      query: GroupListQuery,
      list: true,
      answer: named('GroupPage', listOf(GroupResource)),
      handle(call, { query }) {
        const { connection, name, origin } = query;
        const connectionId = connectionNamed(call, connection);
        const { id } = call.tenant;
        return answerPage(
          call,
          'groups',
          query,
          (page) => lists.list(id, { connectionId, name, origin, ...page }),
          shown,
        );
      },
    }),
    operation({
      id: 'getGroup',
      method: 'GET',
      path: '/tenants/{tenant}/groups/{id}',
      summary: 'One group, and how many people are in it',
      permission: 'groups.read',
      answer: named('Group', GroupDetailResource),
      async handle(call, { path }) {
        const group = await find(lists, call, String(path['id']));
        const memberCount = await lists.countMembers(call.tenant.id, group.id, MEMBERS_COUNTED_MAX);
        return { body: { ...shown(group), memberCount }, version: [group.id, group.version, memberCount] };
      },
    }),
    operation({
      id: 'listGroupMembers',
      method: 'GET',
      path: '/tenants/{tenant}/groups/{id}/members',
      summary: 'Lists who is in a group; whom a push and a token both put in comes twice',
      permission: 'groups.read',
      query: MemberListQuery,
      list: true,
      answer: named('GroupMemberPage', listOf(MemberResource)),
      async handle(call, { path, query }) {
        const { id } = await find(lists, call, String(path['id']));
        const read = (page: Parameters<GroupListStore['members']>[2]) =>
          lists.members(call.tenant.id, id, page);
        return answerPage(call, `members of ${id}`, query, read, (member) => member);
      },
    }),
  ];
}

async function find(lists: GroupListStore, call: ApiCall, id: string): Promise<GroupFacts> {
  const group = await lists.find(call.tenant.id, id);
  if (group === undefined) throw new DomainError('not_found', `There is no group '${id}'.`);
  return group;
}

function shown(group: GroupFacts) {
  const { version: _, ...facts } = group;
  return facts;
}
