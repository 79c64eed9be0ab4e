import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables of the first release. Every table of a tenant carries `tenant_id` first in its keys and foreign keys, so that
 * no row can refer to another tenant's. The application works as the role `causeway_app`, which owns nothing and obeys
 * row-level security.
 */
export class FirstSchema1763769600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '2s'`);
    await runner.query(APPLICATION_ROLE);
    await runner.query(TENANTS);
    await runner.query(CONNECTIONS);
    await runner.query(APPLICATIONS);
    await runner.query(PEOPLE);
    await runner.query(PROTOCOL);
    await runner.query(AUDIT);
    await runner.query(TOKENS);
    await runner.query(ROW_SECURITY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE outbox, audit_position, audit_checkpoints, audit_chain, audit_heads, audit_personal, audit_events,
        links, tenant_links, api_tokens, scim_tokens, access_token_records, oidc_artifacts, login_transactions,
        consents, session_applications, sessions, role_assignments, role_mappings, group_members, groups, identities, users,
        roles, access_policies, api_scopes, apis, application_secrets, applications, signing_keys, upstream_key_sets,
        connections, domains, tenants
    `);
  }
}

const APPLICATION_ROLE = `
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'causeway_app') THEN
    BEGIN
      CREATE ROLE causeway_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server was migrated just now
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the database user may not create roles; run once as an administrator: CREATE ROLE causeway_app NOLOGIN; GRANT causeway_app TO %', quote_ident(current_user);
    END;
  END IF;
  BEGIN
    -- Since PostgreSQL 16 who makes a role may give it to others, but not act as it before giving it to themselves.
    EXECUTE format('GRANT causeway_app TO %I', current_user);
  EXCEPTION
    WHEN insufficient_privilege THEN NULL; -- an administrator made and granted it; the start checks that it works
  END;
END $$;
GRANT USAGE ON SCHEMA public TO causeway_app;
`;

const TENANTS = `
CREATE TABLE tenants (
  id uuid NOT NULL,
  slug text COLLATE "C" NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  parent_id uuid,
  status text NOT NULL,
  settings jsonb NOT NULL,
  data_key text NOT NULL,
  config_version bigint NOT NULL DEFAULT 1,
  config_changed_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tenants_pkey PRIMARY KEY (id),
  CONSTRAINT tenants_parent_fkey FOREIGN KEY (parent_id) REFERENCES tenants (id)
);
CREATE UNIQUE INDEX tenants_slug_key ON tenants (slug);
CREATE INDEX tenants_parent_idx ON tenants (parent_id, slug);
CREATE INDEX tenants_config_changed_idx ON tenants (config_changed_at);

CREATE TABLE domains (
  tenant_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  verified boolean NOT NULL,
  connection_key text,
  CONSTRAINT domains_pkey PRIMARY KEY (tenant_id, name),
  CONSTRAINT domains_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX domains_verified_key ON domains (name) WHERE verified;
`;

const CONNECTIONS = `
CREATE TABLE connections (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,
  type text NOT NULL,
  name text NOT NULL,
  issuer text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  settings jsonb NOT NULL,
  client_secret_sealed text,
  secondary_secret_sealed text,
  secret_updated_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT connections_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT connections_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connections_key_key ON connections (tenant_id, key);

CREATE TABLE upstream_key_sets (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  metadata jsonb NOT NULL,
  keys jsonb,
  refetch_claimed_until timestamptz,
  CONSTRAINT upstream_key_sets_pkey PRIMARY KEY (tenant_id, connection_id),
  CONSTRAINT upstream_key_sets_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE signing_keys (
  tenant_id uuid NOT NULL,
  id text COLLATE "C" NOT NULL,
  connection_id uuid,
  alg text NOT NULL,
  state text NOT NULL,
  public_jwk jsonb NOT NULL,
  private_jwk_sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  state_changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT signing_keys_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT signing_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  CONSTRAINT signing_keys_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
`;

const APPLICATIONS = `
CREATE TABLE applications (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  settings jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT applications_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX applications_client_id_key ON applications (tenant_id, client_id);

CREATE TABLE application_secrets (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  application_id uuid NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT application_secrets_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT application_secrets_application_fkey FOREIGN KEY (tenant_id, application_id)
    REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX application_secrets_application_idx ON application_secrets (tenant_id, application_id);

CREATE TABLE apis (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  identifier text COLLATE "C" NOT NULL,
  token_format text NOT NULL,
  is_default boolean NOT NULL,
  access_token_seconds integer NOT NULL,
  profile text NOT NULL,
  CONSTRAINT apis_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT apis_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX apis_identifier_key ON apis (tenant_id, identifier);
CREATE UNIQUE INDEX apis_default_key ON apis (tenant_id) WHERE is_default;

CREATE TABLE api_scopes (
  tenant_id uuid NOT NULL,
  api_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  is_default boolean NOT NULL,
  CONSTRAINT api_scopes_pkey PRIMARY KEY (tenant_id, api_id, name),
  CONSTRAINT api_scopes_api_fkey FOREIGN KEY (tenant_id, api_id) REFERENCES apis (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE access_policies (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  api_id uuid NOT NULL,
  clients jsonb NOT NULL,
  grants text[] NOT NULL,
  scopes text[] NOT NULL,
  CONSTRAINT access_policies_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT access_policies_api_fkey FOREIGN KEY (tenant_id, api_id)
    REFERENCES apis (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE roles (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,
  name text NOT NULL,
  CONSTRAINT roles_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT roles_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX roles_key_key ON roles (tenant_id, key);
`;

const PEOPLE = `
CREATE TABLE users (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid,
  connection_version integer,
  source text NOT NULL,
  user_name text NOT NULL,
  external_id text COLLATE "C",
  active boolean NOT NULL,
  profile jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT users_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  CONSTRAINT users_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX users_user_name_key ON users (tenant_id, connection_id, connection_version, lower(user_name));
CREATE UNIQUE INDEX users_external_id_key ON users (tenant_id, connection_id, connection_version, external_id);

CREATE TABLE identities (
  tenant_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  iss text COLLATE "C" NOT NULL,
  sub text COLLATE "C" NOT NULL,
  user_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT identities_pkey PRIMARY KEY (tenant_id, connection_id, connection_version, iss, sub),
  CONSTRAINT identities_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT identities_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX identities_user_idx ON identities (tenant_id, user_id);

CREATE TABLE groups (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  origin text NOT NULL,
  name text COLLATE "C" NOT NULL,
  upstream_id text COLLATE "C",
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT groups_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT groups_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX groups_connection_idx ON groups (tenant_id, connection_id, name);
CREATE UNIQUE INDEX groups_token_name_key ON groups (tenant_id, connection_id, name, coalesce(upstream_id, ''))
  WHERE origin = 'token';

CREATE TABLE group_members (
  tenant_id uuid NOT NULL,
  group_id uuid NOT NULL,
  user_id uuid NOT NULL,
  source text NOT NULL,
  CONSTRAINT group_members_pkey PRIMARY KEY (tenant_id, group_id, user_id, source),
  CONSTRAINT group_members_group_fkey FOREIGN KEY (tenant_id, group_id)
    REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT group_members_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX group_members_user_idx ON group_members (tenant_id, user_id);

CREATE TABLE role_mappings (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  role_id uuid NOT NULL,
  application_id uuid,
  group_name text COLLATE "C",
  group_id uuid,
  group_upstream_id text COLLATE "C",
  CONSTRAINT role_mappings_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT role_mappings_role_fkey FOREIGN KEY (tenant_id, role_id)
    REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT role_mappings_application_fkey FOREIGN KEY (tenant_id, application_id)
    REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT role_mappings_one_group CHECK (num_nonnulls(group_name, group_id, group_upstream_id) = 1)
);
CREATE INDEX role_mappings_role_idx ON role_mappings (tenant_id, role_id);

CREATE TABLE role_assignments (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  role_id uuid NOT NULL,
  application_id uuid,
  CONSTRAINT role_assignments_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT role_assignments_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT role_assignments_role_fkey FOREIGN KEY (tenant_id, role_id)
    REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT role_assignments_application_fkey FOREIGN KEY (tenant_id, application_id)
    REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX role_assignments_user_idx ON role_assignments (tenant_id, user_id);
`;

const PROTOCOL = `
CREATE TABLE sessions (
  tenant_id uuid NOT NULL,
  uid text COLLATE "C" NOT NULL,
  cookie_hash bytea NOT NULL,
  user_id uuid,
  connection_id uuid,
  payload jsonb NOT NULL,
  upstream_session text,
  upstream_id_token_sealed text,
  ip text,
  user_agent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  absolute_expires_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text,
  CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, uid),
  CONSTRAINT sessions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
  CONSTRAINT sessions_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT sessions_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sessions_cookie_key ON sessions (tenant_id, cookie_hash);
CREATE INDEX sessions_live_user_idx ON sessions (tenant_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

CREATE TABLE session_applications (
  tenant_id uuid NOT NULL,
  session_uid text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  sid text NOT NULL,
  grant_id text,
  grant_hash bytea,
  persists_logout boolean NOT NULL DEFAULT false,
  CONSTRAINT session_applications_pkey PRIMARY KEY (tenant_id, session_uid, client_id),
  CONSTRAINT session_applications_session_fkey FOREIGN KEY (tenant_id, session_uid)
    REFERENCES sessions (tenant_id, uid) ON DELETE CASCADE
);

CREATE TABLE consents (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  application_id uuid NOT NULL,
  scopes text[] NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT consents_pkey PRIMARY KEY (tenant_id, user_id, application_id),
  CONSTRAINT consents_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT consents_application_fkey FOREIGN KEY (tenant_id, application_id)
    REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE login_transactions (
  tenant_id uuid NOT NULL,
  state_hash bytea NOT NULL,
  browser_hash bytea NOT NULL,
  interaction_hash bytea NOT NULL,
  connection_id uuid NOT NULL,
  connection_version integer NOT NULL,
  issuer text NOT NULL,
  redirect_uri text NOT NULL,
  request jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz,
  CONSTRAINT login_transactions_pkey PRIMARY KEY (tenant_id, state_hash),
  CONSTRAINT login_transactions_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX login_transactions_expires_idx ON login_transactions (expires_at);

CREATE TABLE oidc_artifacts (
  tenant_id uuid NOT NULL,
  hash bytea NOT NULL,
  kind text NOT NULL,
  grant_hash bytea,
  user_id uuid,
  client_id text COLLATE "C",
  session_uid text COLLATE "C",
  payload jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz,
  successor_hash bytea,
  replay_sealed text,
  replay_until timestamptz,
  CONSTRAINT oidc_artifacts_pkey PRIMARY KEY (tenant_id, hash),
  CONSTRAINT oidc_artifacts_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX oidc_artifacts_grant_idx ON oidc_artifacts (tenant_id, grant_hash) WHERE grant_hash IS NOT NULL;
CREATE INDEX oidc_artifacts_user_grants_idx ON oidc_artifacts (tenant_id, user_id) WHERE kind = 'Grant';
CREATE INDEX oidc_artifacts_expires_idx ON oidc_artifacts (expires_at);
CREATE INDEX oidc_artifacts_replay_idx ON oidc_artifacts (replay_until) WHERE replay_until IS NOT NULL;

CREATE TABLE access_token_records (
  tenant_id uuid NOT NULL,
  jti_hash bytea NOT NULL,
  grant_hash bytea,
  expires_at timestamptz NOT NULL,
  CONSTRAINT access_token_records_pkey PRIMARY KEY (tenant_id, jti_hash),
  CONSTRAINT access_token_records_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX access_token_records_expires_idx ON access_token_records (expires_at);
`;

const AUDIT = `
CREATE TABLE audit_events (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL,
  action text NOT NULL,
  outcome text NOT NULL,
  reference text,
  body text NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT audit_events_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX audit_events_order_idx ON audit_events (xid, id);
CREATE INDEX audit_events_reference_idx ON audit_events (tenant_id, reference) WHERE reference IS NOT NULL;

CREATE TABLE audit_personal (
  tenant_id uuid NOT NULL,
  event_id uuid NOT NULL,
  subject text,
  sealed text NOT NULL,
  CONSTRAINT audit_personal_pkey PRIMARY KEY (tenant_id, event_id),
  CONSTRAINT audit_personal_event_fkey FOREIGN KEY (tenant_id, event_id)
    REFERENCES audit_events (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX audit_personal_subject_idx ON audit_personal (tenant_id, subject);

CREATE TABLE audit_heads (
  tenant_id uuid NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  checkpoint_seq bigint NOT NULL DEFAULT 0,
  checkpoint_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT audit_heads_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT audit_heads_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX audit_heads_uncovered_idx ON audit_heads (checkpoint_at) WHERE seq > checkpoint_seq;
CREATE TABLE audit_chain (
  tenant_id uuid NOT NULL,
  seq bigint NOT NULL,
  event_id uuid NOT NULL,
  event_hash bytea NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT audit_chain_pkey PRIMARY KEY (tenant_id, seq),
  CONSTRAINT audit_chain_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX audit_chain_event_key ON audit_chain (tenant_id, event_id);
CREATE TABLE audit_checkpoints (
  tenant_id uuid NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  signed text NOT NULL,
  CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (tenant_id, seq),
  CONSTRAINT audit_checkpoints_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE TABLE audit_position (
  id integer NOT NULL,
  xid xid8 NOT NULL,
  event_id uuid NOT NULL,
  CONSTRAINT audit_position_pkey PRIMARY KEY (id)
);
INSERT INTO audit_position VALUES (1, '0', '00000000-0000-0000-0000-000000000000');

CREATE TABLE outbox (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  topic text NOT NULL,
  subject text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT outbox_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
`;

const TOKENS = `
CREATE TABLE scim_tokens (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT scim_tokens_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT scim_tokens_connection_fkey FOREIGN KEY (tenant_id, connection_id)
    REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX scim_tokens_name_key ON scim_tokens (tenant_id, name);
CREATE UNIQUE INDEX scim_tokens_hash_key ON scim_tokens (tenant_id, hash);

CREATE TABLE api_tokens (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  role_id uuid NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  CONSTRAINT api_tokens_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT api_tokens_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX api_tokens_hash_key ON api_tokens (hash);

CREATE TABLE tenant_links (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  group_reference jsonb NOT NULL,
  customers jsonb NOT NULL,
  roles text[] NOT NULL,
  CONSTRAINT tenant_links_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT tenant_links_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE links (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT links_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT links_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX links_hash_key ON links (tenant_id, hash);
`;

/** Rows of a tenant, behind the policy. Of people and their roles even the tables' owner sees only one tenant's. */
const TENANT_TABLES = [
  'connections',
  'upstream_key_sets',
  'signing_keys',
  'applications',
  'application_secrets',
  'apis',
  'api_scopes',
  'access_policies',
  'sessions',
  'session_applications',
  'consents',
  'audit_events',
  'audit_personal',
  'audit_chain',
  'audit_heads',
  'audit_checkpoints',
  'outbox',
  'scim_tokens',
  'tenant_links',
  'links',
];
const IDENTITY_TABLES = [
  'users',
  'identities',
  'groups',
  'group_members',
  'roles',
  'role_mappings',
  'role_assignments',
];
/** Reached by (tenant, hash of a bearer value), which is its own proof. */
const HASH_TABLES = ['login_transactions', 'oidc_artifacts', 'access_token_records', 'api_tokens'];

const policy = (table: string): string => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY ${table}_tenant ON ${table}
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
`;
const ROW_SECURITY = [
  ...[...TENANT_TABLES, ...IDENTITY_TABLES].map(policy),
  ...IDENTITY_TABLES.map((table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;`),
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ${[...TENANT_TABLES, ...IDENTITY_TABLES, ...HASH_TABLES]
    .filter((table) => !table.startsWith('audit_'))
    .join(', ')} TO causeway_app;`,
  'GRANT SELECT, INSERT ON audit_events, audit_personal TO causeway_app;',
  'GRANT SELECT ON audit_chain, audit_heads, audit_checkpoints TO causeway_app;',
  'GRANT SELECT ON tenants, domains TO causeway_app;',
].join('\n');
