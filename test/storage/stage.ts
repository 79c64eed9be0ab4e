import { createHash, randomBytes } from 'node:crypto';
import type { ConnectionId, TenantId, UserId } from '../../src/core/ids.js';
import { DomainError } from '../../src/core/errors.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { freshDeployment, type TestDeployment } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';

/** Two tenants with two connections each, for tests of the stores. */
export interface Stage extends TestDeployment {
  readonly ledger: Ledger;
  tenant(slug: string): Promise<TenantId>;
  connection(slug: string, key: string): Promise<ConnectionId>;
  /** A user of a connection, or a local one. */
  user(slug: string, connection: string | null, externalId?: string): Promise<UserId>;
  /** A session with an application that holds a grant in it; the grant's hash. */
  session(options: SessionSeed): Promise<{ readonly uid: string; readonly grant: Buffer }>;
  close(): Promise<void>;
}

export interface SessionSeed {
  readonly slug: string;
  readonly user: UserId;
  readonly connection?: ConnectionId;
  readonly clientId?: string;
  /** The grant outlives the session (offline access). */
  readonly persistsLogout?: boolean;
}

export const bytes = (): Buffer => createHash('sha256').update(randomBytes(16)).digest();

const aTenant = (slug: string): Omit<DesiredTenant, 'path'> => ({
  slug,
  connections: ['okta', 'other'].map((key) => ({
    key,
    issuer: `https://${key}.${slug}.example`,
    clientId: 'c',
    clientSecret: 'a-secret-of-32-characters-0123456',
  })),
});

export async function setStage(): Promise<Stage> {
  const it = await freshDeployment();
  await it.apply([aTenant('acme'), aTenant('globex')]);
  const ledger = await Ledger.open(it.url);
  const idOf = async <T extends string>(text: string, values: readonly unknown[]): Promise<T> => {
    const [row] = await ledger.rows<{ id: T }>(text, values);
    if (row === undefined) throw new DomainError('not_found', text);
    return row.id;
  };
  const tenant = (slug: string) => idOf<TenantId>('SELECT id FROM tenants WHERE slug = $1', [slug]);
  return {
    ...it,
    ledger,
    tenant,
    connection: (slug, key) =>
      idOf<ConnectionId>(
        'SELECT c.id FROM connections c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = $1 AND c.key = $2',
        [slug, key],
      ),
    user: async (slug, connection, externalId) =>
      (await ledger.addUser({
        tenant: slug,
        connection,
        userName: randomBytes(6).toString('hex'),
        ...(externalId === undefined ? {} : { externalId }),
      })) as UserId,
    async session({ slug, user, connection, clientId = 'grafana', persistsLogout = false }) {
      const [uid, grant] = [randomBytes(8).toString('hex'), bytes()];
      const owner = await tenant(slug);
      await ledger.rows(
        `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, absolute_expires_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, '{}', now() + interval '1 day', now() + interval '1 hour')`,
        [owner, uid, bytes(), user, connection ?? null],
      );
      await ledger.rows(
        `INSERT INTO oidc_artifacts (tenant_id, hash, kind, user_id, client_id, payload, expires_at)
        VALUES ($1, $2, 'Grant', $3, $4, '{}', now() + interval '1 day')`,
        [owner, grant, user, clientId],
      );
      await ledger.rows(
        `INSERT INTO session_applications (tenant_id, session_uid, client_id, sid, grant_hash, persists_logout)
        VALUES ($1, $2, $3, $4, $5, $6)`,
        [owner, uid, clientId, `sid-${uid}`, grant, persistsLogout],
      );
      return { uid, grant };
    },
    async close() {
      await ledger.close();
      await it.destroy();
    },
  };
}
