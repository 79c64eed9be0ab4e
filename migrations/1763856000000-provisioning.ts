import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What SCIM pushes, what follows from it, and what is told to whom: resources as they were sent, names that a push has
 * claimed, who left, deliveries with their attempts, the flight recorder, what the upstream was last asked.
 */
export class Provisioning1763856000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '2s'`);
    await runner.query(USERS);
    await runner.query(GROUPS);
    await runner.query(ROLES);
    await runner.query(TOKENS);
    await runner.query(OUTBOX);
    await runner.query(RECORDER);
    await runner.query(UPSTREAM);
    await runner.query(SESSIONS);
    await runner.query(ROW_SECURITY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE upstream_grants, scim_requests, resource_counts, pushed_group_names, departed_users, user_emails;
      DROP TRIGGER groups_fold ON groups;
      DROP TRIGGER users_fold ON users;
      DROP FUNCTION fold_group_name, fold_user_name;
      DROP INDEX sessions_created_idx, outbox_due_idx, outbox_settled_idx, users_pushed_idx, groups_pushed_idx, groups_scim_name_key,
        groups_scim_external_id_key, role_mappings_name_idx;
      ALTER TABLE outbox DROP COLUMN receiver, DROP COLUMN due_at, DROP COLUMN attempts, DROP COLUMN lease,
        DROP COLUMN settled_at, DROP COLUMN outcome, DROP COLUMN last_error;
      ALTER TABLE scim_tokens DROP COLUMN expires_at, DROP COLUMN last_used_at;
      ALTER TABLE role_assignments DROP COLUMN source;
      ALTER TABLE groups DROP COLUMN name_folded, DROP COLUMN external_id, DROP COLUMN attributes, DROP COLUMN version,
        DROP COLUMN connection_version, DROP COLUMN updated_at;
      DROP INDEX users_user_name_key;
      ALTER TABLE users DROP COLUMN user_name_folded, DROP COLUMN attributes;
      CREATE UNIQUE INDEX users_user_name_key ON users (tenant_id, connection_id, connection_version, lower(user_name));
    `);
  }
}

/**
 * `user_name_folded` is a column because an index over `lower(…)` can't be used behind row-level security: the function
 * isn't leakproof. A trigger keeps it, so that case is folded in one place whoever writes. Rows that are there are
 * filled in by the owner, who is let past the policy for this one statement.
 */
const USERS = `
ALTER TABLE users
  ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN user_name_folded text COLLATE "C";
CREATE FUNCTION fold_user_name() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW.user_name_folded := lower(NEW.user_name); RETURN NEW; END';
CREATE TRIGGER users_fold BEFORE INSERT OR UPDATE OF user_name ON users
  FOR EACH ROW EXECUTE FUNCTION fold_user_name();
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
UPDATE users SET user_name_folded = lower(user_name);
ALTER TABLE users FORCE ROW LEVEL SECURITY;
DROP INDEX users_user_name_key;
CREATE UNIQUE INDEX users_user_name_key ON users (tenant_id, connection_id, connection_version, user_name_folded);
CREATE INDEX users_pushed_idx ON users (tenant_id, connection_id, connection_version, id) WHERE source = 'scim';

CREATE TABLE user_emails (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  email_folded text COLLATE "C" NOT NULL,
  CONSTRAINT user_emails_pkey PRIMARY KEY (tenant_id, user_id, email_folded),
  CONSTRAINT user_emails_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_emails_email_idx ON user_emails (tenant_id, connection_id, connection_version, email_folded);

CREATE TABLE departed_users (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  user_id uuid NOT NULL,
  departed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT departed_users_pkey PRIMARY KEY (tenant_id, connection_id, connection_version, external_id),
  CONSTRAINT departed_users_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
`;

/**
 * A name that SCIM has pushed on a connection is SCIM's there for good, whatever becomes of the group; once a mapping by
 * that name has met a group it means that one, however it is called later.
 */
const GROUPS = `
ALTER TABLE groups
  ADD COLUMN connection_version integer NOT NULL DEFAULT 1,
  ADD COLUMN external_id text COLLATE "C",
  ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN name_folded text COLLATE "C";
-- The name itself is compared byte for byte (COLLATE "C"), which would fold ASCII alone.
CREATE FUNCTION fold_group_name() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW.name_folded := lower(NEW.name COLLATE "default"); RETURN NEW; END';
CREATE TRIGGER groups_fold BEFORE INSERT OR UPDATE OF name ON groups
  FOR EACH ROW EXECUTE FUNCTION fold_group_name();
ALTER TABLE groups NO FORCE ROW LEVEL SECURITY;
UPDATE groups SET name_folded = lower(name COLLATE "default");
ALTER TABLE groups FORCE ROW LEVEL SECURITY;
CREATE UNIQUE INDEX groups_scim_name_key ON groups (tenant_id, connection_id, connection_version, name_folded)
  WHERE origin = 'scim';
CREATE UNIQUE INDEX groups_scim_external_id_key ON groups (tenant_id, connection_id, connection_version, external_id)
  WHERE origin = 'scim';
CREATE INDEX groups_pushed_idx ON groups (tenant_id, connection_id, connection_version, id) WHERE origin = 'scim';

CREATE TABLE pushed_group_names (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  name text COLLATE "C" NOT NULL,
  pinned_group_id uuid,
  CONSTRAINT pushed_group_names_pkey PRIMARY KEY (tenant_id, connection_id, connection_version, name),
  CONSTRAINT pushed_group_names_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX pushed_group_names_pinned_idx ON pushed_group_names (tenant_id, pinned_group_id)
  WHERE pinned_group_id IS NOT NULL;

-- How many there are, kept in slots so that writers of one connection rarely wait for each other: lists tell totals.
CREATE TABLE resource_counts (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  kind text NOT NULL,
  slot smallint NOT NULL,
  count bigint NOT NULL,
  CONSTRAINT resource_counts_pkey PRIMARY KEY (tenant_id, connection_id, connection_version, kind, slot),
  CONSTRAINT resource_counts_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
`;

const ROLES = `
ALTER TABLE role_assignments ADD COLUMN source text NOT NULL DEFAULT 'operator';
CREATE INDEX role_mappings_name_idx ON role_mappings (tenant_id, group_name) WHERE group_name IS NOT NULL;
`;

const TOKENS = `
ALTER TABLE scim_tokens ADD COLUMN expires_at timestamptz, ADD COLUMN last_used_at timestamptz;
`;

/**
 * A row of the outbox is one thing to tell one receiver (an application's clientId). It is due from \`due_at\` on, which
 * an attempt moves ahead by its lease: whoever dies leaves it to the next. Settled rows stay a while for who asks.
 */
const OUTBOX = `
ALTER TABLE outbox
  ADD COLUMN receiver text COLLATE "C",
  ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN lease uuid,
  ADD COLUMN settled_at timestamptz,
  ADD COLUMN outcome text,
  ADD COLUMN last_error text;
UPDATE outbox SET receiver = payload ->> 'clientId';
CREATE INDEX outbox_due_idx ON outbox (tenant_id, receiver, due_at) WHERE settled_at IS NULL;
CREATE INDEX outbox_settled_idx ON outbox (settled_at) WHERE settled_at IS NOT NULL;
`;

/** Partitions by day are made ahead by a job and dropped whole; what no day's partition takes falls into the rest. */
const RECORDER = `
CREATE TABLE scim_requests (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  connection_id uuid,
  token_id uuid,
  request_id text NOT NULL,
  method text NOT NULL,
  target text NOT NULL,
  status integer NOT NULL,
  duration_ms integer NOT NULL,
  user_agent text,
  detail text,
  request jsonb,
  response jsonb,
  effects jsonb NOT NULL,
  CONSTRAINT scim_requests_pkey PRIMARY KEY (tenant_id, id, at)
) PARTITION BY RANGE (at);
CREATE TABLE scim_requests_rest PARTITION OF scim_requests DEFAULT;
ALTER TABLE scim_requests_rest ENABLE ROW LEVEL SECURITY;
`;

const UPSTREAM = `
CREATE TABLE upstream_grants (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  refresh_token_sealed text NOT NULL,
  checked_at timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  CONSTRAINT upstream_grants_pkey PRIMARY KEY (tenant_id, user_id),
  CONSTRAINT upstream_grants_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT upstream_grants_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX upstream_grants_checked_idx ON upstream_grants (checked_at);
`;

/** Lists of sessions begin with the latest, and are read page by page. */
const SESSIONS = `
CREATE INDEX sessions_created_idx ON sessions (tenant_id, created_at, uid);
`;

const IDENTITY_TABLES = ['user_emails', 'departed_users', 'pushed_group_names', 'resource_counts'];
const TENANT_TABLES = ['scim_requests', 'upstream_grants'];

const policy = (table: string): string => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY ${table}_tenant ON ${table}
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO causeway_app;
`;
const ROW_SECURITY = [
  ...[...IDENTITY_TABLES, ...TENANT_TABLES].map(policy),
  ...IDENTITY_TABLES.map((table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;`),
].join('\n');
