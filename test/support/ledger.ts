import { Pool } from 'pg';
import { testIds } from './deployment.js';
import { serverUrl } from './prepare-database.js';

/** A user as the table has it. */
export interface UserRow {
  readonly id: string;
  readonly active: boolean;
  readonly source: string;
  readonly user_name: string;
  readonly external_id: string | null;
  readonly connection_version: number | null;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly version: number;
  /** Names of the groups, by who said so: `token:Engineering`. */
  readonly groups: readonly string[];
  /** Subjects of the identities that lead to the user. */
  readonly subjects: readonly string[];
}

/** An audit event's facts. */
export interface AuditFacts {
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly reference: string | null;
  readonly application: string | null;
  readonly connection: string | null;
  readonly actor: { readonly type: string; readonly id: string };
  readonly target: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface NewUser {
  readonly tenant: string;
  /** Key of the connection; null: a local user. */
  readonly connection: string | null;
  readonly userName: string;
  readonly externalId?: string;
  readonly source?: 'scim' | 'just_in_time' | 'operator';
  readonly active?: boolean;
  readonly profile?: Readonly<Record<string, unknown>>;
}

/** What a deployment's database holds, seen past row-level security: for setting the stage, and for looking afterwards. */
export class Ledger {
  static open(databaseUrl: string): Promise<Ledger> {
    const url = new URL(serverUrl());
    url.pathname = new URL(databaseUrl).pathname;
    const pool = new Pool({ connectionString: url.href, max: 4 });
    // The database is dropped under connections that are just being closed: that is no news.
    pool.on('error', () => undefined);
    return Promise.resolve(new Ledger(pool));
  }

  private constructor(private readonly pool: Pool) {}

  close(): Promise<void> {
    return this.pool.end();
  }

  async rows<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(text, [...values])).rows;
  }

  /**
   * Lets something happen in the moment between an upstream's answer and the session that follows from it: with the commit
   * that takes the answer.
   */
  async withAnswer<T>(statement: string, work: () => Promise<T>): Promise<T> {
    await this.rows(`CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
      AS $$ BEGIN ${statement}; RETURN NULL; END $$`);
    await this.rows(`CREATE TRIGGER meanwhile AFTER UPDATE OF user_id ON oidc_artifacts
      FOR EACH STATEMENT EXECUTE FUNCTION meanwhile()`);
    try {
      return await work();
    } finally {
      await this.rows('DROP FUNCTION meanwhile CASCADE');
    }
  }

  async count(table: string, condition = 'true', values: readonly unknown[] = []): Promise<number> {
    const rows = await this.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${table} WHERE ${condition}`,
      values,
    );
    return rows[0]?.n ?? 0;
  }

  /** A tenant's users, oldest first. */
  users(tenant: string): Promise<UserRow[]> {
    return this.rows<UserRow>(
      `SELECT u.id, u.active, u.source, u.user_name, u.external_id, u.connection_version, u.profile, u.version,
        ARRAY(SELECT m.source || ':' || g.name FROM group_members m
          JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
          WHERE m.tenant_id = u.tenant_id AND m.user_id = u.id ORDER BY 1) AS groups,
        ARRAY(SELECT i.sub FROM identities i WHERE i.tenant_id = u.tenant_id AND i.user_id = u.id ORDER BY 1) AS subjects
      FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE t.slug = $1 ORDER BY u.created_at, u.id`,
      [tenant],
    );
  }

  async user(tenant: string, id: unknown): Promise<UserRow> {
    const user = (await this.users(tenant)).find((row) => row.id === id);
    if (user === undefined) throw new Error(`no user ${String(id)} in ${tenant}`);
    return user;
  }

  /** A user as SCIM, an operator or an older sign-in would have left it. */
  async addUser(user: NewUser): Promise<string> {
    const id = testIds.uuid();
    await this.rows(
      `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, external_id, active, profile)
      SELECT t.id, $2, c.id, c.version, $4, $5, $6, $7, $8 FROM tenants t
      LEFT JOIN connections c ON c.tenant_id = t.id AND c.key = $3 WHERE t.slug = $1`,
      [
        user.tenant,
        id,
        user.connection,
        user.source ?? 'scim',
        user.userName,
        user.externalId ?? null,
        user.active ?? true,
        JSON.stringify({ userName: user.userName, ...user.profile }),
      ],
    );
    return id;
  }

  /** A group that SCIM has pushed, with its members. */
  async addScimGroup(
    tenant: string,
    connection: string,
    name: string,
    members: readonly string[] = [],
  ): Promise<string> {
    const [group] = await this.rows<{ id: string }>(
      `INSERT INTO groups (tenant_id, id, connection_id, connection_version, origin, name)
      SELECT c.tenant_id, $3, c.id, c.version, 'scim', $4 FROM connections c JOIN tenants t ON t.id = c.tenant_id
      WHERE t.slug = $1 AND c.key = $2
      ON CONFLICT (tenant_id, connection_id, connection_version, name_folded) WHERE origin = 'scim'
        DO UPDATE SET name = excluded.name RETURNING id`,
      [tenant, connection, testIds.uuid(), name],
    );
    const id = group?.id ?? '';
    await this.rows(
      `INSERT INTO pushed_group_names (tenant_id, connection_id, connection_version, name)
      SELECT tenant_id, connection_id, connection_version, name FROM groups WHERE id = $1 ON CONFLICT DO NOTHING`,
      [id],
    );
    await this.rows(
      `INSERT INTO group_members (tenant_id, group_id, user_id, source)
      SELECT tenant_id, id, unnest($2::uuid[]), 'scim' FROM groups WHERE id = $1`,
      [id, members],
    );
    return id;
  }

  /** As if SCIM had never pushed the group: neither it nor its name. */
  async forgetScimGroup(id: string): Promise<void> {
    await this.rows(
      `DELETE FROM pushed_group_names p USING groups g WHERE g.id = $1 AND p.tenant_id = g.tenant_id
        AND p.connection_id = g.connection_id AND p.name = g.name`,
      [id],
    );
    await this.rows('DELETE FROM groups WHERE id = $1', [id]);
  }

  /** A tenant's audit events, oldest first; only those of an action or a reference where one is given. */
  async audit(
    tenant: string,
    only: { readonly action?: string; readonly reference?: string } = {},
  ): Promise<AuditFacts[]> {
    const rows = await this.rows<{ body: string }>(
      `SELECT e.body FROM audit_events e JOIN tenants t ON t.id = e.tenant_id
      WHERE t.slug = $1 AND ($2::text IS NULL OR e.action = $2) AND ($3::text IS NULL OR e.reference = $3)
      ORDER BY e.xid, e.id`,
      [tenant, only.action ?? null, only.reference ?? null],
    );
    return rows.map(({ body }) => JSON.parse(body) as AuditFacts);
  }

  /** Sessions that live, of a user or of anybody. */
  liveSessions(userId: string | null = null): Promise<number> {
    return this.count('sessions', 'ended_at IS NULL AND ($1::uuid IS NULL OR user_id = $1)', [userId]);
  }

  grants(userId: string): Promise<number> {
    return this.count('oidc_artifacts', `kind = 'Grant' AND user_id = $1`, [userId]);
  }
}
