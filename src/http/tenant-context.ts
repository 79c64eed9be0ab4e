import type { TenantId } from '../core/ids.js';
import { admitsSignIn, type Connection, type ConnectionSecrets } from '../domain/connection/connection.js';
import { consoleApplication } from '../domain/application/console-application.js';
import type { Application, StoredApplicationSecret } from '../domain/application/application.js';
import type { TenantConfiguration } from '../domain/configuration/tenant-configuration.js';
import { PUBLISHED_STATES, type SigningKey } from '../domain/keys/signing-key.js';
import { connectionSecretPlace, signingKeyPlace, webhookSecretPlace } from '../domain/keys/sealed-places.js';
import type { StoredScimToken, StoredTenant } from '../domain/tenant/tenant-store.js';
import type { DataKey, KeyRing } from '../keys/sealing.js';
import type { PrivateJwk } from '../keys/signing-keys.js';

/** Finds the tenants above and below a tenant, and no others: siblings and strangers are as unknown as what isn't there. */
export interface TenantRelatives {
  /** The tenant directly below `tenant` with this id. */
  customerById(tenant: TenantContext, id: TenantId): Promise<TenantContext | undefined>;
  /** The tenant directly below `tenant` with this slug. */
  customerBySlug(tenant: TenantContext, slug: string): Promise<TenantContext | undefined>;
  /** The tenant directly below `tenant` that has verified this domain. */
  customerByDomain(tenant: TenantContext, domain: string): Promise<TenantContext | undefined>;
  /** The tenant directly above `tenant`, if that is its id. */
  parent(tenant: TenantContext, id: TenantId): Promise<TenantContext | undefined>;
}

/** A tenant as this node serves it: one reading of its configuration, its keys opened. Never older than a second. */
export class TenantContext {
  readonly id: TenantId;
  readonly slug: string;
  /** `{PUBLIC_URL}/t/{slug}`: from configuration, never from a request (invariant 8). */
  readonly issuer: string;
  readonly configuration: TenantConfiguration;
  readonly vault: DataKey;
  readonly #stored: StoredTenant;
  readonly #applications: ReadonlyMap<string, Application>;
  /** By their hash, in base64. */
  readonly #scimTokens: ReadonlyMap<string, StoredScimToken>;

  readonly #relatives: TenantRelatives | undefined;

  /**
   * @param relatives absent where nobody signs in: then the tenant has none
   * @throws SealError when the deployment's keys don't open the tenant's.
   */
  constructor(stored: StoredTenant, publicUrl: string, keyRing: KeyRing, relatives?: TenantRelatives) {
    this.#relatives = relatives;
    const { tenant, applications } = stored.configuration;
    this.id = tenant.id;
    this.slug = tenant.slug;
    this.issuer = `${publicUrl}/t/${tenant.slug}`;
    this.configuration = stored.configuration;
    this.vault = keyRing.openDataKey(tenant.id, stored.wrappedDataKey);
    this.#stored = stored;
    const all = [...applications, consoleApplication(publicUrl, tenant.slug)];
    this.#applications = new Map(all.map((application) => [application.clientId, application]));
    this.#scimTokens = new Map(
      stored.scimTokens.map((token) => [Buffer.from(token.hash).toString('base64'), token]),
    );
  }

  get version(): number {
    return this.configuration.tenant.configVersion;
  }

  get suspended(): boolean {
    return this.configuration.tenant.status === 'suspended';
  }

  /** An application of the tenant, or the console, which is one of every tenant and in no list. */
  application(clientId: string): Application | undefined {
    return this.#applications.get(clientId);
  }

  /** The tenant directly below this one that is meant; siblings' and strangers' are as unknown as what isn't there. */
  async customer(
    means: { readonly id: TenantId } | { readonly slug: string } | { readonly domain: string },
  ): Promise<TenantContext | undefined> {
    if ('id' in means) return this.#relatives?.customerById(this, means.id);
    if ('slug' in means) return this.#relatives?.customerBySlug(this, means.slug);
    return this.#relatives?.customerByDomain(this, means.domain);
  }

  /** The tenant directly above, if that is its id. */
  async parent(id: TenantId): Promise<TenantContext | undefined> {
    return this.#relatives?.parent(this, id);
  }

  /** The application's secrets, also those that have expired. */
  applicationSecrets(application: Application): readonly StoredApplicationSecret[] {
    return this.#stored.applicationSecrets.get(application.id) ?? [];
  }

  /** What the application's webhook is signed by, opened. */
  webhookSecret({ id }: Application): string | undefined {
    const sealed = this.#stored.webhookSecrets.get(id);
    return sealed === undefined ? undefined : this.vault.open(webhookSecretPlace(this.id, id), sealed);
  }

  /** The SCIM token with this hash, whether it has expired or not. */
  scimToken(hash: Buffer): StoredScimToken | undefined {
    return this.#scimTokens.get(hash.toString('base64'));
  }

  connection(key: string): Connection | undefined {
    return this.configuration.connections.find((connection) => connection.key === key);
  }

  connectionById(id: string): Connection | undefined {
    return this.configuration.connections.find((connection) => connection.id === id);
  }

  /** Connections through which people may sign in now. */
  get openConnections(): readonly Connection[] {
    return this.configuration.connections.filter(admitsSignIn);
  }

  redirectUri(connection: Connection): string {
    return `${this.issuer}/callback/${connection.key}`;
  }

  connectionSecrets(connection: Connection): ConnectionSecrets {
    const sealed = this.#stored.connectionSecrets.find((secrets) => secrets.connectionId === connection.id);
    const open = (member: 'clientSecret' | 'secondarySecret'): string | undefined => {
      const value = sealed?.[member];
      if (value === null || value === undefined) return undefined;
      return this.vault.open(connectionSecretPlace(this.id, connection.id, member), value);
    };
    const clientSecret = open('clientSecret');
    const secondarySecret = open('secondarySecret');
    return {
      ...(clientSecret === undefined ? {} : { clientSecret }),
      ...(secondarySecret === undefined ? {} : { secondarySecret }),
    };
  }

  /** Private keys, opened: the issuer's (`connectionId` null) or a connection's; the one that signs comes first. */
  signingKeys(connectionId: string | null): readonly PrivateJwk[] {
    return this.#published(connectionId)
      .toSorted((a, b) => Number(b.state === 'current') - Number(a.state === 'current'))
      .map((key) => {
        const opened = this.vault.open(signingKeyPlace(this.id, key.id), key.sealedPrivateJwk);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by us, and authenticated
        return JSON.parse(opened) as PrivateJwk;
      });
  }

  /** The public halves, as a key set shows them. */
  publicKeys(connectionId: string | null): readonly SigningKey['publicJwk'][] {
    return this.#published(connectionId).map((key) => key.publicJwk);
  }

  #published(connectionId: string | null): readonly SigningKey[] {
    return this.#stored.signingKeys.filter(
      (key) => key.connectionId === connectionId && PUBLISHED_STATES.includes(key.state),
    );
  }
}
