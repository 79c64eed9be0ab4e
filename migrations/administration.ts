/**
 * The second half of the migration 1763942400000, in a file of its own for its length: people who run the deployment and
 * how they prove it, tests and lifecycle of connections, changes of mappings, work that takes long, lists that stay fast.
 */

/**
 * A local account is a user without a connection. What must be read again (the seed of one-time codes) is sealed; all
 * else is a hash. A console session, and what stands before one, is found by the hash of its cookie.
 */
const OPERATORS = `
CREATE TABLE local_accounts (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  purpose text NOT NULL,
  password_hash text,
  password_changed_at timestamptz,
  totp_sealed text,
  totp_confirmed_at timestamptz,
  totp_last_step bigint,
  failures integer NOT NULL DEFAULT 0,
  retry_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  CONSTRAINT local_accounts_pkey PRIMARY KEY (tenant_id, user_id),
  CONSTRAINT local_accounts_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX users_local_name_key ON users (tenant_id, user_name_folded) WHERE source = 'operator';

CREATE TABLE passkeys (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  credential_id bytea NOT NULL,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  CONSTRAINT passkeys_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT passkeys_account_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES local_accounts (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX passkeys_credential_key ON passkeys (tenant_id, credential_id);
CREATE INDEX passkeys_user_idx ON passkeys (tenant_id, user_id);

CREATE TABLE recovery_codes (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  hash bytea NOT NULL,
  used_at timestamptz,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (tenant_id, user_id, hash),
  CONSTRAINT recovery_codes_account_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES local_accounts (tenant_id, user_id) ON DELETE CASCADE
);

CREATE TABLE pending_sign_ins (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  hash bytea NOT NULL,
  purpose text NOT NULL,
  user_id uuid,
  state jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  taken_at timestamptz,
  CONSTRAINT pending_sign_ins_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT pending_sign_ins_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX pending_sign_ins_hash_key ON pending_sign_ins (tenant_id, hash);
CREATE INDEX pending_sign_ins_expires_idx ON pending_sign_ins (expires_at);

CREATE TABLE console_sessions (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  hash bytea NOT NULL,
  user_id uuid NOT NULL,
  session_uid text COLLATE "C",
  amr text[] NOT NULL,
  authenticated_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  ip text,
  user_agent text,
  CONSTRAINT console_sessions_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT console_sessions_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX console_sessions_hash_key ON console_sessions (hash);
CREATE INDEX console_sessions_user_idx ON console_sessions (tenant_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX console_sessions_expires_idx ON console_sessions (expires_at);
`;

/** Who made a token, what it may at most, and when it was last good for something; a link's purpose and progress. */
const TOKENS_AND_LINKS = `
ALTER TABLE api_tokens
  ADD COLUMN scopes text[],
  ADD COLUMN owner_id uuid,
  ADD COLUMN created_by text NOT NULL DEFAULT '',
  ADD COLUMN last_used_at timestamptz,
  ADD CONSTRAINT api_tokens_owner_fkey FOREIGN KEY (tenant_id, owner_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE links
  ADD COLUMN user_id uuid,
  ADD COLUMN settings jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN progress jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN created_by text NOT NULL DEFAULT '',
  ADD COLUMN opened_at timestamptz,
  ADD COLUMN browser_hash bytea,
  ADD COLUMN revoked_at timestamptz,
  ADD CONSTRAINT links_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE;
`;

/**
 * A connection's candidate is a configuration that isn't served yet; a test is of one exact configuration, named by its
 * fingerprint, and only what passed may be switched on.
 */
const CONNECTIONS = `
ALTER TABLE connections
  ADD COLUMN candidate jsonb,
  ADD COLUMN candidate_secrets jsonb,
  ADD COLUMN tested_fingerprint bytea,
  ADD COLUMN tested_at timestamptz,
  ADD COLUMN enforced_at timestamptz,
  ADD COLUMN outage jsonb,
  ADD COLUMN groups_api jsonb,
  ADD COLUMN groups_api_secret_sealed text,
  ADD COLUMN secondary_secret_updated_at timestamptz,
  ADD COLUMN secret_used_at timestamptz,
  ADD COLUMN secondary_secret_used_at timestamptz;

CREATE TABLE connection_tests (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  fingerprint bytea NOT NULL,
  state text NOT NULL,
  report jsonb NOT NULL,
  started_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT connection_tests_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT connection_tests_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_tests_connection_idx ON connection_tests (tenant_id, connection_id, id);
`;

/**
 * Since when and by which request somebody is in a group or has a role, and what was so before: rows that go leave their
 * time behind, kept by triggers so that no writer can forget it.
 */
const HISTORY = `
ALTER TABLE group_members ADD COLUMN since timestamptz NOT NULL DEFAULT now(), ADD COLUMN cause text;
ALTER TABLE role_mappings ADD COLUMN since timestamptz NOT NULL DEFAULT now(), ADD COLUMN cause text;
ALTER TABLE role_assignments ADD COLUMN since timestamptz NOT NULL DEFAULT now(), ADD COLUMN cause text;

CREATE TABLE past_memberships (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  user_id uuid NOT NULL,
  group_id uuid NOT NULL,
  group_name text COLLATE "C" NOT NULL,
  source text NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT now(),
  cause text,
  end_cause text,
  CONSTRAINT past_memberships_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT past_memberships_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX past_memberships_user_idx ON past_memberships (tenant_id, user_id, until);
CREATE INDEX past_memberships_until_idx ON past_memberships (until);

CREATE TABLE past_role_mappings (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  mapping_id uuid NOT NULL,
  role_id uuid NOT NULL,
  role_key text COLLATE "C" NOT NULL,
  application_id uuid,
  group_name text COLLATE "C",
  group_id uuid,
  group_upstream_id text COLLATE "C",
  since timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT now(),
  cause text,
  end_cause text,
  CONSTRAINT past_role_mappings_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT past_role_mappings_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX past_role_mappings_until_idx ON past_role_mappings (tenant_id, until);

CREATE TABLE past_role_assignments (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  user_id uuid NOT NULL,
  role_id uuid NOT NULL,
  role_key text COLLATE "C" NOT NULL,
  application_id uuid,
  source text NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT now(),
  cause text,
  end_cause text,
  CONSTRAINT past_role_assignments_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT past_role_assignments_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX past_role_assignments_user_idx ON past_role_assignments (tenant_id, user_id, until);

CREATE TABLE mapping_changes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  state text NOT NULL,
  version bigint NOT NULL,
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  summary jsonb NOT NULL,
  made_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz,
  undone_at timestamptz,
  CONSTRAINT mapping_changes_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT mapping_changes_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
`;

/** What was answered to a caller's key, sealed because answers tell secrets once; work that outlives its request. */
const REQUESTS_AND_JOBS = `
CREATE TABLE idempotency_keys (
  tenant_id uuid NOT NULL,
  caller text COLLATE "C" NOT NULL,
  key_hash bytea NOT NULL,
  request_hash bytea NOT NULL,
  status integer,
  answer_sealed text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, caller, key_hash),
  CONSTRAINT idempotency_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);

CREATE TABLE jobs (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  input jsonb NOT NULL,
  done integer NOT NULL DEFAULT 0,
  total integer,
  result jsonb,
  stop_asked boolean NOT NULL DEFAULT false,
  lease uuid,
  leased_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT jobs_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX jobs_waiting_idx ON jobs (tenant_id, leased_until) WHERE finished_at IS NULL;
`;

/**
 * Lists of the management API are read from an index, page after page, whatever a tenant's size. An audit event's own
 * columns repeat what its hashed body says, and are only for finding it.
 */
const LISTS = `
ALTER TABLE audit_events
  ADD COLUMN actor text COLLATE "C",
  ADD COLUMN target text COLLATE "C",
  ADD COLUMN application text COLLATE "C",
  ADD COLUMN connection text COLLATE "C";
CREATE INDEX audit_events_action_idx ON audit_events (tenant_id, action, id);
CREATE INDEX audit_events_actor_idx ON audit_events (tenant_id, actor, id);
CREATE INDEX audit_events_target_idx ON audit_events (tenant_id, target, id);
CREATE INDEX audit_events_application_idx ON audit_events (tenant_id, application, id) WHERE application IS NOT NULL;
CREATE INDEX audit_events_outcome_idx ON audit_events (tenant_id, outcome, id) WHERE outcome <> 'success';
CREATE INDEX users_name_idx ON users (tenant_id, user_name_folded, id);
CREATE INDEX user_emails_address_idx ON user_emails (tenant_id, email_folded, user_id);
CREATE INDEX groups_name_idx ON groups (tenant_id, name_folded, id);
ALTER TABLE tenants ADD COLUMN name_folded text COLLATE "C";
CREATE FUNCTION fold_tenant_name() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW.name_folded := lower(NEW.name COLLATE "default"); RETURN NEW; END';
CREATE TRIGGER tenants_fold BEFORE INSERT OR UPDATE OF name ON tenants
  FOR EACH ROW EXECUTE FUNCTION fold_tenant_name();
UPDATE tenants SET name_folded = lower(name COLLATE "default");
CREATE INDEX tenants_name_idx ON tenants (parent_id, name_folded, slug);
`;

const TENANT_TABLES = [
  'local_accounts',
  'passkeys',
  'recovery_codes',
  'connection_tests',
  'past_memberships',
  'past_role_mappings',
  'past_role_assignments',
  'mapping_changes',
  'idempotency_keys',
  'jobs',
];
/** Reached by the hash of a bearer value, which is its own proof. */
const HASH_TABLES = ['pending_sign_ins', 'console_sessions'];

const policy = (table: string): string => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY ${table}_tenant ON ${table}
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
`;
const IDENTITY_TABLES = [
  'local_accounts',
  'passkeys',
  'recovery_codes',
  'past_memberships',
  'past_role_assignments',
];

const ROW_SECURITY = [
  ...TENANT_TABLES.map(policy),
  ...IDENTITY_TABLES.map((table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;`),
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ${[...TENANT_TABLES, ...HASH_TABLES].join(', ')} TO causeway_app;`,
].join('\n');

/** The statements of the administration's part, in their order. */
export const ADMINISTRATION = [
  OPERATORS,
  TOKENS_AND_LINKS,
  CONNECTIONS,
  HISTORY,
  REQUESTS_AND_JOBS,
  LISTS,
  ROW_SECURITY,
];

export const WITHOUT_ADMINISTRATION = `
DROP TABLE passkeys, recovery_codes, local_accounts, pending_sign_ins, console_sessions, connection_tests,
  past_memberships, past_role_mappings, past_role_assignments, mapping_changes, idempotency_keys, jobs;
DROP INDEX users_local_name_key, users_name_idx, user_emails_address_idx, groups_name_idx, tenants_name_idx;
DROP INDEX audit_events_action_idx, audit_events_actor_idx, audit_events_target_idx, audit_events_application_idx,
  audit_events_outcome_idx;
DROP TRIGGER tenants_fold ON tenants;
DROP FUNCTION fold_tenant_name;
ALTER TABLE tenants DROP COLUMN name_folded;
-- What an older version wrote, until a job has filled it in.
CREATE INDEX audit_events_unfilled_idx ON audit_events (tenant_id, id) WHERE actor IS NULL;
ALTER TABLE audit_events DROP COLUMN actor, DROP COLUMN target, DROP COLUMN application, DROP COLUMN connection;
CREATE INDEX users_inactive_idx ON users (tenant_id, user_name_folded, id) WHERE NOT active;
CREATE INDEX users_arrived_idx ON users (tenant_id, user_name_folded, id) WHERE source = 'just_in_time';
CREATE INDEX role_assignments_role_idx ON role_assignments (tenant_id, role_id, id);
CREATE INDEX consents_application_idx ON consents (tenant_id, application_id, user_id);
CREATE INDEX outbox_created_idx ON outbox (tenant_id, created_at, id);
CREATE INDEX scim_requests_failed_idx ON scim_requests (tenant_id, id) WHERE status >= 400;
ALTER TABLE group_members DROP COLUMN since, DROP COLUMN cause;
ALTER TABLE role_mappings DROP COLUMN since, DROP COLUMN cause;
ALTER TABLE role_assignments DROP COLUMN since, DROP COLUMN cause;
ALTER TABLE connections DROP COLUMN candidate, DROP COLUMN candidate_secrets, DROP COLUMN tested_fingerprint,
  DROP COLUMN tested_at, DROP COLUMN enforced_at, DROP COLUMN outage, DROP COLUMN groups_api,
  DROP COLUMN groups_api_secret_sealed, DROP COLUMN secondary_secret_updated_at, DROP COLUMN secret_used_at,
  DROP COLUMN secondary_secret_used_at;
ALTER TABLE links DROP COLUMN user_id, DROP COLUMN settings, DROP COLUMN progress, DROP COLUMN created_by,
  DROP COLUMN opened_at, DROP COLUMN browser_hash, DROP COLUMN revoked_at;
CREATE INDEX tenants_names_idx ON tenants (name_folded, slug);
-- People who came in just in time are found by their address, too.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE user_emails NO FORCE ROW LEVEL SECURITY;
INSERT INTO user_emails (tenant_id, connection_id, connection_version, user_id, email_folded)
  SELECT tenant_id, connection_id, connection_version, id, lower(profile ->> 'email') FROM users
  WHERE source = 'just_in_time' AND profile ->> 'email' IS NOT NULL ON CONFLICT DO NOTHING;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE user_emails FORCE ROW LEVEL SECURITY;
ALTER TABLE api_tokens DROP COLUMN scopes, DROP COLUMN owner_id, DROP COLUMN created_by, DROP COLUMN last_used_at;
`;
DROP INDEX users_inactive_idx, users_arrived_idx, role_assignments_role_idx, consents_application_idx,
  outbox_created_idx, scim_requests_failed_idx, tenants_names_idx, audit_events_unfilled_idx;
