import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What this release keeps beyond the administration of the one before. */
export class Directory1764028800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '2s'`);
    await runner.query(ANSWERS);
    await runner.query(LINKS);
    await runner.query(NOTICES);
    await seeing(runner, ['pushed_group_names', 'groups', 'users'], async () => {
      await runner.query(GRANTS);
      await runner.query(TOKEN_OWNERS);
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_tokens DROP COLUMN owner_tenant, DROP COLUMN owner_elsewhere_id');
    await runner.query('DROP TABLE notices_seen');
    await runner.query('DROP INDEX audit_events_notice_idx');
    await runner.query('DROP INDEX links_expires_idx');
    await runner.query('ALTER TABLE pushed_group_names DROP COLUMN declined_group_id');
  }
}

/** Lets the tables' owner see rows of all tenants meanwhile, whom row security shows none. */
async function seeing(
  runner: QueryRunner,
  tables: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const force = (how: string) =>
    runner.query(tables.map((table) => `ALTER TABLE ${table} ${how} ROW LEVEL SECURITY;`).join('\n'));
  await force('NO FORCE');
  await work();
  await force('FORCE');
}

/** Of a name that mappings go by: the new group that bears it and was denied what the one before it has. */
const ANSWERS = `
ALTER TABLE pushed_group_names ADD COLUMN declined_group_id uuid;
`;

/** Ended links are swept by their end. */
const LINKS = 'CREATE INDEX links_expires_idx ON links (expires_at)';

/** Audit events that are notices (domain/notice/notice.ts), and who was the first to see them. */
const NOTICES = `
CREATE INDEX audit_events_notice_idx ON audit_events (tenant_id, id) WHERE action IN ('break_glass.succeeded',
  'break_glass.refused', 'refresh_token.reused', 'connection.fell_back', 'provisioning.mass_deactivation');
CREATE TABLE notices_seen (
  tenant_id uuid NOT NULL,
  event_id uuid NOT NULL,
  seen_by text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notices_seen_pkey PRIMARY KEY (tenant_id, event_id),
  CONSTRAINT notices_seen_event_fkey FOREIGN KEY (tenant_id, event_id)
    REFERENCES audit_events (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE notices_seen ENABLE ROW LEVEL SECURITY;
CREATE POLICY notices_seen_tenant ON notices_seen
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON notices_seen TO causeway_app;
`;

/** A grant by name means the SCIM group that bears it now, and no other that will; where there is none, the first to come. */
const GRANTS = `
UPDATE pushed_group_names p SET pinned_group_id = g.id
FROM connections c, groups g
WHERE p.pinned_group_id IS NULL
  AND c.tenant_id = p.tenant_id AND c.id = p.connection_id AND c.version = p.connection_version
  AND g.tenant_id = p.tenant_id AND g.connection_id = p.connection_id AND g.name = p.name
  AND g.connection_version = p.connection_version AND g.origin = 'scim'
  AND EXISTS (SELECT FROM tenant_links l WHERE l.tenant_id = p.tenant_id AND l.group_reference ->> 'name' = p.name)
`;

/**
 * A token that somebody of a tenant above has made goes with them: by that tenant's slug, for no row refers to another
 * tenant's. Those that are there name who made them.
 */
const TOKEN_OWNERS = `
ALTER TABLE api_tokens ADD COLUMN owner_tenant text, ADD COLUMN owner_elsewhere_id uuid;
UPDATE api_tokens a SET owner_tenant = o.slug, owner_elsewhere_id = u.id
FROM tenants c, tenants o, users u
WHERE a.owner_id IS NULL AND c.id = a.tenant_id AND (o.id = c.parent_id OR o.slug = 'system') AND o.id <> c.id
  AND u.tenant_id = o.id AND u.id = substring(a.created_by FROM '^(?:operator|user):([0-9a-f-]{36})$')::uuid
`;
