import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '../../src/cli/run.js';
import { Ledger } from '../support/ledger.js';
import { commandLine, runHere, type CommandLine } from './support.js';

const FILE = `
tenants:
  - slug: acme
    connections:
      - { key: okta, issuer: https://127.0.0.1:9, clientId: 0oa1, clientSecret: { value: a-secret-of-32-characters-0123456 } }
      - { key: entra, issuer: https://127.0.0.1:8, clientId: 0oa2, clientSecret: { value: a-secret-of-32-characters-0123456 } }
    applications:
      - { clientId: grafana, redirectUris: ["https://grafana.example/cb"] }
      - { clientId: wiki, redirectUris: ["https://wiki.example/cb"] }
`;
const NASTY = 'Browser\u001b[2J\u009b1A\u202e\r\nFORGED';

let cli: CommandLine;
let ledger: Ledger;
let ada: string;
let eve: string;

beforeAll(async () => {
  cli = await commandLine();
  const applied = await cli.run(['apply', '-f', '-'], { input: FILE });
  expect(applied.code).toBe(0);
  ledger = await Ledger.open(cli.url);
});
afterAll(async () => {
  await ledger.close();
  await cli.drop();
});
beforeEach(async () => {
  await ledger.rows(
    'TRUNCATE users, sessions, session_applications, oidc_artifacts, outbox, audit_events CASCADE',
  );
  ada = await ledger.addUser({ tenant: 'acme', connection: 'okta', userName: 'ada@acme.example' });
  eve = await ledger.addUser({ tenant: 'acme', connection: 'entra', userName: 'eve@acme.example' });
  await session('ada-1', ada, 'okta', ['grafana', 'wiki'], 3);
  await session('ada-2', ada, 'okta', ['wiki'], 2);
  await session('eve-1', eve, 'entra', ['grafana'], 1);
});

/** A session with its applications and a grant of each, begun so many hours ago. */
async function session(
  uid: string,
  user: string,
  connection: string,
  clients: readonly string[],
  hoursAgo: number,
): Promise<void> {
  await ledger.rows(
    `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, ip, user_agent, created_at,
        absolute_expires_at, expires_at)
      SELECT c.tenant_id, $1, sha256($1::text::bytea), $2, c.id, '{"secret":"in-the-payload"}', '192.0.2.1', $4,
        now() - make_interval(hours => $5), now() + interval '1 day', now() + interval '1 hour'
      FROM connections c WHERE c.key = $3`,
    [uid, user, connection, NASTY, hoursAgo],
  );
  await ledger.rows(
    `WITH grants AS (
        INSERT INTO oidc_artifacts (tenant_id, hash, kind, user_id, client_id, payload, expires_at)
        SELECT s.tenant_id, sha256((s.uid || client)::bytea), 'Grant', s.user_id, client, '{}', now() + interval '1 day'
        FROM sessions s, unnest($2::text[]) client WHERE s.uid = $1)
      INSERT INTO session_applications (tenant_id, session_uid, client_id, sid, grant_hash)
      SELECT s.tenant_id, s.uid, client, 'sid-' || s.uid || client, sha256((s.uid || client)::bytea)
      FROM sessions s, unnest($2::text[]) client WHERE s.uid = $1`,
    [uid, clients],
  );
}

const causeway = (...words: readonly string[]) => cli.run(['sessions', ...words]);

async function idsOf(...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await causeway('list', ...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout).sessions.map(({ id }: { readonly id: string }) => id);
}

/** What a command that is refused says; nothing is done. */
async function refused(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await causeway(...words);
  expect([code, stdout]).toEqual([64, '']);
  expect(await ledger.liveSessions()).toBe(3);
  return stderr.trim();
}

describe('sessions list', () => {
  test('live ones, newest first, by person, application and connection', async () => {
    expect(await idsOf('--tenant', 'acme')).toEqual(['eve-1', 'ada-2', 'ada-1']);
    expect(await idsOf('--user', 'ADA@acme.example')).toEqual(['ada-2', 'ada-1']);
    expect(await idsOf('--user', eve)).toEqual(['eve-1']);
    expect(await idsOf('--application', 'grafana')).toEqual(['eve-1', 'ada-1']);
    expect(await idsOf('--connection', 'okta', '--application', 'grafana')).toEqual(['ada-1']);
  });

  test('JSON names who and what, and neither cookie nor token', async () => {
    const { stdout } = await causeway('list', '--connection', 'entra', '--json');
    expect(JSON.parse(stdout)).toEqual({
      sessions: [
        {
          id: 'eve-1',
          userId: eve,
          userName: 'eve@acme.example',
          connection: 'entra',
          applications: ['grafana'],
          createdAt: expect.stringMatching(/Z$/),
          expiresAt: expect.stringMatching(/Z$/),
          ip: '192.0.2.1',
          userAgent: NASTY,
          ended: null,
        },
      ],
      isMore: false,
    });
    expect(stdout).not.toContain('in-the-payload');
  });

  test('A-101 A-127 a browser’s words for itself move no cursor and forge no line', async () => {
    const outputs = [await causeway('list', '--json'), await causeway('list')];
    for (const { stdout } of outputs)
      for (const line of stdout.split('\n')) expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    const lines = outputs[1]?.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines?.[2]).toMatch(
      new RegExp(
        `^\\S+Z {2}ada-1 {2}ada@acme\\.example \\(${ada}\\) {2}connection okta {2}applications grafana, wiki` +
          ` {2}expires \\S+Z {2}192\\.0\\.2\\.1 {2}Browser `,
      ),
    );
  });

  test('--limit takes the newest and says that there are older ones', async () => {
    const { code, stdout, stderr } = await causeway('list', '--limit', '2');
    expect([code, stderr]).toEqual([0, 'There are older ones: --limit shows more.\n']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(JSON.parse((await causeway('list', '--limit', '2', '--json')).stdout).isMore).toBe(true);
    expect((await causeway('list', '--limit', '3')).stderr).toBe('');
    for (const limit of ['0', '10001', 'many'])
      expect(await refused('list', '--limit', limit)).toMatch(/--limit/);
  });

  test('more than a page of them', async () => {
    await ledger.rows(
      `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, payload, created_at, absolute_expires_at, expires_at)
        SELECT tenant_id, 'many' || n, sha256(n::text::bytea), $1, '{}', now() - interval '1 day',
          now() + interval '1 day', now() + interval '1 hour'
        FROM users, generate_series(1, 1200) n WHERE id = $1`,
      [ada],
    );
    expect(new Set(await idsOf('--user', ada, '--limit', '10000')).size).toBe(1202);
    expect(await idsOf('--user', ada, '--limit', '501')).toHaveLength(501);
  });

  test('--ended tells by what; nothing at all is said in words', async () => {
    expect((await causeway('list', '--ended')).stdout).toBe('There are no such sessions.\n');
    await causeway('end', '--session', 'ada-1');
    await ledger.rows(`UPDATE sessions SET expires_at = now() - interval '1 minute' WHERE uid = 'eve-1'`);
    const { stdout } = await causeway('list', '--ended');
    const [expired, ended] = stdout.split('\n');
    expect(expired).toMatch(/ {2}eve-1 {2}.* {2}expired \S+Z {2}/);
    expect(ended).toMatch(/ {2}ada-1 {2}.* {2}ended \S+Z revoked_by_operator {2}/);
    expect(await idsOf()).toEqual(['ada-2']);
  });
});

const toldOf = () =>
  ledger.rows(
    `SELECT receiver, subject, payload->>'sid' AS sid, payload->>'reason' AS reason FROM outbox ORDER BY 1, 3`,
  );

describe('sessions end', () => {
  test.each<[what: string, words: () => readonly string[], ended: [number, number], live: readonly string[]]>(
    [
      ['a session', () => ['--session', 'ada-1'], [1, 2], ['eve-1', 'ada-2']],
      ['a person by name', () => ['--user', 'Ada@acme.example'], [2, 3], ['eve-1']],
      ['a person by id', () => ['--user', ada], [2, 3], ['eve-1']],
      ['an application', () => ['--application', 'grafana'], [0, 2], ['eve-1', 'ada-2', 'ada-1']],
      ['a connection', () => ['--connection', 'okta', '--yes'], [2, 3], ['eve-1']],
      ['everything', () => ['--all', '--yes'], [3, 4], []],
    ],
  )('%s', async (_what, words, [sessions, grants], live) => {
    const { code, stdout, stderr } = await causeway('end', '--tenant', 'acme', ...words(), '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ sessions, grants });
    expect(await idsOf()).toEqual(live);
    expect(await ledger.count('oidc_artifacts', `kind = 'Grant'`)).toBe(4 - grants);
    // Each application for each session that it loses, once.
    expect(await toldOf()).toHaveLength(grants);
    const events = await ledger.audit('acme', { action: 'access.ended' });
    expect(events).toEqual([
      expect.objectContaining({
        actor: { type: 'operator', id: `cli:${userInfo().username}` },
        reason: 'revoked_by_operator',
        details: { sessions, grants },
      }),
    ]);
  });

  test('an application is told for each session that goes on without it', async () => {
    expect((await causeway('end', '--application', 'grafana')).stdout).toBe(
      'Ended 0 sessions and 2 grants.\n',
    );
    const reason = 'revoked_by_operator';
    expect(await toldOf()).toEqual([
      { receiver: 'grafana', subject: ada, sid: 'sid-ada-1grafana', reason },
      { receiver: 'grafana', subject: eve, sid: 'sid-eve-1grafana', reason },
    ]);
    expect((await causeway('end', '--session', 'eve-1')).stdout).toBe('Ended 1 session and 0 grants.\n');
    expect(await toldOf()).toHaveLength(2);
  });

  test('twice does no more', async () => {
    await causeway('end', '--session', 'ada-1');
    expect((await causeway('end', '--session', 'ada-1')).stdout).toBe('Ended 0 sessions and 0 grants.\n');
  });

  test('one target, that is there', async () => {
    expect(await refused('end')).toMatch(/give one of/);
    expect(await refused('end', '--all', '--user', ada, '--yes')).toMatch(/give one of/);
    expect(await refused('end', '--session', 'nope')).toBe("'nope' is no session of the tenant");
    expect(await refused('end', '--user', 'nope')).toBe("'nope' is no user of the tenant");
    expect(await refused('end', '--application', 'nope')).toBe("'nope' is no application of the tenant");
    expect(await refused('end', '--connection', 'nope', '--yes')).toBe(
      "'nope' is no connection of the tenant",
    );
    expect(await refused('end', '--tenant', 'nope', '--all', '--yes')).toBe("there is no tenant 'nope'");
    expect(await ledger.audit('acme', { action: 'access.ended' })).toEqual([]);
  });

  test('a name that several people have: their ids are told, and nobody’s access ends', async () => {
    const other = await ledger.addUser({ tenant: 'acme', connection: 'entra', userName: 'Ada@acme.example' });
    expect(await refused('end', '--user', 'ada@acme.example')).toBe(
      [
        "'ada@acme.example' are several people; give the id of one:",
        `  ${other}  connection entra`,
        `  ${ada}  connection okta`,
      ].join('\n'),
    );
    expect((await causeway('end', '--user', ada)).code).toBe(0);
  });

  test('another tenant’s people, sessions and all are left alone', async () => {
    await cli.run(['apply', '-f', '-'], { input: 'tenants: [{ slug: globex }]' });
    expect(await refused('end', '--tenant', 'globex', '--user', ada)).toMatch(/no user/);
    expect(await refused('end', '--tenant', 'globex', '--session', 'ada-1')).toMatch(/no session/);
    expect(await refused('end', '--all', '--yes')).toMatch(/--tenant SLUG/);
    const all = await causeway('end', '--tenant', 'globex', '--all', '--yes');
    expect(all.stdout).toBe('Ended 0 sessions and 0 grants.\n');
    expect(await ledger.liveSessions()).toBe(3);
  });

  test('many people’s access wants --yes where nobody can be asked', async () => {
    expect(await refused('end', '--tenant', 'acme', '--all')).toMatch(
      /^give --yes: .* everybody in tenant acme$/,
    );
    expect(await refused('end', '--tenant', 'acme', '--connection', 'okta')).toMatch(
      /^give --yes: .* everybody of connection okta in tenant acme$/,
    );
  });

  test.each([
    ['acme', 0, 0],
    ['yes', 64, 3],
    ['', 64, 3],
  ])('who is asked and types %p: exit %i', async (typed, code, live) => {
    const asked: string[] = [];
    const terminal = {
      out: () => undefined,
      err: () => undefined,
      readInput: () => Promise.resolve(''),
      ask(question: string) {
        asked.push(question);
        return Promise.resolve(typed);
      },
    };
    const words = ['sessions', 'end', '--tenant', 'acme', '--all'];
    expect(await run(words, { terminal, variables: cli.variables })).toBe(code);
    expect(asked).toEqual(['This ends the access of everybody in tenant acme. Type acme to go on: ']);
    expect(await ledger.liveSessions()).toBe(live);
  });
});

test.each(['list', 'end'])('sessions %s --help shows options and examples', async (command) => {
  const { code, stdout } = await causeway(command, '--help');
  expect(code).toBe(0);
  for (const part of [
    '--tenant <slug>',
    '--user <user>',
    'Examples:',
    `causeway sessions ${command} --tenant acme`,
  ])
    expect(stdout).toContain(part);
});

test.each(['list', 'end'])('sessions %s makes no deployment where there is none', async (command) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-'));
  const options = command === 'end' ? ['--all', '--yes'] : [];
  const { code, stderr } = await runHere(['sessions', command, ...options], {
    DATA_DIR: dataDir,
    PUBLIC_URL: 'https://sso.example.com',
  });
  expect([code, stderr]).toEqual([78, expect.stringMatching(/^DATA_DIR: no deployment is in /)]);
  expect(await readdir(dataDir)).toEqual([]);
  await rm(dataDir, { recursive: true });
});
