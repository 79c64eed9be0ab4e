import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ResourceSchema } from '../../src/scim/schema/resource-schema.js';
import { parseFilter } from '../../src/scim/filter/parse-filter.js';
import { PUSHED_GROUPS, PUSHED_USERS } from '../../src/storage/pushed-tables.js';
import { listStatements } from '../../src/storage/resource-list.js';
import { Ledger } from '../support/ledger.js';
import { GROUPS, PushedStage, USERS } from './support/pushed-stage.js';

/** What EXPLAIN says of one step. */
interface Step {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Step[];
}

const SIZES = [200, 4_000] as const;
let stage: PushedStage;
let ledger: Ledger;

beforeAll(async () => {
  stage = await PushedStage.open();
  ledger = await Ledger.open(stage.node.databaseUrl);
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await stage.close();
});

const id = (kind: string, n: string): string => `md5('${kind}' || ${n})::uuid`;

/** Users `from` to `to`, each in one of every tenth as many groups. */
async function populate(from: number, to: number): Promise<void> {
  const whose = [stage.tenant.id, stage.of.connectionId, stage.of.connectionVersion, from, to];

  await ledger.rows(
    `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, external_id, active, profile,
        attributes)
      SELECT $1, ${id('u', 'n')}, $2, $3, 'scim', 'User' || n || '@acme.example', 'ext' || n, true, '{}',
        jsonb_build_object('emails', jsonb_build_array(jsonb_build_object('value', 'user' || n || '@acme.example',
          'type', 'work')))
      FROM generate_series($4::int, $5::int) n`,
    whose,
  );
  await ledger.rows(
    `INSERT INTO user_emails (tenant_id, connection_id, connection_version, user_id, email_folded)
      SELECT $1, $2, $3, ${id('u', 'n')}, 'user' || n || '@acme.example' FROM generate_series($4::int, $5::int) n`,
    whose,
  );
  await ledger.rows(
    `INSERT INTO groups (tenant_id, id, connection_id, connection_version, origin, name, external_id)
      SELECT $1, ${id('g', 'n')}, $2, $3, 'scim', 'Group' || n, 'ext' || n
      FROM generate_series($4::int, $5::int) n WHERE n % 10 = 0`,
    whose,
  );
  await ledger.rows(
    `INSERT INTO group_members (tenant_id, group_id, user_id, source)
      SELECT $1, ${id('g', '(n - n % 10)')}, ${id('u', 'n')}, 'scim'
      FROM generate_series($2::int, $3::int) n WHERE n >= 10`,
    [stage.tenant.id, Math.max(from, 10), to],
  );
  for (const table of ['users', 'user_emails', 'groups', 'group_members'])
    await ledger.rows(`ANALYZE ${table}`);
}

/** Rows that PostgreSQL looked at to answer a filter, as the application's role. */
async function rowsRead(schema: ResourceSchema, filter: string): Promise<number> {
  const request = {
    filter: parseFilter(filter, schema),
    sort: undefined,
    page: { startIndex: 1, count: 100 },
  };
  const whose = [stage.tenant.id, stage.of, request, true] as const;
  const { page, total } =
    schema === USERS ? listStatements(PUSHED_USERS, ...whose) : listStatements(PUSHED_GROUPS, ...whose);
  let read = 0;
  for (const statement of total === undefined ? [page] : [page, total]) {
    const [rows] = await stage.database.inTenant(stage.tenant.id, [
      { text: `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`, values: statement.values },
    ]);
    const plan: Step = rows?.[0]?.['QUERY PLAN'][0].Plan;
    read += readBy(plan);
  }
  return read;
}

function readBy(step: Step): number {
  const inner = (step.Plans ?? []).reduce((sum, each) => sum + readBy(each), 0);
  if (!step['Node Type'].includes('Scan')) return inner;
  return inner + (step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0)) * step['Actual Loops'];
}

test('look-ups behind row security read as much among 4,000 users as among 200', async () => {
  const lookups: readonly (readonly [ResourceSchema, string])[] = [
    [USERS, 'userName eq "USER57@acme.example"'],
    [USERS, 'externalId eq "ext57"'],
    [USERS, `id eq "${await idOf('users', "user_name = 'nobody'")}"`],
    [USERS, 'emails.value eq "User57@acme.example"'],
    [USERS, 'emails[type eq "work" and value eq "user57@acme.example"]'],
    [USERS, 'emails[type eq "work"].value eq "user57@acme.example"'],
    [USERS, 'userName eq "user57@acme.example" and active eq true'],
    [USERS, 'userName eq "user57@acme.example" or emails.value eq "user58@acme.example"'],
    [GROUPS, 'displayName eq "GROUP50"'],
    [GROUPS, 'externalId eq "ext50"'],
  ];
  const counts = new Map<string, number[]>();
  let from = 1;
  for (const size of SIZES) {
    await populate(from, size);
    from = size + 1;
    const user = await idOf('users', "user_name = 'User57@acme.example'");
    const group = await idOf('groups', "name = 'Group50'");
    const byId: readonly (readonly [ResourceSchema, string, string])[] = [
      [USERS, `id eq "${user}"`, 'id eq of a user'],
      [USERS, `groups.value eq "${group}"`, 'groups.value eq'],
      [GROUPS, `id eq "${group}"`, 'id eq of a group'],
      [GROUPS, `members.value eq "${user}"`, 'members.value eq'],
      [GROUPS, `id eq "${group}" and members eq "${user}"`, 'the membership probe'],
    ];
    const named = lookups.map(([schema, filter]) => [schema, filter, filter] as const);
    for (const [schema, filter, name] of [...named, ...byId])
      counts.set(name, [...(counts.get(name) ?? []), await rowsRead(schema, filter)]);
  }
  for (const [name, [few = 0, many = 0]] of counts)
    expect({ name, many, grows: many > few + 25 || many > 150 }).toEqual({ name, many, grows: false });
}, 120_000);

async function idOf(table: string, condition: string): Promise<string> {
  const [row] = await ledger.rows<{ id: string }>(`SELECT id FROM ${table} WHERE ${condition}`);
  return row?.id ?? '0192a000-0000-7000-8000-000000000000';
}
