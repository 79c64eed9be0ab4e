import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What this release keeps beyond the administration of the one before. */
export class Directory1764028800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '2s'`);
    await runner.query(ANSWERS);
    await runner.query(LINKS);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX links_expires_idx');
    await runner.query('ALTER TABLE pushed_group_names DROP COLUMN declined_group_id');
  }
}

/** Of a name that mappings go by: the new group that bears it and was denied what the one before it has. */
const ANSWERS = `
ALTER TABLE pushed_group_names ADD COLUMN declined_group_id uuid;
`;

/** Ended links are swept by their end. */
const LINKS = 'CREATE INDEX links_expires_idx ON links (expires_at)';

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
