import type { GroupId, RoleId, UserId } from '../../../src/core/ids.js';
import type { JsonObject } from '../../../src/core/json.js';
import type { TenantScope } from '../../../src/core/scope.js';
import type { ListRequest, ListResult } from '../../../src/domain/provisioning/provisioning-store.js';
import type { PushScope } from '../../../src/domain/provisioning/pushed-resources.js';
import type { EffectiveRole } from '../../../src/domain/role/role.js';
import type { TenantContext } from '../../../src/http/tenant-context.js';
import { parseFilter } from '../../../src/scim/filter/parse-filter.js';
import { toGroupResource } from '../../../src/scim/resource/group-form.js';
import { toUserResource } from '../../../src/scim/resource/user-form.js';
import { groupResource, userResource } from '../../../src/scim/schema/resource-types.js';
import type { Database } from '../../../src/storage/database.js';
import { PostgresProvisioningStore } from '../../../src/storage/provisioning-store.js';
import { testIds } from '../../support/deployment.js';
import { startTestNode, type TestNode } from '../../support/node.js';

export const USERS = userResource();
export const GROUPS = groupResource();

export interface NewPerson {
  readonly userName: string;
  readonly externalId?: string;
  readonly active?: boolean;
  readonly attributes?: JsonObject;
  readonly roles?: readonly EffectiveRole[];
}

/** A tenant into whose store people are pushed, and what it answers to lists. */
export class PushedStage {
  static async open(): Promise<PushedStage> {
    const node = await startTestNode();
    await node.apply([
      {
        slug: 'acme',
        connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }],
        roles: [
          { key: 'admin', name: 'Administrator' },
          { key: 'viewer', name: 'Viewer' },
        ],
        applications: [
          {
            clientId: 'grafana',
            name: 'Grafana',
            type: 'web',
            redirectUris: ['http://localhost:5999/cb'],
            tokenEndpointAuthMethod: 'client_secret_basic',
            clientSecret: 'application-secret-with-32-chars-01',
          },
        ],
      },
    ]);
    const tenant = await node.node.directory.find('acme');
    if (tenant === undefined) throw new Error('no tenant');
    return new PushedStage(node, tenant);
  }

  readonly store: PostgresProvisioningStore;
  readonly of: PushScope;
  #made = 0;

  private constructor(
    readonly node: TestNode,
    readonly tenant: TenantContext,
  ) {
    this.store = new PostgresProvisioningStore(this.database);
    const [connection] = tenant.configuration.connections;
    if (connection === undefined) throw new Error('no connection');
    this.of = { connectionId: connection.id, connectionVersion: connection.version };
  }

  get database(): Database {
    return this.node.node.database;
  }

  get roleIds(): readonly RoleId[] {
    return this.tenant.configuration.roles.map(({ id }) => id);
  }

  inTenant<T>(work: (scope: TenantScope) => Promise<T>): Promise<T> {
    return this.database.withTenant(this.tenant.id, work);
  }

  /** Times of making are a second apart. */
  #write() {
    this.#made += 1;
    return { at: new Date(Date.UTC(2026, 0, 1, 0, 0, this.#made)), version: 1 };
  }

  async add(people: readonly NewPerson[]): Promise<readonly UserId[]> {
    return this.inTenant(async (scope) => {
      const ids: UserId[] = [];
      for (const { userName, externalId = null, active = true, attributes = {}, roles = [] } of people) {
        const id = testIds.uuid<UserId>();
        const emails = Array.isArray(attributes['emails'])
          ? attributes['emails'].map(({ value }: { value: string }) => value)
          : [];
        const state = { userName, externalId, active, attributes, profile: { userName }, emails, roles };
        await this.store.adoptOrCreateUser(scope, this.of, id, state, this.#write());
        if (roles.length > 0) this.store.assignRoles(scope, id, roles);
        ids.push(id);
      }
      return ids;
    });
  }

  async addGroup(
    name: string,
    members: readonly UserId[],
    externalId: string | null = null,
  ): Promise<GroupId> {
    const id = testIds.uuid<GroupId>();
    await this.inTenant(async (scope) => {
      this.store.createGroup(scope, this.of, id, { name, externalId, attributes: {} }, this.#write());
      await this.store.changeMembers(scope, this.of, id, [{ kind: 'add', ids: members }]);
    });
    return id;
  }

  async remove(id: UserId, externalId: string | null): Promise<void> {
    await this.inTenant((scope) => {
      this.store.deleteUser(scope, this.of, { id, externalId });
      return Promise.resolve();
    });
  }

  /** Users as SCIM shows them. */
  async users(
    request: Partial<ListRequest> & { readonly text?: string } = {},
  ): Promise<ListResult<JsonObject>> {
    const found = await this.inTenant((scope) => this.store.users(scope, this.of, requestOf(request, USERS)));
    const options = { schema: USERS, baseUrl: 'https://scim.example' };
    return {
      ...found,
      resources: found.resources.map((user) => toUserResource(user, this.tenant.configuration, options)),
    };
  }

  async groups(
    request: Partial<ListRequest> & { readonly text?: string } = {},
  ): Promise<ListResult<JsonObject>> {
    const found = await this.inTenant((scope) =>
      this.store.groups(scope, this.of, requestOf(request, GROUPS), { members: true }),
    );
    const options = { schema: GROUPS, baseUrl: 'https://scim.example' };
    return { ...found, resources: found.resources.map((group) => toGroupResource(group, options)) };
  }

  close(): Promise<void> {
    return this.node.stop();
  }
}

function requestOf(
  { text, ...rest }: Partial<ListRequest> & { readonly text?: string },
  schema: typeof USERS,
): ListRequest {
  return {
    filter: text === undefined ? undefined : parseFilter(text, schema),
    sort: undefined,
    page: { startIndex: 1, count: 1000 },
    ...rest,
  };
}

export const idsOf = (found: ListResult<JsonObject>): readonly string[] => found.resources.map(idOf);

/** The id of a resource. */
export function idOf({ id }: JsonObject): string {
  if (typeof id !== 'string') throw new TypeError('a resource without an id');
  return id;
}
