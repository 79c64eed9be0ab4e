import { Client } from 'pg';
import { MAIL_DOMAIN } from '../parties.js';
import type { ScimClient } from './scim-client.js';
import { WORKERS, type ScimTenant } from './tenants.js';

/** A group, and users who are not in it. */
export interface PreparedGroup {
  readonly id: string;
  readonly size: number;
  readonly outsiders: readonly string[];
}

/** A tenant with its users and groups. */
export interface Populated {
  readonly tenant: ScimTenant;
  readonly client: ScimClient;
  readonly groups: readonly PreparedGroup[];
}

/** The user that Causeway writes itself; the others are its copies. */
const TEMPLATE = 'user-0';
/** Users kept out of the groups, to be added while it is measured. */
const OUTSIDERS_MAX = 4_000;

/** The name of one of a tenant's users. */
export const userName = (number: number): string => `user-${number}@${MAIL_DOMAIN}`;
/** Names of users that are made while it is measured begin so. */
export const NEW_USERS = 'new-';

/**
 * Fills tenants straight in the database, as pushing hundreds of thousands of users and members would take most of an
 * hour. Nothing of the rows is invented here: one user and all groups are pushed, and the rows of that user are copied.
 */
export class Population {
  private constructor(private readonly client: Client) {}

  /** `url`: of the run's database, as its owner. */
  static async open(url: string): Promise<Population> {
    const client = new Client({ connectionString: url, application_name: 'causeway bench' });
    await client.connect();
    return new Population(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  /** Users, their addresses and the count of them; then groups with members. */
  async fill(tenant: ScimTenant, client: ScimClient): Promise<Populated> {
    if (tenant.users > 0) {
      await client.createUser(`${TEMPLATE}@${MAIL_DOMAIN}`);
      await this.#as(tenant);
      await this.#copyUsers(tenant.users);
    }
    const groups: PreparedGroup[] = [];
    for (const size of tenant.groupSizes)
      for (let worker = 0; worker < WORKERS; worker += 1)
        // oxlint-disable-next-line no-await-in-loop -- one connection
        groups.push(await this.#group(client, size, worker));
    return { tenant, client, groups };
  }

  /** So that plans are those of tables that are in use, and no vacuum begins while it is measured. */
  async settle(): Promise<void> {
    for (const table of ['users', 'user_emails', 'groups', 'group_members', 'resource_counts'])
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await this.client.query(`VACUUM (ANALYZE) ${table}`);
    await this.client.query('CHECKPOINT').catch(notPermitted);
  }

  /** Takes away users that were made since; gives how many there were. */
  async removeNewUsers(tenant: ScimTenant): Promise<number> {
    await this.#as(tenant);
    const { rowCount } = await this.client.query(
      `WITH gone AS (DELETE FROM users WHERE tenant_id = ${THIS} AND starts_with(user_name, $1) RETURNING id)
      SELECT id FROM gone`,
      [NEW_USERS],
    );
    await this.client.query(
      `UPDATE resource_counts SET count = count - $1
      WHERE (tenant_id, kind, slot) IN (SELECT tenant_id, kind, slot FROM resource_counts
        WHERE tenant_id = ${THIS} AND kind = 'user' ORDER BY count DESC LIMIT 1)`,
      [rowCount],
    );
    return rowCount ?? 0;
  }

  /** Takes the outsiders out of a group again; gives how many were in it. */
  async removeOutsiders(tenant: ScimTenant, { id, outsiders }: PreparedGroup): Promise<number> {
    await this.#as(tenant);
    const { rowCount } = await this.client.query(
      `DELETE FROM group_members WHERE tenant_id = ${THIS} AND group_id = $1 AND user_id = ANY ($2::uuid[])`,
      [id, outsiders],
    );
    return rowCount ?? 0;
  }

  async #group(client: ScimClient, size: number, worker: number): Promise<PreparedGroup> {
    const id = await client.createGroup(`Group ${worker} of ${size}`);
    await this.client.query(
      `INSERT INTO group_members (tenant_id, group_id, user_id, source)
      SELECT tenant_id, $1, id, 'scim' FROM users WHERE tenant_id = ${THIS} ORDER BY ${ANYHOW} LIMIT $2`,
      [id, size],
    );
    const { rows } = await this.client.query<{ id: string }>(
      `SELECT id FROM users WHERE tenant_id = ${THIS} ORDER BY ${ANYHOW} OFFSET $1 LIMIT $2`,
      [size, OUTSIDERS_MAX],
    );
    return { id, size, outsiders: rows.map((row) => row.id) };
  }

  async #copyUsers(users: number): Promise<void> {
    // A name with its domain: nothing else in the row reads like the template's.
    await this.client.query(
      `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, external_id, active,
        profile, attributes)
      SELECT tenant_id, gen_random_uuid(), connection_id, connection_version, source,
        replace(user_name, $1, 'user-' || n), replace(external_id, $1, 'user-' || n), active,
        replace(profile::text, $1, 'user-' || n)::jsonb, replace(attributes::text, $1, 'user-' || n)::jsonb
      FROM users, generate_series(1, $2::int - 1) n WHERE tenant_id = ${THIS} AND source = 'scim'`,
      [TEMPLATE, users],
    );
    await this.client.query(
      `INSERT INTO user_emails (tenant_id, connection_id, connection_version, user_id, email_folded)
      SELECT tenant_id, connection_id, connection_version, id, user_name_folded
      FROM users WHERE tenant_id = ${THIS} ON CONFLICT DO NOTHING`,
    );
    await this.client.query(
      `UPDATE resource_counts SET count = $1 WHERE tenant_id = ${THIS} AND kind = 'user'`,
      [users],
    );
  }

  /** Row security shows rows of this tenant from now on. */
  async #as({ slug }: ScimTenant): Promise<void> {
    const { rowCount } = await this.client.query(
      `SELECT set_config('app.tenant_id', id::text, false) FROM tenants WHERE slug = $1`,
      [slug],
    );
    if (rowCount !== 1) throw new Error(`there is no tenant ${slug}`);
  }
}

/** An order that has nothing to do with that of lists: members are spread over all pages. */
const ANYHOW = 'md5(id::text)';
const THIS = `current_setting('app.tenant_id')::uuid`;

/** Only a superuser may ask for a checkpoint; without one, the database makes it when it likes. */
function notPermitted(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== '42501') throw error;
}
