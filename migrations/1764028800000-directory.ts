import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What this release keeps beyond the administration of the one before. */
export class Directory1764028800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '2s'`);
    await runner.query(ANSWERS);
    await runner.query(LINKS);
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
