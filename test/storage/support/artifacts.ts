import { createHash } from 'node:crypto';
import type { TenantId } from '../../../src/core/ids.js';
import type {
  ArtifactCommit,
  NewArtifact,
  SessionApplication,
  SessionWrite,
} from '../../../src/domain/artifact/artifact-store.js';
import { PostgresArtifactStore } from '../../../src/storage/artifact-store.js';
import { createDataSource } from '../../../src/storage/data-source.js';
import { Database } from '../../../src/storage/database.js';
import { freshDeployment, type TestDeployment } from '../../support/deployment.js';
import { Ledger } from '../../support/ledger.js';

export const hashOf = (name: string): Buffer => createHash('sha256').update(name).digest();

/** A request that writes nothing. */
export const NOTHING: ArtifactCommit = {
  userId: null,
  standing: null,
  requiredSession: null,
  requiredGrant: null,
  consume: [],
  artifacts: [],
  session: undefined,
  destroy: [],
  revokeGrants: [],
  tokenRecords: [],
  loginTransaction: undefined,
  audit: [],
  deliveries: [],
};

export const artifact = (name: string, more: Partial<NewArtifact> = {}): NewArtifact => ({
  hash: hashOf(name),
  kind: 'RefreshToken',
  grantHash: null,
  userId: null,
  clientId: 'app',
  sessionUid: null,
  payload: { name },
  lifetimeSeconds: 600,
  ...more,
});

export const session = (more: Partial<SessionWrite> = {}): SessionWrite => ({
  uid: 'session',
  cookieHash: hashOf('cookie'),
  payload: {},
  userId: null,
  idleSeconds: 600,
  absoluteSeconds: 3_600,
  origin: undefined,
  applications: [],
  leftApplications: [],
  ...more,
});

export const application = (
  clientId: string,
  more: Partial<SessionApplication> = {},
): SessionApplication => ({
  clientId,
  sid: `sid-${clientId}`,
  grantId: null,
  grantHash: null,
  persistsLogout: false,
  ...more,
});

/** Two tenants, one person, and the store over two pools, as on two nodes. */
export interface ArtifactStage {
  readonly ledger: Ledger;
  readonly store: PostgresArtifactStore;
  readonly other: PostgresArtifactStore;
  readonly otherDatabase: Database;
  readonly tenantId: TenantId;
  readonly elsewhere: TenantId;
  /** Empties what the tests write, and makes a person of the first tenant. */
  clear(): Promise<string>;
  stop(): Promise<void>;
}

export async function openStage(): Promise<ArtifactStage> {
  const deployment: TestDeployment = await freshDeployment();
  const ledger = await Ledger.open(deployment.url);
  const connection = {
    type: 'okta',
    clientId: '0oa1',
    issuer: 'https://acme.okta.com',
    status: 'enforced',
  } as const;
  const connections = [{ ...connection, key: 'okta', clientSecret: 'a-secret-of-enough-characters' }];
  const slugs = ['acme', 'globex'];
  await deployment.apply(slugs.map((slug) => ({ slug, name: slug, connections })));
  const tenants = await ledger.rows<{ id: TenantId }>(
    'SELECT id FROM tenants WHERE slug = ANY ($1) ORDER BY slug',
    [slugs],
  );
  const [first, second] = tenants;
  if (first === undefined || second === undefined) throw new Error('no tenants');
  const otherDatabase = new Database(await createDataSource(deployment.url).initialize());
  return {
    ledger,
    store: new PostgresArtifactStore(deployment.database),
    other: new PostgresArtifactStore(otherDatabase),
    otherDatabase,
    tenantId: first.id,
    elsewhere: second.id,
    async clear() {
      for (const table of ['oidc_artifacts', 'access_token_records', 'sessions', 'users'])
        await ledger.rows(`DELETE FROM ${table}`);
      return ledger.addUser({ tenant: 'acme', connection: 'okta', userName: 'ada@acme.example' });
    },
    async stop() {
      await otherDatabase.dataSource.destroy();
      await ledger.close();
      await deployment.destroy();
    },
  };
}
