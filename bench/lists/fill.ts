import { Client } from 'pg';
import { MAIL_DOMAIN } from '../parties.js';
import { companyOf, type ListSizes } from './sizes.js';

/** Rows of one statement. */
const BATCH = 250_000;
/** Days that events and requests are spread over. */
const AUDIT_DAYS = 365;
const RECORDED_DAYS = 10;

/** Tables whose indexes are made once they are filled: row by row it takes several times as long. */
const INDEXED_AFTERWARDS = ['audit_events', 'users', 'user_emails', 'group_members'];
const TABLES = [
  'tenants',
  'domains',
  ...INDEXED_AFTERWARDS,
  'groups',
  'sessions',
  'session_applications',
  'role_assignments',
  'consents',
  'outbox',
  'scim_requests',
];

/** A UUIDv7 of the n-th of `of` moments, spread evenly over the last `days` days; `salt` keeps kinds apart. */
const idOf = (n: string, of: number, days: number, salt: string): string => {
  const ms = `lpad(to_hex(((extract(epoch FROM now()) - ${days * 86_400} * (1 - ${n}::float8 / ${of})) * 1000)::bigint), 12, '0')`;
  return `(substr(${ms}, 1, 8) || '-' || substr(${ms}, 9, 4) || '-7${salt}-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
};
const userId = (n: string): string => `md5('bench user ' || (${n}))::uuid`;
const groupId = (n: string): string => `md5('bench group ' || (${n}))::uuid`;
/** Other people's words come in another order than people. */
const scattered = (n: string, of: number): string => `((${n})::bigint * 7919 % ${of})`;

/** Fills a tenant and the deployment around it, straight in the database: by the API it would take days. */
export async function fillLists(
  { databaseUrl, slug }: { readonly databaseUrl: string; readonly slug: string },
  sizes: ListSizes,
  say: (line: string) => void,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'causeway bench' });
  await client.connect();
  try {
    // Foreign keys of ten million rows that are right by the way they are made; not every user may leave them unchecked.
    await client.query(`SET session_replication_role = replica`).catch(() => undefined);
    await client.query(`SELECT set_config('app.tenant_id', id::text, false) FROM tenants WHERE slug = $1`, [
      slug,
    ]);
    const indexes = await withoutIndexes(client);
    for (const [name, count, statement] of statementsOf(sizes)) {
      say(`making ${count.toLocaleString('en-US')} ${name}`);
      for (let from = 1; from <= count; from += BATCH)
        // oxlint-disable-next-line no-await-in-loop -- one connection
        await client.query(statement, [from, Math.min(count, from + BATCH - 1)]);
    }
    say('making their indexes');
    for (const definition of indexes)
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await client.query(definition);
    for (const table of TABLES)
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await client.query(`VACUUM (ANALYZE) ${table}`);
  } finally {
    await client.end();
  }
}

async function withoutIndexes(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
      WHERE i.indrelid::regclass::text = ANY ($1) AND NOT i.indisprimary AND NOT i.indisunique`,
    [INDEXED_AFTERWARDS],
  );
  for (const { name } of rows)
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await client.query(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition);
}

const OWN = `current_setting('app.tenant_id')::uuid`;
const OKTA = `(SELECT id FROM connections WHERE tenant_id = ${OWN} AND key = 'okta')`;
const VERSION = `(SELECT version FROM connections WHERE tenant_id = ${OWN} AND key = 'okta')`;
const SERIES = 'generate_series($1::bigint, $2::bigint) n';

type Filling = readonly [name: string, count: number, statement: string];

function statementsOf(sizes: ListSizes): readonly Filling[] {
  return [...tenantStatements(sizes), ...peopleStatements(sizes), ...activityStatements(sizes)];
}

function tenantStatements({ tenants }: ListSizes): readonly Filling[] {
  return [
    [
      'tenants',
      tenants,
      `INSERT INTO tenants (id, slug, name, name_folded, kind, parent_id, status, settings, data_key, config_changed_at)
        SELECT md5('bench tenant ' || n)::uuid, 'customer-' || ${scattered('n', tenants)} || '-' || n, 'Company ' || n,
          'company ' || n, 'organization', p.id, CASE WHEN n % 100 = 0 THEN 'suspended' ELSE 'active' END, '{}', '',
          now() - interval '1 day'
        FROM tenants p, ${SERIES} WHERE p.slug = 'system'`,
    ],
    [
      'domains',
      tenants,
      `INSERT INTO domains (tenant_id, name, verified)
        SELECT md5('bench tenant ' || n)::uuid, 'mail-' || n || '.company.example', true FROM ${SERIES}`,
    ],
  ];
}

function peopleStatements(sizes: ListSizes): readonly Filling[] {
  const { users } = sizes;
  const { groups, largeGroup, assignments, consents } = companyOf(sizes);
  const name = `'listed-' || n || '@${MAIL_DOMAIN}'`;
  return [
    [
      'users',
      users,
      `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, user_name_folded,
          external_id, active, profile)
        SELECT ${OWN}, ${userId('n')}, ${OKTA}, ${VERSION}, CASE WHEN n % 50 = 0 THEN 'just_in_time' ELSE 'scim' END,
          ${name}, ${name}, '00u' || n, n % 200 <> 0,
          jsonb_build_object('userName', ${name}, 'name', 'Person ' || n, 'email', ${name})
        FROM ${SERIES}`,
    ],
    [
      'addresses',
      users,
      `INSERT INTO user_emails (tenant_id, user_id, connection_id, connection_version, email_folded)
        SELECT ${OWN}, ${userId('n')}, ${OKTA}, ${VERSION}, ${name} FROM ${SERIES}`,
    ],
    [
      'groups',
      groups,
      `INSERT INTO groups (tenant_id, id, connection_id, connection_version, origin, name, name_folded)
        SELECT ${OWN}, ${groupId('n')}, ${OKTA}, ${VERSION}, CASE WHEN n % 3 = 0 THEN 'token' ELSE 'scim' END,
          'Group ' || n, 'group ' || n FROM ${SERIES}`,
    ],
    [
      'memberships',
      users,
      `INSERT INTO group_members (tenant_id, group_id, user_id, source)
        SELECT ${OWN}, ${groupId(`2 + n % ${groups - 1}`)}, ${userId('n')}, 'scim' FROM ${SERIES}`,
    ],
    [
      'members of one group',
      largeGroup,
      `INSERT INTO group_members (tenant_id, group_id, user_id, source)
        SELECT ${OWN}, ${groupId('1')}, ${userId('n * 20')}, 'scim' FROM ${SERIES}`,
    ],
    [
      'assignments',
      assignments,
      `INSERT INTO role_assignments (tenant_id, id, user_id, role_id, source)
        SELECT ${OWN}, md5('bench assignment ' || n)::uuid, ${userId('n * 10')}, r.id, 'operator'
        FROM roles r, ${SERIES} WHERE r.tenant_id = ${OWN} AND r.key = 'engineer'`,
    ],
    [
      'consents',
      consents,
      `INSERT INTO consents (tenant_id, user_id, application_id, scopes)
        SELECT ${OWN}, ${userId('n * 10')}, a.id, '{openid}' FROM applications a, ${SERIES}
        WHERE a.tenant_id = ${OWN} AND a.type = 'web'`,
    ],
  ];
}

function activityStatements(sizes: ListSizes): readonly Filling[] {
  const { users, events } = sizes;
  const { sessions, deliveries, scimRequests } = companyOf(sizes);
  const uid = `'listed-' || n`;
  return [
    [
      'sessions',
      sessions,
      `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, created_at,
          absolute_expires_at, expires_at, ended_at, end_reason)
        SELECT ${OWN}, ${uid}, sha256((${uid})::bytea), ${userId(scattered('n', users))}, ${OKTA}, '{}',
          now() - n * interval '100 milliseconds', now() + interval '1 day', now() + interval '8 hours',
          CASE WHEN n % 4 = 0 THEN now() END, CASE WHEN n % 4 = 0 THEN 'signed_out' END
        FROM ${SERIES}`,
    ],
    [
      'parts of sessions',
      sessions,
      `INSERT INTO session_applications (tenant_id, session_uid, client_id, sid)
        SELECT ${OWN}, ${uid}, 'listed-app-' || n % 20, ${uid} FROM ${SERIES}`,
    ],
    [
      'deliveries',
      deliveries,
      `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at, settled_at, outcome)
        SELECT ${OWN}, md5('bench delivery ' || n)::uuid, 'session.ended', 'listed-app-' || n % 20,
          ${userId(scattered('n', users))}::text, '{"reason":"signed_out"}', now() - n * interval '5 seconds', now(),
          CASE WHEN n % 200 = 0 THEN 'dead' ELSE 'delivered' END
        FROM ${SERIES}`,
    ],
    [
      'SCIM requests',
      scimRequests,
      `INSERT INTO scim_requests (tenant_id, id, at, connection_id, request_id, method, target, status, duration_ms,
          effects)
        SELECT ${OWN}, ${idOf('n', scimRequests, RECORDED_DAYS, '001')},
          now() - ${RECORDED_DAYS} * (1 - n::float8 / ${scimRequests}) * interval '1 day', ${OKTA}, 'r' || n,
          CASE WHEN n % 3 = 0 THEN 'PATCH' ELSE 'GET' END, '/Users/' || ${userId(scattered('n', users))},
          CASE WHEN n % 500 = 0 THEN 409 ELSE 200 END, 5, '[]'
        FROM ${SERIES}`,
    ],
    ['audit events', events, auditStatement(sizes)],
  ];
}

/** Of ten events nine are sign-ins, one in twenty is refused; what admins do is rare. Chained long ago, by their xid. */
function auditStatement({ users, events }: ListSizes): string {
  return `INSERT INTO audit_events (tenant_id, id, xid, at, action, outcome, body, hash, actor, target, application,
      connection)
    SELECT ${OWN}, id, '1', at, action, outcome,
      json_build_object('action', action, 'actor', json_build_object('id', person, 'type', 'user'), 'application',
        application, 'at', at, 'details', json_build_object('amr', 'pwd mfa'), 'outcome', outcome, 'reason',
        CASE WHEN outcome = 'refused' THEN 'not_assigned' END, 'target', target)::text,
      sha256(id::text::bytea), 'user:' || person, target, application, 'okta'
    FROM (SELECT ${idOf('n', events, AUDIT_DAYS, '002')} AS id,
        now() - ${AUDIT_DAYS} * (1 - n::float8 / ${events}) * interval '1 day' AS at,
        CASE WHEN n % 10 < 9 THEN CASE WHEN n % 20 = 0 THEN 'sign_in.refused' ELSE 'sign_in.succeeded' END
          WHEN n % 1000 = 9 THEN 'connection.updated' WHEN n % 100 = 19 THEN 'role.assigned'
          ELSE 'user.updated' END AS action,
        CASE WHEN n % 20 = 0 THEN 'refused' ELSE 'success' END AS outcome,
        ${userId(scattered('n', users))}::text AS person,
        CASE WHEN n % 1000 = 9 THEN 'connection:okta' WHEN n % 10 = 9 THEN 'user:' || ${userId(scattered('n', users))} END AS target,
        'listed-app-' || n % 20 AS application
      FROM ${SERIES}) e`;
}
