import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freshDeployment, type TestDeployment } from '../../support/deployment.js';

let it: TestDeployment;
beforeAll(async () => {
  it = await freshDeployment();
});
afterAll(() => it.destroy());

const PEOPLE = 1_250;
const connections = [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }];

test('everybody is judged, however many there are: the odd ones have a group, the even ones go', async () => {
  const roles = [{ key: 'admin' }];
  const roleMappings = [{ group: { name: 'Eng' }, role: 'admin' }];
  await it.apply([{ slug: 'acme', connections, roles, roleMappings }]);
  const tenant = await it.deps.store.find('acme');
  const [connection] = tenant?.configuration.connections ?? [];
  if (tenant === undefined || connection === undefined) throw new Error('no tenant');
  const tenantId = tenant.configuration.tenant.id;
  const one = { values: [tenantId, connection.id] };
  await it.database.inTenant(tenantId, [
    {
      ...one,
      text: `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
        SELECT $1, gen_random_uuid(), $2, 1, 'just_in_time', 'user' || n, true, '{}' FROM generate_series(1, ${PEOPLE}) n`,
    },
    {
      ...one,
      text: `INSERT INTO groups (tenant_id, id, connection_id, origin, name)
        VALUES ($1, gen_random_uuid(), $2, 'token', 'Eng')`,
    },
    {
      values: [tenantId],
      text: `INSERT INTO group_members (tenant_id, group_id, user_id, source)
        SELECT $1, g.id, u.id, 'token' FROM groups g, users u
        WHERE g.tenant_id = $1 AND u.tenant_id = $1 AND right(u.user_name, 1)::int % 2 = 1`,
    },
    {
      ...one,
      text: `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, absolute_expires_at,
          expires_at)
        SELECT $1, 'uid-' || user_name, convert_to(user_name, 'UTF8'), id, $2, '{}', now() + interval '1 day',
          now() + interval '1 day' FROM users WHERE tenant_id = $1`,
    },
  ]);
  await it.apply([{ slug: 'acme', whenNoRole: 'deny' }]);
  const [rows] = await it.database.inTenant(tenantId, [
    {
      values: [tenantId],
      text: `SELECT right(u.user_name, 1)::int % 2 AS odd, s.ended_at IS NULL AS lives, count(*)::int AS people
        FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        WHERE s.tenant_id = $1 GROUP BY 1, 2 ORDER BY 1`,
    },
  ]);
  expect(rows).toEqual([
    { odd: 0, lives: false, people: PEOPLE / 2 },
    { odd: 1, lives: true, people: PEOPLE / 2 },
  ]);
}, 120_000);
