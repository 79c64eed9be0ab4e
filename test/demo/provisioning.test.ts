import { afterEach, expect, test } from '@jest/globals';
import { acmeOrg, DEMO_ORGS, globexOrg } from '../../demo/okta/demo-orgs.js';
import { startOktaOrg, type RunningOktaOrg } from '../../demo/okta/server.js';
import { provisioningOf, startProvisioning } from '../../demo/provisioning.js';
import { aScimServer, type StrictScimServer } from './okta/support/strict-scim-server.js';

const running: RunningOktaOrg[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

/** The org as it is after a start of the demo: it has forgotten what it pushed. */
async function start(key: 'acme' | 'globex', server: StrictScimServer): Promise<RunningOktaOrg> {
  const config = { acme: acmeOrg, globex: globexOrg }[key];
  const okta = await startOktaOrg({ ...config({ brokerUrl: 'http://localhost:3000' }), port: 0 });
  running.push(okta);
  await startProvisioning(key, okta, server.baseUrl);
  return okta;
}

const contents = ({ users, groups }: StrictScimServer): unknown => [
  [...users.values()].map(({ userName, active }) => [userName, active]),
  [...groups.values()].map(({ displayName, members }) => [
    displayName,
    ((members ?? []) as { readonly display: string }[]).map(({ display }) => display),
  ]),
];

const ACME = [
  [
    ['ada.byron@acme.example', true],
    ['linus.berg@acme.example', true],
    ['grace.hall@acme.example', true],
    ['cleo.marsh@acme.example', true],
  ],
  [
    ['Engineering', ['ada.byron@acme.example', 'linus.berg@acme.example']],
    ['Support', ['grace.hall@acme.example']],
    ['Contractors', ['cleo.marsh@acme.example']],
  ],
];

const GLOBEX = [
  [
    ['maria.silva@globex.example', true],
    ['hank.scorpio@globex.example', true],
  ],
  [
    ['Finance', ['maria.silva@globex.example']],
    ['Operations', ['hank.scorpio@globex.example']],
  ],
];

test.each([
  ['acme', `Bearer ${DEMO_ORGS.acme.provisioning.token}`, ACME],
  ['globex', DEMO_ORGS.globex.provisioning.token, GLOBEX],
] as const)(
  '%s pushes its people and groups; the next run links them and undoes what was left',
  async (key, authorization, all) => {
    const server = await aScimServer();
    server.authorization = authorization;
    const first = await start(key, server);
    expect(contents(server)).toEqual(all);
    const [person] = first.org.directory.users();
    first.org.deactivate(person?.id ?? '');
    await provisioningOf(key, first).idle();
    expect(contents(server)).not.toEqual(all);
    server.seen.length = 0;
    const second = await start(key, server);
    expect(contents(server)).toEqual(all);
    expect(server.lines().filter((line) => line.startsWith('POST'))).toEqual([]);
    expect([provisioningOf(key, second).tasks, second.org.errors]).toEqual([[], []]);
  },
);

test('a person leaves a group, then the company', async () => {
  const server = await aScimServer();
  server.authorization = `Bearer ${DEMO_ORGS.acme.provisioning.token}`;
  const okta = await start('acme', server);
  const ada = 'ada.byron@acme.example';
  okta.org.leaveGroup(ada, 'Engineering');
  await provisioningOf('acme', okta).idle();
  expect(contents(server)).toMatchObject([
    [[ada, true], {}, {}, {}],
    [['Engineering', ['linus.berg@acme.example']], {}, {}],
  ]);
  okta.org.deactivate(ada);
  await provisioningOf('acme', okta).idle();
  expect(contents(server)).toMatchObject([[[ada, false], {}, {}, {}], {}]);
});

test('without a server, the admin has tasks', async () => {
  const server = await aScimServer();
  server.override = () => ({ status: 404, body: { title: 'there is nothing at this address' } });
  const okta = await start('acme', server);
  expect(provisioningOf('acme', okta).tasks).toHaveLength(7);
  expect(provisioningOf('acme', okta).lastTest).toMatchObject({ ok: false, message: 'Not Found' });
});
