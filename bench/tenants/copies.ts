import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { connectionSecretPlace, signingKeyPlace } from '../../src/domain/keys/sealed-places.js';
import { KeyRing, type DataKey } from '../../src/keys/sealing.js';
import { MAIL_DOMAIN } from '../parties.js';

/** Rows of a tenant that its copies have too; ids may be the same, because every key holds the tenant. */
const TABLES = [
  'connections',
  'signing_keys',
  'applications',
  'application_secrets',
  'apis',
  'api_scopes',
  'access_policies',
  'roles',
  'role_mappings',
];
/** The mail domain of a tenant's people: verified, so that a `login_hint` of it goes up to the upstream. */
export const domainOf = (slug: string): string => `${slug}.${MAIL_DOMAIN}`;

/** Copies made in one go. */
const BATCH = 500;

interface Template {
  readonly id: string;
  readonly dataKey: DataKey;
  readonly keys: readonly { readonly id: string; readonly sealed: string }[];
  readonly connections: readonly { readonly id: string; readonly sealed: string }[];
}

export interface CopyOptions {
  /** Of the run's database, as its superuser. */
  readonly databaseUrl: string;
  /** As `ENCRYPTION_KEYS` has them. */
  readonly encryptionKeys: string;
  /** Slug of the tenant that is copied. */
  readonly template: string;
  readonly count: number;
}

/**
 * Copies a tenant many times, straight in the database: `apply` makes signing keys for each, which takes a third of a
 * second. What is sealed is bound to its tenant, so it is sealed anew for each copy, by the product's own code: the one
 * thing that the benchmark takes from it.
 * @returns slugs of the copies
 */
export async function copyTenant(options: CopyOptions): Promise<readonly string[]> {
  const { databaseUrl, encryptionKeys, template, count } = options;
  const ring = keyRing(encryptionKeys);
  const client = new Client({ connectionString: databaseUrl, application_name: 'causeway bench' });
  await client.connect();
  try {
    const source = await readTemplate(client, ring, template);
    const slugs = Array.from({ length: count }, (_, index) => `${template}-${index}`);
    for (let at = 0; at < count; at += BATCH)
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await copyBatch(client, ring, source, slugs.slice(at, at + BATCH));
    for (const table of ['tenants', ...TABLES])
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await client.query(`VACUUM (ANALYZE) ${table}`);
    return slugs;
  } finally {
    await client.end();
  }
}

function keyRing(text: string): KeyRing {
  const keys = text.split(',').map((entry) => {
    const [id = '', secret = ''] = entry.split(/:(.*)/s);
    return { id, secret: Buffer.from(secret, 'base64') };
  });
  return new KeyRing(keys);
}

async function readTemplate(client: Client, ring: KeyRing, slug: string): Promise<Template> {
  const tenants = await client.query<{ id: string; data_key: string }>(
    'SELECT id, data_key FROM tenants WHERE slug = $1',
    [slug],
  );
  const [tenant] = tenants.rows;
  if (tenant === undefined) throw new Error(`no tenant ${slug} to copy`);
  const sealed = async (table: string, column: string) => {
    const { rows } = await client.query<{ id: string; sealed: string }>(
      `SELECT id::text, ${column} AS sealed FROM ${table} WHERE tenant_id = $1`,
      [tenant.id],
    );
    return rows;
  };
  return {
    id: tenant.id,
    dataKey: ring.openDataKey(tenant.id, tenant.data_key),
    keys: await sealed('signing_keys', 'private_jwk_sealed'),
    connections: await sealed('connections', 'client_secret_sealed'),
  };
}

async function copyBatch(
  client: Client,
  ring: KeyRing,
  source: Template,
  slugs: readonly string[],
): Promise<void> {
  const copies = slugs.map((slug) => {
    const id = randomUUID();
    const wrapped = ring.createDataKey(id);
    return { id, slug, wrapped, dataKey: ring.openDataKey(id, wrapped) };
  });
  const ids = copies.map(({ id }) => id);
  await client.query('BEGIN');
  // Changed long ago: nodes ask twice a second for what has changed of late.
  await client.query(
    `INSERT INTO tenants (id, slug, name, kind, parent_id, status, settings, data_key, config_version, config_changed_at)
    SELECT n.id, n.slug, n.slug, t.kind, t.parent_id, t.status, t.settings, n.data_key, 1, now() - interval '1 day'
    FROM tenants t, unnest($2::uuid[], $3::text[], $4::text[]) AS n (id, slug, data_key) WHERE t.id = $1`,
    [source.id, ids, slugs, copies.map(({ wrapped }) => wrapped)],
  );
  for (const table of TABLES)
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await copyRows(client, table, source.id, ids);
  await client.query(
    `INSERT INTO domains (tenant_id, name, verified)
    SELECT n.id, n.name, true FROM unnest($1::uuid[], $2::text[]) AS n (id, name)`,
    [ids, slugs.map(domainOf)],
  );
  const resealed = copies.flatMap(({ id, dataKey }) => ({
    keys: source.keys.map((key) => ({
      tenant: id,
      row: key.id,
      sealed: dataKey.seal(
        signingKeyPlace(id, key.id),
        source.dataKey.open(signingKeyPlace(source.id, key.id), key.sealed),
      ),
    })),
    connections: source.connections.map((connection) => ({
      tenant: id,
      row: connection.id,
      sealed: dataKey.seal(
        connectionSecretPlace(id, connection.id, 'clientSecret'),
        source.dataKey.open(
          connectionSecretPlace(source.id, connection.id, 'clientSecret'),
          connection.sealed,
        ),
      ),
    })),
  }));
  await reseal(
    client,
    'signing_keys',
    'private_jwk_sealed',
    resealed.flatMap(({ keys }) => keys),
  );
  const ofConnections = resealed.flatMap(({ connections }) => connections);
  await reseal(client, 'connections', 'client_secret_sealed', ofConnections);
  await client.query('COMMIT');
}

async function copyRows(client: Client, table: string, from: string, to: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(column_name) AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 AND column_name <> 'tenant_id' AND is_generated = 'NEVER'`,
    [table],
  );
  const columns = rows.map(({ name }) => name).join(', ');
  await client.query(
    `INSERT INTO ${table} (tenant_id, ${columns})
    SELECT n.id, ${columns.replaceAll(/(^|, )/g, '$1t.')} FROM ${table} t, unnest($2::uuid[]) AS n (id)
    WHERE t.tenant_id = $1`,
    [from, to],
  );
}

async function reseal(
  client: Client,
  table: string,
  column: string,
  sealed: readonly { readonly tenant: string; readonly row: string; readonly sealed: string }[],
): Promise<void> {
  await client.query(
    `UPDATE ${table} t SET ${column} = n.sealed
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (tenant, row, sealed)
    WHERE t.tenant_id = n.tenant AND t.id::text = n.row`,
    [sealed.map(({ tenant }) => tenant), sealed.map(({ row }) => row), sealed.map((one) => one.sealed)],
  );
}
