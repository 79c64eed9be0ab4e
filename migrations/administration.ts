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
CREATE UNIQUE INDEX links_bearer_key ON links (hash);
CREATE UNIQUE INDEX links_browser_key ON links (browser_hash) WHERE browser_hash IS NOT NULL;
CREATE INDEX links_setup_idx ON links (tenant_id, id) WHERE kind = 'setup';
CREATE INDEX links_user_idx ON links (tenant_id, user_id) WHERE user_id IS NOT NULL;
-- Why the token of a request was refused: never the token.
ALTER TABLE scim_requests ADD COLUMN token_fault text;
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
  source text NOT NULL,
  state text NOT NULL,
  report jsonb NOT NULL,
  person_sealed text,
  sign_in_hash bytea NOT NULL,
  opened_at timestamptz,
  state_hash bytea,
  started_by jsonb NOT NULL,
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
 * Since when and by what somebody is in a group or has a role, and what was so before: rows that go leave their time
 * behind, kept by triggers so that no writer can forget it. Whoever writes says why in `app.cause`, until the transaction
 * ends. The triggers run once a statement, whatever the number of rows, except before a group or a role goes: then its
 * rows go first, while its name can still be read. Past rows refer to nobody by a foreign key, which would lock everybody
 * who leaves a large group; those of a deleted user go by a trigger. Nor are they forced: the sweep takes them as the
 * owner, of all tenants.
 */
const HISTORY = `
ALTER TABLE tenants ADD COLUMN history_since timestamptz NOT NULL DEFAULT now();
ALTER TABLE group_members ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN cause text DEFAULT NULLIF(current_setting('app.cause', true), '');
ALTER TABLE role_mappings ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN cause text DEFAULT NULLIF(current_setting('app.cause', true), '');
ALTER TABLE role_assignments ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN cause text DEFAULT NULLIF(current_setting('app.cause', true), '');

CREATE TABLE past_memberships (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  user_id uuid NOT NULL,
  group_id uuid NOT NULL,
  group_name text COLLATE "C" NOT NULL,
  group_upstream_id text COLLATE "C",
  source text NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT now(),
  cause text,
  end_cause text DEFAULT NULLIF(current_setting('app.cause', true), ''),
  CONSTRAINT past_memberships_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX past_memberships_user_idx ON past_memberships (tenant_id, user_id, until);
CREATE INDEX past_memberships_until_idx ON past_memberships USING brin (until) WITH (autosummarize = on);

CREATE TABLE past_role_mappings (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  mapping_id uuid NOT NULL,
  role_key text COLLATE "C" NOT NULL,
  application_id uuid,
  group_name text COLLATE "C",
  group_id uuid,
  group_upstream_id text COLLATE "C",
  since timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT now(),
  cause text,
  end_cause text DEFAULT NULLIF(current_setting('app.cause', true), ''),
  CONSTRAINT past_role_mappings_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT past_role_mappings_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX past_role_mappings_tenant_idx ON past_role_mappings (tenant_id, until);
CREATE INDEX past_role_mappings_until_idx ON past_role_mappings (until);

CREATE TABLE past_role_assignments (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  user_id uuid NOT NULL,
  role_key text COLLATE "C" NOT NULL,
  application_id uuid,
  source text NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT now(),
  cause text,
  end_cause text DEFAULT NULLIF(current_setting('app.cause', true), ''),
  CONSTRAINT past_role_assignments_pkey PRIMARY KEY (tenant_id, id)
);
CREATE INDEX past_role_assignments_user_idx ON past_role_assignments (tenant_id, user_id, until);
CREATE INDEX past_role_assignments_until_idx ON past_role_assignments (until);

-- A user or a tenant that goes takes its rows along, and leaves no past: what cascades takes comes here afterwards.
CREATE FUNCTION keep_past_memberships() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_memberships (tenant_id, user_id, group_id, group_name, group_upstream_id, source, since, cause)
    SELECT o.tenant_id, o.user_id, o.group_id, coalesce(g.name, ''), g.upstream_id, o.source, o.since, o.cause
    FROM gone o JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.user_id
    LEFT JOIN groups g ON g.tenant_id = o.tenant_id AND g.id = o.group_id;
  RETURN NULL;
END $$;
CREATE TRIGGER group_members_keep AFTER DELETE ON group_members REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION keep_past_memberships();

CREATE FUNCTION keep_past_role_mappings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_role_mappings
      (tenant_id, mapping_id, role_key, application_id, group_name, group_id, group_upstream_id, since, cause)
    SELECT o.tenant_id, o.id, coalesce(r.key, ''), o.application_id, o.group_name, o.group_id, o.group_upstream_id,
      o.since, o.cause
    FROM gone o JOIN tenants t ON t.id = o.tenant_id
    LEFT JOIN roles r ON r.tenant_id = o.tenant_id AND r.id = o.role_id;
  RETURN NULL;
END $$;
CREATE TRIGGER role_mappings_keep AFTER DELETE ON role_mappings REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION keep_past_role_mappings();

CREATE FUNCTION keep_past_role_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_role_assignments (tenant_id, user_id, role_key, application_id, source, since, cause)
    SELECT o.tenant_id, o.user_id, coalesce(r.key, ''), o.application_id, o.source, o.since, o.cause
    FROM gone o JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.user_id
    LEFT JOIN roles r ON r.tenant_id = o.tenant_id AND r.id = o.role_id;
  RETURN NULL;
END $$;
CREATE TRIGGER role_assignments_keep AFTER DELETE ON role_assignments REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION keep_past_role_assignments();

CREATE FUNCTION empty_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM group_members WHERE tenant_id = OLD.tenant_id AND group_id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER groups_empty BEFORE DELETE ON groups FOR EACH ROW EXECUTE FUNCTION empty_group();

CREATE FUNCTION take_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM role_mappings WHERE tenant_id = OLD.tenant_id AND role_id = OLD.id;
  DELETE FROM role_assignments WHERE tenant_id = OLD.tenant_id AND role_id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER roles_take BEFORE DELETE ON roles FOR EACH ROW EXECUTE FUNCTION take_role();

CREATE FUNCTION forget_past_of_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM past_memberships p USING gone o WHERE p.tenant_id = o.tenant_id AND p.user_id = o.id;
  DELETE FROM past_role_assignments p USING gone o WHERE p.tenant_id = o.tenant_id AND p.user_id = o.id;
  RETURN NULL;
END $$;
CREATE TRIGGER users_forget_past AFTER DELETE ON users REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION forget_past_of_users();

CREATE TABLE mapping_changes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  state text NOT NULL,
  version text NOT NULL,
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  pins jsonb NOT NULL DEFAULT '[]',
  summary jsonb NOT NULL,
  made_by text NOT NULL,
  applied_by text,
  undone_by text,
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
-- What an older version wrote, until a job has filled it in.
CREATE INDEX audit_events_unfilled_idx ON audit_events (tenant_id, id) WHERE actor IS NULL;
CREATE INDEX users_name_idx ON users (tenant_id, user_name_folded, id);
CREATE INDEX users_inactive_idx ON users (tenant_id, user_name_folded, id) WHERE NOT active;
CREATE INDEX users_arrived_idx ON users (tenant_id, user_name_folded, id) WHERE source = 'just_in_time';
CREATE INDEX role_assignments_role_idx ON role_assignments (tenant_id, role_id, id);
CREATE INDEX consents_application_idx ON consents (tenant_id, application_id, user_id);
CREATE INDEX outbox_created_idx ON outbox (tenant_id, created_at, id);
CREATE INDEX scim_requests_failed_idx ON scim_requests (tenant_id, id) WHERE status >= 400;
CREATE INDEX user_emails_address_idx ON user_emails (tenant_id, email_folded, user_id);
CREATE INDEX groups_name_idx ON groups (tenant_id, name_folded, id);
ALTER TABLE tenants ADD COLUMN name_folded text COLLATE "C";
CREATE FUNCTION fold_tenant_name() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW.name_folded := lower(NEW.name COLLATE "default"); RETURN NEW; END';
CREATE TRIGGER tenants_fold BEFORE INSERT OR UPDATE OF name ON tenants
  FOR EACH ROW EXECUTE FUNCTION fold_tenant_name();
UPDATE tenants SET name_folded = lower(name COLLATE "default");
CREATE INDEX tenants_name_idx ON tenants (parent_id, name_folded, slug);
CREATE INDEX tenants_names_idx ON tenants (name_folded, slug);
-- People who came in just in time are found by their address, too.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE user_emails NO FORCE ROW LEVEL SECURITY;
INSERT INTO user_emails (tenant_id, connection_id, connection_version, user_id, email_folded)
  SELECT tenant_id, connection_id, connection_version, id, lower(profile ->> 'email') FROM users
  WHERE source = 'just_in_time' AND profile ->> 'email' IS NOT NULL ON CONFLICT DO NOTHING;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE user_emails FORCE ROW LEVEL SECURITY;
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
const IDENTITY_TABLES = ['local_accounts', 'passkeys', 'recovery_codes'];

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
ALTER TABLE scim_requests DROP COLUMN token_fault;
-- Their triggers go with them.
DROP FUNCTION keep_past_memberships, keep_past_role_mappings, keep_past_role_assignments, empty_group, take_role,
  forget_past_of_users CASCADE;
DROP INDEX links_bearer_key, links_browser_key, links_setup_idx, links_user_idx;
DROP INDEX users_local_name_key, users_name_idx, user_emails_address_idx, groups_name_idx, tenants_name_idx;
DROP INDEX audit_events_action_idx, audit_events_actor_idx, audit_events_target_idx, audit_events_application_idx,
  audit_events_outcome_idx;
DROP INDEX users_inactive_idx, users_arrived_idx, role_assignments_role_idx, consents_application_idx,
  outbox_created_idx, scim_requests_failed_idx, tenants_names_idx, audit_events_unfilled_idx;
DROP TRIGGER tenants_fold ON tenants;
DROP FUNCTION fold_tenant_name;
ALTER TABLE tenants DROP COLUMN name_folded, DROP COLUMN history_since;
ALTER TABLE audit_events DROP COLUMN actor, DROP COLUMN target, DROP COLUMN application, DROP COLUMN connection;
ALTER TABLE group_members DROP COLUMN since, DROP COLUMN cause;
ALTER TABLE role_mappings DROP COLUMN since, DROP COLUMN cause;
ALTER TABLE role_assignments DROP COLUMN since, DROP COLUMN cause;
ALTER TABLE connections DROP COLUMN candidate, DROP COLUMN candidate_secrets, DROP COLUMN tested_fingerprint,
  DROP COLUMN tested_at, DROP COLUMN enforced_at, DROP COLUMN outage, DROP COLUMN groups_api,
  DROP COLUMN groups_api_secret_sealed, DROP COLUMN secondary_secret_updated_at, DROP COLUMN secret_used_at,
  DROP COLUMN secondary_secret_used_at;
ALTER TABLE links DROP COLUMN user_id, DROP COLUMN settings, DROP COLUMN progress, DROP COLUMN created_by,
  DROP COLUMN opened_at, DROP COLUMN browser_hash, DROP COLUMN revoked_at;
ALTER TABLE api_tokens DROP COLUMN scopes, DROP COLUMN owner_id, DROP COLUMN created_by, DROP COLUMN last_used_at;
`;
