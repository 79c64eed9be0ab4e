import type { QueryResultRow } from 'pg';
import type { ConnectionId, TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import {
  SETUP_COUNTED_MAX,
  type ScimSeen,
  type SetupSeen,
  type SetupStatusStore,
} from '../domain/setup-link/setup-status.js';
import type { Database, Rows, Statement } from './database.js';

/** Requests of the tenant that are looked at, from the last one on. */
const LOOKED_AT = 2_000;

/** What is known of a connection that is being set up, in PostgreSQL: one flush of reads that stop. */
export class PostgresSetupStatusStore implements SetupStatusStore {
  constructor(private readonly database: Database) {}

  async read(
    tenantId: TenantId,
    connection: { readonly id: ConnectionId; readonly version: number },
    since: Date,
  ): Promise<SetupSeen> {
    return toSeen(await this.database.inTenant(tenantId, statements(tenantId, connection, since)));
  }

  async readHere(
    scope: TenantScope,
    connection: { readonly id: ConnectionId; readonly version: number },
    since: Date,
  ): Promise<SetupSeen> {
    const asked = statements(scope.tenantId, connection, since);
    return toSeen(await this.database.transaction(scope).send(asked));
  }
}

function toSeen([tests, traffic, refused, people, groups, secrets]: readonly Rows[]): SetupSeen {
  const test = tests?.[0];
  return {
    test: test && {
      id: test['id'],
      source: test['source'],
      state: test['state'],
      report: test['report'],
      createdAt: test['created_at'],
    },
    groupsSeen: (groups ?? []).map((row) => row['name']),
    scim: scimSeen(traffic?.[0], refused?.[0], people?.[0], groups ?? []),
    secrets: (secrets ?? []).map((row) => ({
      of: row['of'],
      madeAt: row['made_at'],
      lastUsedAt: row['used_at'],
      expiresAt: row['expires_at'],
    })),
  };
}

function statements(
  tenantId: TenantId,
  { id, version }: { readonly id: ConnectionId; readonly version: number },
  since: Date,
): readonly Statement[] {
  const ofTenant = [tenantId];
  return [
    {
      name: 'setup_test',
      text: `SELECT t.id, t.source, t.report, t.created_at,
          CASE WHEN t.state IN ('probing', 'waiting') AND t.expires_at <= now() THEN 'expired' ELSE t.state END AS state
        FROM connection_tests t WHERE t.tenant_id = $1 AND t.connection_id = $2 ORDER BY t.id DESC LIMIT 1`,
      values: [...ofTenant, id],
    },
    {
      name: 'setup_traffic',
      text: `SELECT (SELECT max(s.last_used_at) FROM scim_tokens s WHERE s.tenant_id = $1 AND s.connection_id = $2) AS used,
          max(r.at) AS last,
          max(r.at) FILTER (WHERE r.method = 'GET' AND r.status = 200
            AND starts_with(r.target, '/Users')) AS users_read,
          max(r.at) FILTER (WHERE r.effects @> '[{"action":"deactivated"}]') AS deactivated
        FROM (SELECT r.* FROM scim_requests r WHERE r.tenant_id = $1 ORDER BY r.id DESC LIMIT ${LOOKED_AT}) r
        WHERE r.connection_id = $2`,
      values: [...ofTenant, id],
    },
    {
      name: 'setup_refused',
      text: `SELECT r.at, r.token_fault, r.token_id,
          EXISTS (SELECT FROM scim_tokens s WHERE s.tenant_id = $1 AND s.id = r.token_id)
          OR EXISTS (SELECT FROM (SELECT o.token_id, o.token_fault FROM scim_requests o WHERE o.tenant_id = $1
            ORDER BY o.id DESC LIMIT ${LOOKED_AT}) o
            WHERE o.token_id = r.token_id AND o.token_fault IS NULL) AS was_ours
        FROM scim_requests r WHERE r.tenant_id = $1 AND r.status >= 400 AND r.at > $2
          AND r.token_fault IS NOT NULL ORDER BY r.id DESC LIMIT 1`,
      values: [...ofTenant, since],
    },
    {
      name: 'setup_people',
      text: `SELECT count(*)::int AS people, count(*) FILTER (WHERE NOT u.active)::int AS inactive,
          count(*) FILTER (WHERE NOT EXISTS (SELECT FROM user_emails e
            WHERE e.tenant_id = $1 AND e.user_id = u.id))::int AS without_email
        FROM (SELECT u.id, u.active FROM users u WHERE u.tenant_id = $1 AND u.connection_id = $2
          AND u.connection_version = $3 AND u.source = 'scim' LIMIT ${SETUP_COUNTED_MAX}) u`,
      values: [...ofTenant, id, version],
    },
    {
      name: 'setup_groups',
      text: `SELECT g.name, g.origin, EXISTS (SELECT FROM group_members m
            WHERE m.tenant_id = $1 AND m.group_id = g.id) AS has_members
        FROM groups g WHERE g.tenant_id = $1 AND g.connection_id = $2 ORDER BY g.name LIMIT ${SETUP_COUNTED_MAX}`,
      values: [...ofTenant, id],
    },
    {
      name: 'setup_secrets',
      text: `SELECT s.of, s.made_at, s.used_at, NULL::timestamptz AS expires_at FROM connections c
        CROSS JOIN LATERAL (VALUES
          ('clientSecret', c.client_secret_sealed, c.secret_updated_at, c.secret_used_at),
          ('secondarySecret', c.secondary_secret_sealed, c.secondary_secret_updated_at, c.secondary_secret_used_at)
        ) s (of, sealed, made_at, used_at)
        WHERE c.tenant_id = $1 AND c.id = $2 AND s.sealed IS NOT NULL AND s.made_at IS NOT NULL
        UNION ALL (SELECT 'scimToken', t.created_at, t.last_used_at, t.expires_at FROM scim_tokens t
          WHERE t.tenant_id = $1 AND t.connection_id = $2 ORDER BY t.created_at DESC LIMIT 1)`,
      values: [...ofTenant, id],
    },
  ];
}

const EMPTY_SHOWN = 5;

function scimSeen(
  traffic: QueryResultRow | undefined,
  refused: QueryResultRow | undefined,
  people: QueryResultRow | undefined,
  groups: readonly QueryResultRow[],
): ScimSeen {
  const pushed = groups.filter((row) => row['origin'] === 'scim');
  const empty = pushed.filter((row) => row['has_members'] !== true);
  return {
    tokenUsedAt: traffic?.['used'] ?? null,
    refused:
      refused === undefined
        ? null
        : {
            at: refused['at'],
            fault: refused['token_fault'],
            tokenId: refused['token_id'],
            wasOurs: refused['was_ours'],
          },
    lastRequestAt: traffic?.['last'] ?? null,
    usersReadAt: traffic?.['users_read'] ?? null,
    deactivatedAt: traffic?.['deactivated'] ?? null,
    people: people?.['people'] ?? 0,
    withoutEmail: people?.['without_email'] ?? 0,
    inactive: people?.['inactive'] ?? 0,
    groups: pushed.length,
    emptyGroups: empty.slice(0, EMPTY_SHOWN).map((row) => row['name']),
  };
}
