import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { ArtifactCommit, CommitOutcome } from '../domain/artifact/artifact-store.js';
import { BROKERED_STANDING, brokeredPerson } from './brokered-sql.js';
import { receiverKey } from '../domain/delivery/delivery.js';
import type { Statement } from './database.js';
import { LOGIN_TRANSACTION_COLUMNS, loginTransactionValues } from './login-transaction-store.js';
import { LOCAL_AT_ISSUER, MAY_ENTER, STANDING_MARK } from './person-sql.js';

/**
 * The one statement that writes all of a request. It is made once per shape (how many artifacts, applications, …) and
 * prepared under the shape's name: VALUES of fixed length cost half of what arrays cost.
 *
 * `live` decides whether anything may be written, `taken` whether the one-time artifacts were there to take, `kept`
 * whether the session could be saved: each has its row only after the one before. A part that the request doesn't need
 * isn't there; all else hangs on the last of them (`lastOf`). The person was locked by the statement before, so this
 * one's snapshot is younger than any end of their access that came first (invariant 5).
 */
interface Shape {
  readonly artifacts: number;
  readonly applications: number;
  readonly tokenRecords: number;
  readonly consume: number;
  readonly audit: number;
  readonly personal: number;
  readonly deliveries: number;
  readonly session: boolean;
  readonly login: boolean;
  readonly brokered: boolean;
  readonly loginElsewhere: boolean;
  readonly person: boolean;
  readonly connected: boolean;
  readonly standing: boolean;
  readonly requiresSession: boolean;
  readonly requiresGrant: boolean;
  readonly destroys: number;
  readonly revokes: number;
  readonly punishes: number;
  readonly parts: boolean;
}

class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown, type = ''): string {
    this.values.push(value);
    return `$${this.values.length}${type}`;
  }

  row(...columns: readonly (readonly [unknown, string])[]): string {
    return `(${columns.map(([value, type]) => this.add(value, type)).join(', ')})`;
  }
}

/** Of less than 64 characters: PostgreSQL cuts a name there. */
const nameOf = (shape: Shape): string =>
  `commit_${Object.values(shape)
    .map((count: number | boolean) => Number(count))
    .join('_')}`;

/** The statements of a commit, and which of them tells its outcome. */
export function commitStatements(
  tenantId: TenantId,
  work: ArtifactCommit,
): { readonly statements: readonly Statement[]; readonly outcomeAt: number } {
  const lock = lockStatements(tenantId, work);
  return { statements: [...lock, writeStatement(tenantId, work)], outcomeAt: lock.length };
}

function lockStatements(tenantId: TenantId, { userId, homeTenantId }: ArtifactCommit): readonly Statement[] {
  if (userId === null) return [];
  if (homeTenantId !== undefined) return brokeredPerson(tenantId, { homeTenantId, userId });
  return [
    {
      name: 'commit_lock_user',
      text: 'SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 FOR SHARE',
      values: [tenantId, userId],
    },
  ];
}

function writeStatement(tenantId: TenantId, work: ArtifactCommit): Statement {
  const parameters = new Parameters();
  const tenant = parameters.add(tenantId, '::uuid');
  const parts = [
    liveParts(parameters, tenant, work),
    ...consumeParts(parameters, tenant, work),
    ...sessionParts(parameters, tenant, work),
    ...artifactParts(parameters, tenant, work),
    ...loginParts(parameters, tenant, work),
    ...auditParts(parameters, tenant, work),
    ...deliveryParts(parameters, tenant, work),
  ];
  const shape = {
    artifacts: work.artifacts.length,
    applications: work.session?.applications.length ?? 0,
    tokenRecords: work.tokenRecords.length,
    consume: work.consume.length,
    audit: work.audit.length,
    personal: work.audit.filter((record) => record.sealedPersonal !== null).length,
    deliveries: work.deliveries.length,
    session: work.session !== undefined,
    login: work.loginTransaction !== undefined,
    brokered: work.homeTenantId !== undefined,
    loginElsewhere: work.loginTenantId !== undefined,
    person: work.userId !== null,
    connected: work.connected === true,
    standing: work.standing !== null,
    requiresSession: work.requiredSession !== null,
    requiresGrant: work.requiredGrant !== null,
    destroys: work.destroy.length,
    revokes: work.revokeGrants.length,
    punishes: work.consume.filter(({ grantHash }) => grantHash !== null).length,
    parts: (work.session?.leftApplications.length ?? 0) > 0,
  };
  const name = nameOf(shape);
  return { name, text: textOf(name, parts, work), values: parameters.values };
}

/** A relation of one row when anything may be written and all one-time artifacts were taken; of none otherwise. */
function takenOf({ consume }: ArtifactCommit): string {
  if (consume.length === 0) return 'live';
  return consume.length === 1 ? 'taken' : `(SELECT FROM taken HAVING count(*) = ${consume.length}) every`;
}

/** A relation of one row when all may be written, of none otherwise. */
const lastOf = (work: ArtifactCommit): string => (work.session === undefined ? takenOf(work) : 'kept');

/** Texts by their names: what is the same text for the connection, too, needs no comparing. */
const texts = new Map<string, string>();
/** Sessions of very many applications have shapes of their own, which aren't worth keeping. */
const TEXTS_MAX = 500;

function textOf(name: string, parts: readonly string[], work: ArtifactCommit): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const asked = [
    'EXISTS (SELECT FROM live) AS live',
    ...(work.consume.length === 0 ? [] : [`EXISTS (SELECT FROM ${takenOf(work)}) AS taken`]),
    ...(work.session === undefined ? [] : ['EXISTS (SELECT FROM kept) AS kept']),
  ];
  const text = `WITH ${parts.join(',\n')}
      SELECT ${asked.join(', ')}`;
  if (texts.size < TEXTS_MAX) texts.set(name, text);
  return text;
}

function liveParts(parameters: Parameters, tenant: string, work: ArtifactCommit): string {
  const conditions = [
    ...(work.userId === null ? [] : [mayEnter(parameters, tenant, work)]),
    ...(work.requiredSession === null
      ? []
      : [
          `EXISTS (SELECT 1 FROM sessions WHERE tenant_id = ${tenant}
            AND uid = ${parameters.add(work.requiredSession, '::text')} AND ended_at IS NULL AND expires_at > now())`,
        ]),
    ...(work.requiredGrant === null
      ? []
      : [
          `EXISTS (SELECT 1 FROM oidc_artifacts WHERE tenant_id = ${tenant}
            AND hash = ${parameters.add(work.requiredGrant, '::bytea')} AND expires_at > now())`,
        ]),
  ];
  return `live AS (SELECT 1 WHERE ${['true', ...conditions].join(' AND ')})`;
}

/** Whether the person may come in, and what their roles follow from is what they were let in by. */
function mayEnter(parameters: Parameters, tenant: string, work: ArtifactCommit): string {
  const { standing } = work;
  // Of a person of another tenant, that one has been asked: its rows aren't shown here.
  if (work.homeTenantId !== undefined)
    return standing === null
      ? `${BROKERED_STANDING} IS NOT NULL`
      : `${BROKERED_STANDING} = ${parameters.add(standing, '::text')}`;
  const user = parameters.add(work.userId, '::uuid');
  const unchanged = standing === null ? '' : `AND ${STANDING_MARK} = ${parameters.add(standing, '::text')}`;
  const policy = work.connected === true ? 'u.connection_id IS NOT NULL' : LOCAL_AT_ISSUER;
  return `EXISTS (SELECT 1 FROM users u
    WHERE u.tenant_id = ${tenant} AND u.id = ${user} AND ${MAY_ENTER} AND ${policy} ${unchanged})`;
}

/** Takes the one-time artifacts; when one was taken before, its grant dies with every token that hangs on it. */
function consumeParts(parameters: Parameters, tenant: string, work: ArtifactCommit): readonly string[] {
  const [only, ...more] = work.consume.map(({ hash, replay }) => ({
    hash: parameters.add(hash, '::bytea'),
    replay: parameters.add(replay?.sealed ?? null, '::text'),
    leeway: parameters.add(replay?.leewaySeconds ?? null, '::int'),
    successor: parameters.add(replay?.successor ?? null, '::bytea'),
  }));
  if (only === undefined) return [];
  const rows = [only, ...more].map((one) => `(${one.hash}, ${one.replay}, ${one.leeway}, ${one.successor})`);
  const several = `(VALUES ${rows.join(', ')}) w (hash, replay, leeway, successor), `;
  // One is named outright, as nearly always: what is joined may be looked for among all that the tenant has.
  const [from, wanted] =
    more.length === 0
      ? ['', only]
      : [several, { hash: 'w.hash', replay: 'w.replay', leeway: 'w.leeway', successor: 'w.successor' }];
  return [
    `taken AS (
      UPDATE oidc_artifacts a SET consumed_at = now(), replay_sealed = ${wanted.replay},
        successor_hash = ${wanted.successor}, replay_until = now() + make_interval(secs => ${wanted.leeway})
      FROM ${from}live
      WHERE a.tenant_id = ${tenant} AND a.hash = ${wanted.hash} AND a.consumed_at IS NULL AND a.expires_at > now()
      RETURNING 1)`,
  ];
}

/** A session that has ended never rises: the update finds no row then, and nothing else is written either. */
function sessionParts(parameters: Parameters, tenant: string, work: ArtifactCommit): readonly string[] {
  const { session } = work;
  if (session === undefined) return [];
  const uid = parameters.add(session.uid, '::text');
  const { origin, homeTenantId: home = null } = session;
  const absolute = parameters.add(session.absoluteSeconds, '::int');
  // Who has just signed in at the upstream again begins anew, also to an earlier end that the upstream sets.
  const renewed = parameters.add(origin !== undefined, '::boolean');
  const parts = [
    `kept AS (
      INSERT INTO sessions AS s (tenant_id, uid, cookie_hash, user_id, payload, connection_id, upstream_session,
        upstream_id_token_sealed, ip, user_agent, brokered_tenant_id, brokered_user_id,
        absolute_expires_at, expires_at)
      SELECT ${tenant}, ${uid}, ${parameters.add(session.cookieHash, '::bytea')},
        ${parameters.add(home === null ? session.userId : null, '::uuid')}, ${parameters.add(JSON.stringify(session.payload), '::jsonb')},
        ${parameters.add(origin?.connectionId ?? null, '::uuid')},
        ${parameters.add(origin?.upstreamSession ?? null, '::text')},
        ${parameters.add(origin?.sealedUpstreamIdToken ?? null, '::text')},
        ${parameters.add(origin?.ip ?? null, '::text')}, ${parameters.add(origin?.userAgent ?? null, '::text')},
        ${parameters.add(home, '::uuid')}, ${parameters.add(home === null ? null : session.userId, '::uuid')},
        now() + make_interval(secs => ${absolute}),
        now() + make_interval(secs => least(${parameters.add(session.idleSeconds, '::int')}, ${absolute}))
      FROM ${takenOf(work)}
      ON CONFLICT (tenant_id, uid) DO UPDATE SET
        cookie_hash = excluded.cookie_hash, user_id = excluded.user_id, payload = excluded.payload,
        brokered_tenant_id = excluded.brokered_tenant_id, brokered_user_id = excluded.brokered_user_id,
        connection_id = CASE WHEN excluded.brokered_user_id IS NOT NULL THEN NULL
          WHEN ${renewed} THEN excluded.connection_id ELSE s.connection_id END,
        upstream_session = CASE WHEN ${renewed} THEN excluded.upstream_session ELSE s.upstream_session END,
        upstream_id_token_sealed = CASE WHEN ${renewed} THEN excluded.upstream_id_token_sealed
          ELSE s.upstream_id_token_sealed END,
        ip = coalesce(excluded.ip, s.ip), user_agent = coalesce(excluded.user_agent, s.user_agent),
        absolute_expires_at = CASE WHEN ${renewed} THEN excluded.absolute_expires_at ELSE s.absolute_expires_at END,
        expires_at = CASE WHEN ${renewed} THEN excluded.expires_at
          ELSE least(excluded.expires_at, s.absolute_expires_at) END
      WHERE s.ended_at IS NULL RETURNING 1)`,
  ];
  if (session.applications.length > 0) {
    const rows = session.applications.map((application) =>
      parameters.row(
        [application.clientId, '::text'],
        [application.sid, '::text'],
        [application.grantId, '::text'],
        [application.grantHash, '::bytea'],
        [application.persistsLogout, '::boolean'],
      ),
    );
    parts.push(`joined AS (
      INSERT INTO session_applications (tenant_id, session_uid, client_id, sid, grant_id, grant_hash, persists_logout)
      SELECT ${tenant}, ${uid}, v.* FROM (VALUES ${rows.join(', ')}) v, kept
      ON CONFLICT (tenant_id, session_uid, client_id) DO UPDATE SET sid = excluded.sid, grant_id = excluded.grant_id,
        grant_hash = excluded.grant_hash, persists_logout = excluded.persists_logout)`);
  }
  if (session.leftApplications.length > 0)
    parts.push(`parted AS (
    DELETE FROM session_applications WHERE tenant_id = ${tenant} AND session_uid = ${uid}
      AND client_id = ANY (${parameters.add(session.leftApplications, '::text[]')}) AND EXISTS (SELECT 1 FROM kept))`);
  return parts;
}

/**
 * Names as a list of values rather than as an array: one of them is an equation then. An array could be anything, and in a
 * tenant that has far more artifacts than others have, PostgreSQL would rather read all of them.
 */
const listOf = (parameters: Parameters, hashes: readonly Buffer[]): string =>
  `(${hashes.map((hash) => parameters.add(hash, '::bytea')).join(', ')})`;

function artifactParts(parameters: Parameters, tenant: string, work: ArtifactCommit): readonly string[] {
  const lost = work.consume.flatMap(({ grantHash }) => (grantHash === null ? [] : [grantHash]));
  const last = lastOf(work);
  const deletion = `DELETE FROM oidc_artifacts WHERE tenant_id = ${tenant} AND EXISTS (SELECT FROM ${last})`;
  const parts: string[] = [];
  if (work.destroy.length > 0)
    parts.push(`gone AS (${deletion} AND hash IN ${listOf(parameters, work.destroy)})`);
  if (work.revokeGrants.length > 0) {
    const revoked = listOf(parameters, work.revokeGrants);
    parts.push(
      `revoked AS (${deletion} AND hash IN ${revoked})`,
      `orphaned AS (${deletion} AND grant_hash IN ${revoked})`,
    );
  }
  if (lost.length > 0)
    parts.push(`punished AS (
      DELETE FROM oidc_artifacts WHERE tenant_id = ${tenant} AND hash IN ${listOf(parameters, lost)}
        AND EXISTS (SELECT FROM live) AND NOT EXISTS (SELECT FROM ${takenOf(work)}))`);
  if (work.artifacts.length > 0) {
    const rows = work.artifacts.map((artifact) =>
      parameters.row(
        [artifact.hash, '::bytea'],
        [artifact.kind, '::text'],
        [artifact.grantHash, '::bytea'],
        [artifact.userId, '::uuid'],
        [artifact.clientId, '::text'],
        [artifact.sessionUid, '::text'],
        [JSON.stringify(artifact.payload), '::jsonb'],
        [artifact.lifetimeSeconds, '::int'],
        [artifact.userCodeHash ?? null, '::bytea'],
        [artifact.homeTenantId ?? null, '::uuid'],
      ),
    );
    parts.push(`written AS (
      INSERT INTO oidc_artifacts (tenant_id, hash, kind, grant_hash, user_id, client_id, session_uid, payload,
        expires_at, user_code_hash, brokered_tenant_id)
      SELECT ${tenant}, v.hash, v.kind, v.grant_hash, v.user_id, v.client_id, v.session_uid, v.payload,
        now() + make_interval(secs => v.lifetime), v.user_code, v.home
      FROM (VALUES ${rows.join(', ')})
        v (hash, kind, grant_hash, user_id, client_id, session_uid, payload, lifetime, user_code, home), ${last}
      ON CONFLICT (tenant_id, hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at,
        user_id = excluded.user_id, session_uid = excluded.session_uid, grant_hash = excluded.grant_hash,
        brokered_tenant_id = excluded.brokered_tenant_id)`);
  }
  if (work.tokenRecords.length > 0) {
    const rows = work.tokenRecords.map((record) =>
      parameters.row(
        [record.hash, '::bytea'],
        [record.grantHash, '::bytea'],
        [record.lifetimeSeconds, '::int'],
      ),
    );
    parts.push(`recorded AS (
      INSERT INTO access_token_records (tenant_id, jti_hash, grant_hash, expires_at)
      SELECT ${tenant}, v.hash, v.grant_hash, now() + make_interval(secs => v.lifetime)
      FROM (VALUES ${rows.join(', ')}) v (hash, grant_hash, lifetime), ${last})`);
  }
  return parts;
}

function loginParts(parameters: Parameters, tenant: string, work: ArtifactCommit): readonly string[] {
  if (work.loginTransaction === undefined) return [];
  const row = parameters.row(...loginTransactionValues(work.loginTransaction));
  const owner = work.loginTenantId === undefined ? tenant : parameters.add(work.loginTenantId, '::uuid');
  return [
    `began AS (
      INSERT INTO login_transactions (${LOGIN_TRANSACTION_COLUMNS})
      SELECT ${owner}, v.a, v.b, v.c, v.d, v.e, v.f, v.g, v.h, v.i, now() + make_interval(secs => v.j)
      FROM (VALUES ${row}) v (a, b, c, d, e, f, g, h, i, j), ${lastOf(work)})`,
  ];
}

/** Audit events are part of the statement, because they must not tell of what wasn't written. */
function auditParts(parameters: Parameters, tenant: string, work: ArtifactCommit): readonly string[] {
  if (work.audit.length === 0) return [];
  const events = work.audit.map((record) =>
    parameters.row(
      [record.id, '::uuid'],
      [record.at, '::timestamptz'],
      [record.action, '::text'],
      [record.outcome, '::text'],
      [record.reference, '::text'],
      [record.body, '::text'],
      [record.hash, '::bytea'],
      [record.found.actor, '::text'],
      [record.found.target, '::text'],
      [record.found.application, '::text'],
      [record.found.connection, '::text'],
    ),
  );
  const personal = work.audit.filter((record) => record.sealedPersonal !== null);
  const sealed = personal.map((record) =>
    parameters.row([record.id, '::uuid'], [record.subject, '::text'], [record.sealedPersonal, '::text']),
  );
  return [
    `audited AS (
      INSERT INTO audit_events (tenant_id, id, at, action, outcome, reference, body, hash, actor, target, application,
        connection)
      SELECT ${tenant}, v.* FROM (VALUES ${events.join(', ')}) v, ${lastOf(work)})`,
    ...(sealed.length === 0
      ? []
      : [
          `audited_personal AS (
      INSERT INTO audit_personal (tenant_id, event_id, subject, sealed)
      SELECT ${tenant}, v.* FROM (VALUES ${sealed.join(', ')}) v, ${lastOf(work)})`,
        ]),
  ];
}

/** Part of the statement, too: what is told has happened, and what has happened is told. */
function deliveryParts(parameters: Parameters, tenant: string, work: ArtifactCommit): readonly string[] {
  if (work.deliveries.length === 0) return [];
  const rows = work.deliveries.map((delivery) =>
    parameters.row(
      [delivery.id, '::uuid'],
      [delivery.topic, '::text'],
      [receiverKey(delivery.receiver), '::text'],
      [delivery.subject, '::text'],
      [JSON.stringify(delivery.payload), '::jsonb'],
    ),
  );
  return [
    `told AS (
      INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload)
      SELECT ${tenant}, v.* FROM (VALUES ${rows.join(', ')}) v, ${lastOf(work)})`,
  ];
}

/** Reads what the write statement tells of itself. */
export function outcomeOf(work: ArtifactCommit, row: QueryResultRow | undefined): CommitOutcome {
  if (row?.['live'] !== true) return 'ended';
  if (work.consume.length > 0 && row['taken'] !== true) return 'taken';
  if (work.session !== undefined && row['kept'] !== true) return 'ended';
  return 'committed';
}
