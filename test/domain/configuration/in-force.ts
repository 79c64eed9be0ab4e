import type { ApplicationId, ConnectionId, RoleId, TenantId } from '../../../src/core/ids.js';
import type { KnownSecrets, SecretPlace } from '../../../src/domain/configuration/rules.js';
import type { TargetTenant } from '../../../src/domain/configuration/target.js';
import type { TenantConfiguration } from '../../../src/domain/configuration/tenant-configuration.js';
import { CONSOLE_ROLES } from '../../../src/domain/role/role.js';

const placeName = (place: SecretPlace): string => JSON.stringify(place);

/** A tenant as it would be in force once its target was applied, in memory. */
export class InForce implements KnownSecrets {
  readonly configuration: TenantConfiguration;
  readonly #secrets = new Map<string, string>();

  constructor(target: TargetTenant, before?: InForce) {
    this.configuration = {
      tenant: {
        id: 't1' as TenantId,
        slug: target.slug,
        name: target.name,
        kind: 'organization',
        parentId: null,
        status: target.status,
        settings: target.settings,
        configVersion: 1,
      },
      parentSlug: target.parent,
      domains: target.domains,
      connections: target.connections.map(({ clientSecret: _one, secondarySecret: _two, ...rest }) => ({
        ...rest,
        id: rest.key as ConnectionId,
        version: 1,
      })),
      roles: [...CONSOLE_ROLES, ...target.roles].map((role) => ({ ...role, id: role.key as RoleId })),
      roleMappings: target.roleMappings,
      apis: target.apis.map((api) => ({ ...api, id: api.identifier })),
      accessPolicies: target.accessPolicies,
      applications: target.applications.map(({ clientSecret: _one, secondarySecret: _two, ...rest }) => ({
        ...rest,
        id: rest.clientId as ApplicationId,
      })),
      scimTokens: target.scimTokens.map(({ token: _token, ...rest }) => ({ ...rest, id: rest.name })),
      grants: target.grants,
    };
    this.#keepSecrets(target, before);
  }

  has(place: SecretPlace): boolean {
    return this.#secrets.has(placeName(place));
  }

  holds(place: SecretPlace, value: string): boolean {
    return this.#secrets.get(placeName(place)) === value;
  }

  endOf(): undefined {
    return undefined;
  }

  secret(place: SecretPlace): string | undefined {
    return this.#secrets.get(placeName(place));
  }

  #keepSecrets(target: TargetTenant, before: InForce | undefined): void {
    const keep = (place: SecretPlace, value: string | null | undefined, made?: string): void => {
      const kept = value === undefined ? (before?.secret(place) ?? made) : value;
      if (kept !== null && kept !== undefined) this.#secrets.set(placeName(place), kept);
    };
    for (const { key, clientSecret, secondarySecret } of target.connections) {
      keep({ connection: key, member: 'clientSecret' }, clientSecret);
      keep({ connection: key, member: 'secondarySecret' }, secondarySecret);
    }
    for (const { clientId, clientSecret, secondarySecret, settings } of target.applications) {
      keep(
        { application: clientId },
        clientSecret,
        settings.tokenEndpointAuthMethod === 'none' ? undefined : 'made',
      );
      const isChanged =
        clientSecret !== undefined && before?.holds({ application: clientId }, clientSecret) !== true;
      const second = secondarySecret === undefined && isChanged ? null : secondarySecret;
      keep({ application: clientId, slot: 'secondary' }, second);
    }
    for (const { name, token } of target.scimTokens) keep({ scimToken: name }, token, 'made');
  }
}
