import { Document } from 'yaml';
import type { JsonObject } from '../../core/json.js';
import { viewsOf } from '../../domain/configuration/compare.js';
import type { ConfiguredTenant } from '../../domain/configuration/configuration-store.js';
import { needsSecret } from '../../domain/configuration/target.js';
import type { TenantConfiguration } from '../../domain/configuration/tenant-configuration.js';
import { tenantPart, type View } from '../../domain/configuration/views.js';

/** Names of environment variables for secrets that an export leaves out: each another, whatever the entries are called. */
export class VariableNames {
  readonly #taken = new Set<string>();

  /** A free name made of what the secret is: tenant, entry, member. */
  of(...parts: readonly string[]): string {
    const words = parts.join('_').replaceAll(/([a-z])([A-Z])/g, '$1_$2');
    const wanted = words.replaceAll(/[^A-Za-z0-9]+/g, '_').toUpperCase();
    const base = `${/^[A-Z]/.test(wanted) ? '' : '_'}${wanted.slice(0, NAME_LENGTH_MAX)}`;
    let name = base;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${base}_${count}`;
    this.#taken.add(name);
    return name;
  }
}

const NAME_LENGTH_MAX = 240;

const plain = ({ members }: View): JsonObject => members;

/**
 * A tenant's configuration as an entry of the file of `apply`, made of the views by which `apply` compares: what a plan
 * can name, an export holds. Secrets are left out, so that applied where it comes from it changes nothing; what machines
 * have registered is, too: it is theirs to change.
 * @param variables names what stands in a secret's place, for another deployment; what names registered applications is
 *   left out then
 */
export function exportTenant(tenant: ConfiguredTenant, variables?: VariableNames): JsonObject {
  const { configuration } = tenant;
  const { slug } = configuration.tenant;
  const exported = variables === undefined ? configuration : withoutRegistered(configuration);
  const applications = configuration.applications.filter(({ source }) => source === 'operator');
  const views = viewsOf({ ...exported, ...tenantPart(configuration), applications });
  const secrets = secretMembers(tenant);
  const entryOf =
    (list: string, name: string) =>
    (view: View): JsonObject => {
      const { source: _source, ...members } = view.members;
      const left = variables === undefined ? [] : (secrets.get(`${list} ${view.key}`) ?? []);
      const named = left.map((member) => [member, { env: variables?.of(slug, view.key, member) ?? '' }]);
      return { [name]: view.key, ...members, ...Object.fromEntries(named) };
    };
  return {
    slug,
    ...views.tenant[0]?.members,
    connections: views.connection.map(entryOf('connections', 'key')),
    roles: views.role.map(entryOf('roles', 'key')),
    roleMappings: views.roleMapping.map(plain),
    apis: views.api.map(entryOf('apis', 'identifier')),
    accessPolicies: views.accessPolicy.map(plain),
    applications: views.application.map(entryOf('applications', 'clientId')),
    scimTokens: views.scimToken.map(entryOf('scimTokens', 'name')),
    grants: views.grant.map(plain),
  };
}

/** Without what names a registered application: another deployment has none of them, and refuses a file that names one. */
function withoutRegistered(configuration: TenantConfiguration): TenantConfiguration {
  const registered = new Set(
    configuration.applications.flatMap(({ source, clientId }) => (source === 'operator' ? [] : [clientId])),
  );
  const accessPolicies = configuration.accessPolicies.flatMap((policy) => {
    if (policy.clients === 'all') return [policy];
    const clients = policy.clients.filter((clientId) => !registered.has(clientId));
    return clients.length === 0 && policy.clients.length > 0 ? [] : [{ ...policy, clients }];
  });
  return {
    ...configuration,
    accessPolicies,
    roleMappings: configuration.roleMappings.filter(({ application }) => !registered.has(application ?? '')),
  };
}

/** Members that hold a secret now, by list and entry. */
function secretMembers({
  configuration,
  ...stored
}: ConfiguredTenant): ReadonlyMap<string, readonly string[]> {
  const connections = configuration.connections.map(({ id, key }) => {
    const sealed = stored.connectionSecrets.find(({ connectionId }) => connectionId === id);
    const members = (['clientSecret', 'secondarySecret'] as const).filter(
      (member) => (sealed?.[member] ?? null) !== null,
    );
    return [`connections ${key}`, members] as const;
  });
  const applications = configuration.applications.map((application) => {
    const { id, clientId } = application;
    const kept = needsSecret(application) ? (stored.applicationSecrets.get(id) ?? []) : [];
    const members = kept
      .filter(({ expiresAt }) => expiresAt === null)
      .map(({ slot }) => (slot === 'primary' ? 'clientSecret' : 'secondarySecret'))
      .toSorted();
    const webhook = stored.webhookSecrets.has(id) ? ['deviceWebhookSecret'] : [];
    return [`applications ${clientId}`, [...members, ...webhook]] as const;
  });
  const tokens = configuration.scimTokens.map(({ name }) => [`scimTokens ${name}`, ['token']] as const);
  return new Map<string, readonly string[]>([...connections, ...applications, ...tokens]);
}

/** The file as YAML; `comment` stands above it. */
export function toYaml(
  file: { readonly tenants: readonly JsonObject[] },
  comment: readonly string[],
): string {
  const document = new Document(file, { aliasDuplicateObjects: false });
  document.commentBefore = comment.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}
