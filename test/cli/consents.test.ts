import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Ledger } from '../support/ledger.js';
import { commandLine, type CommandLine } from './support.js';

const FILE = `
tenants:
  - slug: acme
    connections:
      - { key: okta, issuer: https://127.0.0.1:9, clientId: 0oa1, clientSecret: { value: a-secret-of-32-characters-0123456 } }
    applications:
      - { clientId: third, redirectUris: ["https://third.example/cb"], consent: true }
      - { clientId: fourth, redirectUris: ["https://fourth.example/cb"], consent: true }
`;

let cli: CommandLine;
let ledger: Ledger;
let ada: string;
let eve: string;
beforeAll(async () => {
  cli = await commandLine();
  await cli.json(['apply', '-f', '-'], FILE);
  ledger = await Ledger.open(cli.url);
});
afterAll(async () => {
  await ledger.close();
  await cli.drop();
});
beforeEach(async () => {
  await ledger.rows('TRUNCATE users, consents, oidc_artifacts, audit_events CASCADE');
  ada = await ledger.addUser({ tenant: 'acme', connection: 'okta', userName: 'ada@acme.example' });
  eve = await ledger.addUser({ tenant: 'acme', connection: 'okta', userName: 'eve\u001b[2J@acme.example' });
  await allow(ada, 'third', 3);
  await allow(ada, 'fourth', 2);
  await allow(eve, 'third', 1);
});

/** A consent of so many hours ago, and a grant that came of it. */
async function allow(user: string, clientId: string, hoursAgo: number): Promise<void> {
  await ledger.rows(
    `INSERT INTO consents (tenant_id, user_id, application_id, scopes, granted_at)
      SELECT a.tenant_id, $1, a.id, '{openid,email}', now() - make_interval(hours => $3)
      FROM applications a WHERE a.client_id = $2`,
    [user, clientId, hoursAgo],
  );
  await ledger.rows(
    `INSERT INTO oidc_artifacts (tenant_id, hash, kind, user_id, client_id, payload, expires_at)
      SELECT tenant_id, sha256(($1::text || $2)::bytea), 'Grant', id, $2, '{}', now() + interval '1 day'
      FROM users WHERE id = $1::uuid`,
    [user, clientId],
  );
}

const list = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { consents } = (await cli.json(['consents', 'list', ...words])) as unknown as {
    consents: readonly { userId: string; clientId: string }[];
  };
  return consents.map(({ userId, clientId }) => `${userId === ada ? 'ada' : 'eve'} ${clientId}`);
};

describe('consents list', () => {
  test('newest first, by person and application', async () => {
    expect(await list()).toEqual(['eve third', 'ada fourth', 'ada third']);
    expect(await list('--user', 'ADA@acme.example')).toEqual(['ada fourth', 'ada third']);
    expect(await list('--application', 'third', '--user', eve)).toEqual(['eve third']);
  });

  test('a line each, which moves no terminal', async () => {
    const { stdout } = await cli.run(['consents', 'list', '--application', 'third']);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stdout).toContain('openid, email');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('A-56: consents revoke', () => {
  test('withdraws one, ends what came of it, and nothing else', async () => {
    const answer = await cli.json(['consents', 'revoke', '--user', ada, '--application', 'third']);
    expect(answer).toEqual({ consents: 1, grants: 1 });
    expect(await list()).toEqual(['eve third', 'ada fourth']);
    expect([await ledger.grants(ada), await ledger.grants(eve)]).toEqual([1, 1]);
    const events = await ledger.audit('acme');
    expect(events).toMatchObject([
      {
        action: 'consent.withdrawn',
        application: 'third',
        actor: { type: 'operator' },
        details: { user: ada },
      },
      { action: 'access.ended', reason: 'consent_withdrawn' },
    ]);
  });

  test('of a person, and of everybody with --yes', async () => {
    expect(await cli.json(['consents', 'revoke', '--user', ada])).toEqual({ consents: 2, grants: 2 });
    expect(await cli.json(['consents', 'revoke', '--application', 'third', '--yes'])).toEqual({
      consents: 1,
      grants: 1,
    });
    expect(await list()).toEqual([]);
  });

  test.each([
    [[], 'give --user, --application, or both'],
    [['--application', 'third'], 'give --yes: this withdraws what everybody has allowed third'],
    [['--user', 'x'], "'x' is no user of the tenant"],
    [['--user', 'ada@acme.example', '--application', 'x'], "'x' is no application of the tenant"],
  ])('%j is refused, and nothing is done', async (words, message) => {
    const { code, stdout, stderr } = await cli.run(['consents', 'revoke', ...words]);
    expect([code, stdout, stderr.trim()]).toEqual([64, '', message]);
    expect(await list()).toHaveLength(3);
  });
});
