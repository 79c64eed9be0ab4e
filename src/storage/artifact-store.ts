import type { QueryResultRow } from 'pg';
import { DomainError } from '../core/errors.js';
import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  AnsweredArtifact,
  Artifact,
  ArtifactCommit,
  ArtifactHash,
  ArtifactStore,
  CommitOutcome,
  LiveTokenRecord,
  NewArtifact,
  PersonsPart,
  StoredSession,
} from '../domain/artifact/artifact-store.js';
import type { Account } from '../domain/user/account.js';
import { commitStatements, outcomeOf } from './artifact-commit.js';
import type { Database, Rows } from './database.js';
import { ACCOUNT_OF_USER } from './person-sql.js';

/** Seconds left by the database's clock, rounded up so that a live row never reads as expired. */
const REMAINING = (row: string): string => `ceil(extract(epoch FROM ${row}.expires_at - now()))::int`;

const ACCOUNT = (userId: string): string =>
  `(SELECT ${ACCOUNT_OF_USER} FROM users u WHERE u.tenant_id = $1 AND u.id = ${userId})`;

/**
 * JSON of live session `s`: what domain calls StoredSession.
 * @param grant JSON of the grant of application `p`; null where nobody asks for it
 * @param account JSON of the session's person
 */
const session = (grant: string, account: string): string => `json_build_object(
  'uid', s.uid, 'payload', s.payload, 'remainingSeconds', ${REMAINING('s')},
  'endsAt', floor(extract(epoch FROM s.absolute_expires_at))::bigint,
  'userId', coalesce(s.user_id, s.brokered_user_id), 'homeTenantId', s.brokered_tenant_id,
  'connectionId', s.connection_id,
  'upstreamSession', s.upstream_session, 'sealedUpstreamIdToken', s.upstream_id_token_sealed,
  'applications', coalesce((SELECT json_agg(json_build_object(
      'clientId', p.client_id, 'sid', p.sid, 'grantId', p.grant_id, 'persistsLogout', p.persists_logout,
      'grant', ${grant}))
    FROM session_applications p WHERE p.tenant_id = $1 AND p.session_uid = s.uid), '[]'),
  'account', ${account})`;

/** With the grant of each application and the person: what an authorization request goes on to ask for. */
const SESSION = session(
  `(SELECT json_build_object('payload', g.payload, 'remainingSeconds', ${REMAINING('g')})
      FROM oidc_artifacts g WHERE g.tenant_id = $1 AND g.hash = p.grant_hash AND g.expires_at > now())`,
  ACCOUNT('s.user_id'),
);

/** Beside an artifact that brings its own grant and person along: they are the session's. */
const SESSION_OF_ARTIFACT = session('NULL', 'NULL');

const LIVE_SESSION = 's.tenant_id = $1 AND s.ended_at IS NULL AND s.expires_at > now()';

/**
 * Whether a grant that another comes from lives, and the one before, and so on: who was given access by an exchange of
 * somebody's token (RFC 8693) has it no longer than they have.
 */
const ORIGINS_LIVE = (origin: string): string => `(
  WITH RECURSIVE origin (hash) AS (
    SELECT ${origin}
    UNION ALL
    SELECT o.grant_hash FROM origin JOIN oidc_artifacts o
      ON o.tenant_id = $1 AND o.hash = origin.hash AND o.expires_at > now())
  SELECT bool_or(hash IS NULL) FROM origin)`;

/** An artifact `a` itself, and its person: all that there is of an interaction. */
const ARTIFACT = `a.hash, a.kind, a.payload, ${REMAINING('a')} AS remaining, a.consumed_at IS NOT NULL AS consumed,
    ${ACCOUNT('a.user_id')} AS account, a.brokered_tenant_id AS home, a.user_id AS person`;

const LOAD_INTERACTION = `SELECT ${ARTIFACT} FROM oidc_artifacts a
  WHERE a.tenant_id = $1 AND a.hash = $2 AND a.expires_at > now()`;

const ANSWER = `UPDATE oidc_artifacts a SET payload = $3, user_id = $4, brokered_tenant_id = $5
  WHERE a.tenant_id = $1 AND a.hash = $2`;
const ANSWER_TOLD = `${ANSWER} AND a.expires_at > now() RETURNING ${ARTIFACT}`;

/**
 * Artifacts and all that their reader needs, in one statement: a code, token or refresh token comes with its grant,
 * session and person; without its grant it isn't there at all (invariant 3). Few grants come from another one (`origin`),
 * whose life is asked for apart: here that would cost every request.
 */
const loadFrom = (artifacts: string): string => `
  SELECT ${ARTIFACT}, g.grant_hash AS origin,
    CASE WHEN g.hash IS NULL THEN NULL
      ELSE json_build_object('payload', g.payload, 'remainingSeconds', ${REMAINING('g')}) END AS "grant",
    (SELECT ${SESSION_OF_ARTIFACT} FROM sessions s WHERE s.uid = a.session_uid AND ${LIVE_SESSION}) AS session,
    CASE WHEN a.replay_until > now() AND NOT EXISTS (
        SELECT 1 FROM oidc_artifacts n
        WHERE n.tenant_id = $1 AND n.hash = a.successor_hash AND n.consumed_at IS NOT NULL OFFSET 0)
      THEN a.replay_sealed END AS replay
  FROM ${artifacts} a
  LEFT JOIN LATERAL ${oneOf('g', 'g.hash = a.grant_hash')} g ON true
  WHERE a.grant_hash IS NULL OR g.hash IS NOT NULL`;

/**
 * The live artifact that a condition names. Fenced off by OFFSET: in a tenant that has far more artifacts than others have,
 * a join, an array or a list to look in could make PostgreSQL read all of them rather than look for each.
 */
function oneOf(row: string, condition: string): string {
  return `(SELECT * FROM oidc_artifacts ${row}
    WHERE ${row}.tenant_id = $1 AND ${condition} AND ${row}.expires_at > now() OFFSET 0)`;
}

const LOAD = loadFrom(`unnest($2::bytea[]) v (hash), LATERAL ${oneOf('a', 'a.hash = v.hash')}`);
const LOAD_BY_USER_CODE = loadFrom(oneOf('a', 'a.user_code_hash = $2'));

/** Artifacts and sessions in PostgreSQL: named SQL, one flush each. */
export class PostgresArtifactStore implements ArtifactStore {
  constructor(private readonly database: Database) {}

  async load(tenantId: TenantId, hashes: readonly ArtifactHash[]): Promise<readonly Artifact[]> {
    const rows = await this.#read(tenantId, 'artifact_load', LOAD, [hashes]);
    return (await this.#ofLiveOrigins(tenantId, rows)).map(toArtifact);
  }

  async loadInteraction(tenantId: TenantId, hash: ArtifactHash): Promise<readonly Artifact[]> {
    return (await this.#read(tenantId, 'interaction_load', LOAD_INTERACTION, [hash])).map(toArtifact);
  }

  async loadByUserCode(tenantId: TenantId, userCodeHash: Buffer): Promise<Artifact | undefined> {
    const rows = await this.#read(tenantId, 'artifact_by_user_code', LOAD_BY_USER_CODE, [userCodeHash]);
    const [row] = await this.#ofLiveOrigins(tenantId, rows);
    return row === undefined ? undefined : toArtifact(row);
  }

  async sessionByCookie(tenantId: TenantId, cookieHash: Buffer): Promise<StoredSession | undefined> {
    const text = `SELECT ${SESSION} AS session FROM sessions s WHERE s.cookie_hash = $2 AND ${LIVE_SESSION}`;
    const [row] = await this.#read(tenantId, 'session_by_cookie', text, [cookieHash]);
    return toSession(row?.['session']);
  }

  async sessionByUid(tenantId: TenantId, uid: string): Promise<StoredSession | undefined> {
    const text = `SELECT ${SESSION} AS session FROM sessions s WHERE s.uid = $2 AND ${LIVE_SESSION}`;
    const [row] = await this.#read(tenantId, 'session_by_uid', text, [uid]);
    return toSession(row?.['session']);
  }

  async account(tenantId: TenantId, userId: string): Promise<Account | undefined> {
    const [row] = await this.#read(tenantId, 'account', `SELECT ${ACCOUNT('$2::uuid')} AS account`, [userId]);
    return row?.['account'] ?? undefined;
  }

  async tokenRecord(tenantId: TenantId, hash: ArtifactHash): Promise<LiveTokenRecord | undefined> {
    const text = `SELECT r.grant_hash AS "grantHash" FROM access_token_records r
      WHERE r.tenant_id = $1 AND r.jti_hash = $2 AND r.expires_at > now() AND (r.grant_hash IS NULL OR EXISTS (
        SELECT 1 FROM oidc_artifacts g WHERE g.tenant_id = $1 AND g.hash = r.grant_hash AND g.expires_at > now()
          AND (g.grant_hash IS NULL OR ${ORIGINS_LIVE('g.grant_hash')})))`;
    const [row] = await this.#read(tenantId, 'token_record', text, [hash]);
    return row === undefined ? undefined : { grantHash: row['grantHash'] };
  }

  async grantOfSession(tenantId: TenantId, part: PersonsPart): Promise<ArtifactHash | undefined> {
    const text = `SELECT p.grant_hash AS hash FROM sessions s
      JOIN session_applications p ON p.tenant_id = $1 AND p.session_uid = s.uid AND p.client_id = $3 AND p.sid = $4
      JOIN oidc_artifacts g ON g.tenant_id = $1 AND g.hash = p.grant_hash AND g.expires_at > now()
      WHERE s.user_id = $2 AND ${LIVE_SESSION}`;
    const values = [part.userId, part.clientId, part.sid];
    const [row] = await this.#read(tenantId, 'grant_of_session', text, values);
    return row?.['hash'];
  }

  async deleteTokenRecord(tenantId: TenantId, hash: ArtifactHash): Promise<ArtifactHash | null> {
    const text =
      'DELETE FROM access_token_records WHERE tenant_id = $1 AND jti_hash = $2 RETURNING grant_hash AS "grant"';
    const [row] = await this.#write(tenantId, 'token_record_delete', text, [hash]);
    return row?.['grant'] ?? null;
  }

  async commit(tenantId: TenantId, work: ArtifactCommit): Promise<CommitOutcome> {
    const { statements, outcomeAt } = commitStatements(tenantId, work);
    try {
      const results = await (work.homeTenantId === undefined
        ? this.database.inTenantShared('commits', tenantId, statements)
        : // Statements over two tenants change whose rows are shown, and lock what is of both.
          this.database.inTenant(tenantId, statements));
      return outcomeOf(work, results[outcomeAt]?.[0]);
    } catch (error) {
      if (isUserCodeTaken(error)) return 'collided';
      throw error;
    }
  }

  async claim(
    tenantId: TenantId,
    { hash, kind, lifetimeSeconds }: Pick<NewArtifact, 'hash' | 'kind' | 'lifetimeSeconds'>,
  ): Promise<boolean> {
    const text = `INSERT INTO oidc_artifacts AS a (tenant_id, hash, kind, payload, expires_at)
      VALUES ($1, $2, $3, '{}', now() + make_interval(secs => $4))
      ON CONFLICT (tenant_id, hash) DO UPDATE SET expires_at = excluded.expires_at WHERE a.expires_at <= now()
      RETURNING 1`;
    return (await this.#write(tenantId, 'artifact_claim', text, [hash, kind, lifetimeSeconds])).length > 0;
  }

  answer(scope: TenantScope, { hash, payload, userId, waitingAt, told }: AnsweredArtifact): void {
    const home = waitingAt === undefined || userId === null ? null : scope.tenantId;
    const values = [waitingAt ?? scope.tenantId, hash, JSON.stringify(payload), userId, home];
    const transaction = this.database.transaction(scope);
    if (told === undefined) transaction.defer([{ name: 'artifact_answer', text: ANSWER, values }]);
    else
      transaction.defer([{ name: 'artifact_answer_told', text: ANSWER_TOLD, values }], ([row]) => {
        if (row !== undefined) told(toArtifact(row));
      });
  }

  /** Without artifacts whose grant comes from one that lives no more. No flush where none comes from another. */
  async #ofLiveOrigins(tenantId: TenantId, rows: Rows): Promise<Rows> {
    const origins = rows.map(({ origin }): Buffer | null => origin).filter((origin) => origin !== null);
    if (origins.length === 0) return rows;
    const text = `SELECT v.hash FROM unnest($2::bytea[]) v (hash) WHERE ${ORIGINS_LIVE('v.hash')}`;
    const alive = await this.#read(tenantId, 'origins_live', text, [origins]);
    return rows.filter(({ origin }) => origin === null || alive.some(({ hash }) => hash.equals(origin)));
  }

  async #read(tenantId: TenantId, name: string, text: string, values: readonly unknown[]): Promise<Rows> {
    const statement = { name, text, values: [tenantId, ...values] };
    const [rows] = await this.database.inTenantShared('reads', tenantId, [statement]);
    return rows ?? [];
  }

  async #write(tenantId: TenantId, name: string, text: string, values: readonly unknown[]): Promise<Rows> {
    const [rows] = await this.database.inTenant(tenantId, [{ name, text, values: [tenantId, ...values] }]);
    return rows ?? [];
  }
}

const isUserCodeTaken = (error: unknown): boolean =>
  error instanceof DomainError && error.details['constraint'] === 'oidc_artifacts_user_code_key';

const toArtifact = (row: QueryResultRow): Artifact => ({
  hash: row['hash'],
  kind: row['kind'],
  payload: row['payload'],
  remainingSeconds: row['remaining'],
  consumed: row['consumed'],
  grant: row['grant'] ?? undefined,
  session: ofArtifact(row),
  account: row['account'] ?? undefined,
  replay: row['replay'] ?? undefined,
  brokered: row['home'] === null ? undefined : { tenantId: row['home'], userId: row['person'] },
});

/** The session beside an artifact; its person is the artifact's, or else still to be asked for. */
function ofArtifact(row: QueryResultRow): StoredSession | undefined {
  const found = toSession(row['session']);
  if (found === undefined || found.userId !== row['person']) return found;
  return { ...found, account: row['account'] ?? undefined };
}

/** JSON null and SQL null alike are "no session". */
function toSession(value: StoredSession | null | undefined): StoredSession | undefined {
  if (value === null || value === undefined) return undefined;
  return { ...value, account: value.account ?? undefined };
}
