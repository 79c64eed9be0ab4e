import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ADMINISTRATION, WITHOUT_ADMINISTRATION } from './administration.js';

/**
 * What the OpenID Provider keeps beyond sign-in: who registered an application and by which token, secrets with an end,
 * devices that wait for a person, sessions of an MSP's application that stand for a person of a customer; and what the
 * administration of a deployment keeps.
 */
export class Provider1763942400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '2s'`);
    await runner.query(APPLICATIONS);
    await runner.query(DEVICES);
    await runner.query(BROKERED_SESSIONS);
    await runner.query(UPSTREAM_SESSIONS);
    await runner.query(ROTATION);
    await runner.query(RETRIES);
    await runner.query(CLIENT_USES);
    await runner.query(ROW_SECURITY);
    for (const statements of ADMINISTRATION) await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(WITHOUT_ADMINISTRATION);
    await runner.query(`
      DROP TABLE initial_access_tokens;
      DROP TABLE scim_client_uses;
      DROP INDEX outbox_dead_idx;
      ALTER TABLE outbox DROP COLUMN retried_at;
      DROP INDEX sessions_sealed_idx, sessions_upstream_idx, sessions_brokered_idx, oidc_artifacts_user_code_key;
      DROP INDEX oidc_artifacts_brokered_grants_idx, sessions_brokered_upstream_idx;
      ALTER TABLE sessions DROP COLUMN brokered_tenant_id, DROP COLUMN brokered_user_id;
      ALTER TABLE oidc_artifacts DROP COLUMN brokered_tenant_id;
      ALTER TABLE login_transactions DROP COLUMN interaction_tenant_id;
      ALTER TABLE oidc_artifacts DROP COLUMN user_code_hash;
      ALTER TABLE application_secrets DROP COLUMN expires_at, DROP COLUMN last_used_at, DROP COLUMN slot;
      UPDATE signing_keys SET private_jwk_sealed = '' WHERE private_jwk_sealed IS NULL;
      DROP INDEX signing_keys_turn_key, signing_keys_connection_turn_key, signing_keys_due_idx, signing_keys_current_idx;
      ALTER TABLE signing_keys ALTER COLUMN private_jwk_sealed SET NOT NULL, DROP COLUMN due_at, DROP COLUMN claimed_until;
      ALTER TABLE applications DROP COLUMN source, DROP COLUMN registration_token_hash, DROP COLUMN registration_bounds,
        DROP COLUMN webhook_secret_sealed;
    `);
  }
}

/**
 * An application is the operator's or was registered by a machine (RFC 7591), which may change it with a token of its
 * own (RFC 7592). A token for registering says in `settings` what those applications may have at most.
 */
const APPLICATIONS = `
ALTER TABLE applications
  ADD COLUMN source text NOT NULL DEFAULT 'operator',
  ADD COLUMN registration_token_hash bytea,
  ADD COLUMN registration_bounds jsonb,
  ADD COLUMN webhook_secret_sealed text;
ALTER TABLE application_secrets ADD COLUMN expires_at timestamptz, ADD COLUMN last_used_at timestamptz;

CREATE TABLE initial_access_tokens (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL,
  settings jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  CONSTRAINT initial_access_tokens_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT initial_access_tokens_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX initial_access_tokens_hash_key ON initial_access_tokens (tenant_id, hash);
`;

/** The short code that a person types is a second name of a device's artifact. */
const DEVICES = `
ALTER TABLE oidc_artifacts ADD COLUMN user_code_hash bytea;
CREATE UNIQUE INDEX oidc_artifacts_user_code_key ON oidc_artifacts (tenant_id, user_code_hash)
  WHERE user_code_hash IS NOT NULL;
`;

/**
 * A session at an MSP's issuer that stands for a person of one of its customers, and what was given out to them there:
 * the end of access finds both here. A trip to the customer's upstream names the MSP whose interaction waits for it.
 * No foreign key can tell so, because keys never leave a tenant.
 */
const BROKERED_SESSIONS = `
ALTER TABLE sessions ADD COLUMN brokered_tenant_id uuid, ADD COLUMN brokered_user_id uuid;
CREATE INDEX sessions_brokered_idx ON sessions (tenant_id, brokered_tenant_id, brokered_user_id)
  WHERE brokered_tenant_id IS NOT NULL AND ended_at IS NULL;
CREATE INDEX sessions_brokered_upstream_idx ON sessions (tenant_id, brokered_tenant_id, upstream_session)
  WHERE brokered_tenant_id IS NOT NULL AND upstream_session IS NOT NULL AND ended_at IS NULL;
ALTER TABLE oidc_artifacts ADD COLUMN brokered_tenant_id uuid;
CREATE INDEX oidc_artifacts_brokered_grants_idx ON oidc_artifacts (tenant_id, brokered_tenant_id)
  WHERE kind = 'Grant' AND brokered_tenant_id IS NOT NULL;
ALTER TABLE login_transactions ADD COLUMN interaction_tenant_id uuid;
`;

/**
 * Of a signing key: when its next step is due, who takes it now. Of one owner and algorithm there is one key that signs
 * and one that comes next, whatever several nodes do at once. A retired key's private half is erased.
 * A client secret is the first of its application or the second one.
 */
const ROTATION = `
ALTER TABLE signing_keys
  ADD COLUMN due_at timestamptz,
  ADD COLUMN claimed_until timestamptz,
  ALTER COLUMN private_jwk_sealed DROP NOT NULL;
CREATE UNIQUE INDEX signing_keys_turn_key ON signing_keys (tenant_id, alg, state)
  WHERE connection_id IS NULL AND state IN ('next', 'current');
CREATE UNIQUE INDEX signing_keys_connection_turn_key ON signing_keys (tenant_id, connection_id, alg, state)
  WHERE connection_id IS NOT NULL AND state IN ('next', 'current');
CREATE INDEX signing_keys_due_idx ON signing_keys (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX signing_keys_current_idx ON signing_keys (state_changed_at) WHERE state = 'current';
ALTER TABLE application_secrets ADD COLUMN slot text NOT NULL DEFAULT 'primary';
`;

/** An upstream that ends a session names it by its own id (`sid`); its ID Token goes when the session is over. */
const UPSTREAM_SESSIONS = `
CREATE INDEX sessions_upstream_idx ON sessions (tenant_id, connection_id, upstream_session)
  WHERE upstream_session IS NOT NULL AND ended_at IS NULL;
CREATE INDEX sessions_sealed_idx ON sessions (expires_at) WHERE upstream_id_token_sealed IS NOT NULL;
`;

/** A dead letter that an operator sends again keeps its place among its person's: only its day begins anew. */
const RETRIES = `
ALTER TABLE outbox ADD COLUMN retried_at timestamptz;
CREATE INDEX outbox_dead_idx ON outbox (tenant_id, receiver) WHERE outcome = 'dead';
`;

/**
 * What each node lets through of each SCIM client, so that all nodes together keep to one quota. Not logged: it is told
 * anew every second, and means nothing some seconds later.
 */
const CLIENT_USES = `
CREATE UNLOGGED TABLE scim_client_uses (
  tenant_id uuid NOT NULL,
  client text COLLATE "C" NOT NULL,
  node uuid NOT NULL,
  taken bigint NOT NULL,
  asked float8 NOT NULL,
  quota_left float8 NOT NULL,
  told_at timestamptz NOT NULL,
  CONSTRAINT scim_client_uses_pkey PRIMARY KEY (tenant_id, client, node),
  CONSTRAINT scim_client_uses_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
`;

const ROW_SECURITY = `
ALTER TABLE initial_access_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY initial_access_tokens_tenant ON initial_access_tokens
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON initial_access_tokens TO causeway_app;

ALTER TABLE scim_client_uses ENABLE ROW LEVEL SECURITY;
CREATE POLICY scim_client_uses_tenant ON scim_client_uses
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT ON scim_client_uses TO causeway_app;
`;
