import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningApp } from '../../demo/apps/shared/serve.js';
import { startWebApp } from '../../demo/apps/web/server.js';
import { browserPath, NO_BROWSER } from '../support/browser.js';
import type { Visitor } from './support/visitor.js';
import { useWorld, type World } from './support/world.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;
const SECRET = 'a-secret-of-the-journeys-0123456789';

withBrowser(`refusals and choices${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  const world = useWorld();

  /** The line of Causeway's log that a reference on a page leads to. */
  async function logged(visitor: Visitor): Promise<unknown> {
    const reference = await visitor.page.locator('code').first().innerText();
    const lines = (await readFile(world().demo.causeway.logFile, 'utf8')).trim().split('\n');
    const found = lines
      .filter((line) => line.includes(`"${reference}"`))
      .map((line): unknown => JSON.parse(line));
    expect(found).toHaveLength(1);
    return found[0];
  }

  describe('somebody whom Okta doesn’t let in', () => {
    test('is told so, with a reference, and may try as somebody else', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        visitor.expects(/status of 403/);
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('new.hire@acme.example');
        await visitor.seesHeading("You don't have access to Acme Dashboards");
        await visitor.look('causeway-not-assigned-at-okta');
        expect(await logged(visitor)).toMatchObject({
          msg: 'sign_in.refused',
          tenant: 'acme',
          connection: 'okta',
        });
        await visitor.click('Use another account');
        await visitor.signInAtOkta('grace.hall@acme.example');
        await visitor.seesPerson('Grace Hall');
      });
    });
  });

  describe('B13 somebody whom the application isn’t for', () => {
    test('is told so, with a reference; another account gets in', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        visitor.expects(/status of 403/);
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('cleo.marsh@acme.example');
        await visitor.seesHeading("You don't have access to Acme Dashboards");
        await visitor.page.getByText('cleo.marsh@acme.example').waitFor();
        await visitor.look('causeway-not-assigned');
        expect(await logged(visitor)).toMatchObject({
          msg: 'sign_in.refused',
          reason: 'not_assigned',
          application: 'dashboards',
        });
        await visitor.click('Use another account');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
      });
    });

    test('and the application, told of it, says so in its own words', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        visitor.expects(/status of 403/);
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('cleo.marsh@acme.example');
        await visitor.seesHeading("You don't have access to Acme Dashboards");
        await visitor.click('Back to Acme Dashboards');
        await visitor.seesHeading("You don't have access to this application");
        await visitor.page.getByText('access_denied: not_assigned').waitFor();
        await visitor.look('dashboards-denied');
      });
    });
  });

  describe('A8 several connections', () => {
    let asking: RunningApp;
    let choosing: RunningApp;

    beforeAll(async () => {
      [asking, choosing] = await Promise.all([
        startTenant(world(), 'initech', 'null'),
        startTenant(world(), 'hooli', 'chooser'),
      ]);
    });
    afterAll(async () => {
      await asking.stop();
      await choosing.stop();
    });

    test('the address decides, and Okta knows it already', async () => {
      const { visit, demo } = world();
      await visit(async (visitor) => {
        visitor.expects(/status of 400/);
        await visitor.open(asking.url);
        await visitor.click('Sign in');
        const email = visitor.page.getByRole('textbox');
        await email.waitFor();
        await visitor.look('causeway-email');
        await email.fill('somebody@unknown.example');
        await email.press('Enter');
        await visitor.page.getByText("We couldn't find a sign-in for that address").waitFor();
        await visitor.look('causeway-email-unknown');
        await visitor.page.getByRole('textbox').fill('bill@initech.example');
        await visitor.page.getByRole('textbox').press('Enter');
        const name = visitor.page.getByLabel('Username');
        await name.waitFor();
        expect(new URL(visitor.page.url()).origin).toBe(demo.okta.acme.url);
        expect(await name.inputValue()).toBe('bill@initech.example');
        await visitor.signInAtOkta('bill@initech.example');
        await visitor.seesPerson('Bill Person');
        expect(await visitor.fact('idp')).toBe('north');
      });
    });

    test('a chooser, where there is one, names them; each leads to its own Okta', async () => {
      const { visit, demo } = world();
      for (const [name, org, person] of [
        ['North', demo.okta.acme, 'peter@hooli.example'],
        ['South', demo.okta.globex, 'milton@hooli.example'],
      ] as const)
        await visit(async (visitor) => {
          await visitor.open(choosing.url);
          await visitor.click('Sign in');
          await visitor.page.getByText('North Okta').waitFor();
          if (name === 'North') await visitor.look('causeway-chooser');
          await visitor.click(new RegExp(name));
          await visitor.page.getByLabel('Username').waitFor();
          expect(new URL(visitor.page.url()).origin).toBe(org.url);
          await visitor.signInAtOkta(person);
          await visitor.click(/^Allow/);
          await visitor.page.getByRole('heading', { name: 'Tokens' }).waitFor();
          expect(await visitor.fact('idp')).toBe(name.toLowerCase());
        });
    });

    test('B14 consent: a no reaches the application, a yes is remembered', async () => {
      const { visit } = world();
      await visit(async (visitor) => {
        visitor.expects(/status of 403/);
        await visitor.open(choosing.url);
        await visitor.click('Sign in');
        await visitor.click('North Okta');
        await visitor.signInAtOkta('samir@hooli.example');
        await visitor.seesHeading(/wants to use your/);
        await visitor.look('causeway-consent');
        await visitor.click(/^Don't allow/);
        await visitor.seesHeading("You weren't let in");
        await visitor.click('Try again');
        await visitor.seesHeading(/wants to use your/);
        await visitor.click(/^Allow/);
        await visitor.seesPerson('Samir Person');
        await visitor.open(`${choosing.url}/login`);
        await visitor.seesPerson('Samir Person');
      });
    });
  });

  test('A14 an Okta that doesn’t answer: a page that says so, and the way back when it is well again', async () => {
    const { url, visit, demo } = world();
    const { failures } = demo.okta.globex.org;
    await visit(async (visitor) => {
      visitor.expects(/status of 50\d/);
      await visitor.open(url.globex);
      failures.set('token.http_503');
      await visitor.click('Sign in');
      await visitor.signInAtOkta('maria.silva@globex.example');
      await visitor.seesHeading(/isn't answering/);
      await visitor.look('causeway-okta-away');
      failures.heal();
      await visitor.click('Try again');
      await visitor.seesPerson('Maria Silva');
    });
  });
});

/** A tenant with an Okta in the north and one in the south, and an application of its own. */
async function startTenant({ demo }: World, slug: string, signIn: string): Promise<RunningApp> {
  const issuer = `${demo.causeway.url}/t/${slug}`;
  const ends = [
    { key: 'north', okta: demo.okta.acme, domain: `${slug}.example` },
    { key: 'south', okta: demo.okta.globex, domain: `${slug}.test` },
  ];
  for (const { key, okta } of ends)
    okta.org.addApp({
      label: slug,
      clientId: `0oa${slug}${key}`,
      clientSecret: SECRET,
      redirectUris: [`${issuer}/callback/${key}`],
      assign: 'everyone',
    });
  for (const login of ['bill@initech.example', 'peter@hooli.example', 'samir@hooli.example'])
    if (demo.okta.acme.org.directory.findUser(login) === undefined) demo.okta.acme.org.addUser({ login });
  if (demo.okta.globex.org.directory.findUser('milton@hooli.example') === undefined)
    demo.okta.globex.org.addUser({ login: 'milton@hooli.example' });
  const app = await startWebApp({
    look: { tenant: slug, name: 'Reports', accent: 'plum' },
    issuer,
    clientId: 'reports',
    clientSecret: SECRET,
    port: 0,
  });
  const tenant = {
    slug,
    parent: 'northwind',
    domains: ends.map(({ key, domain }) => ({ name: domain, verified: true, connection: key })),
    signIn: { default: signIn === 'null' ? null : signIn },
    connections: ends.map(({ key, okta }) => ({
      key,
      type: 'okta',
      name: `${key === 'north' ? 'North' : 'South'} Okta`,
      issuer: okta.issuer,
      clientId: `0oa${slug}${key}`,
      clientAuth: 'client_secret_post',
      clientSecret: { value: SECRET },
      scopes: ['openid', 'profile', 'email'],
      status: 'enforced',
    })),
    applications: [
      {
        clientId: 'reports',
        type: 'web',
        redirectUris: [`${app.url}/callback`],
        grantTypes: ['authorization_code', 'refresh_token'],
        tokenEndpointAuthMethod: 'client_secret_basic',
        clientSecret: { value: SECRET },
        consent: slug === 'hooli',
      },
    ],
  };
  await demo.causeway.command(['apply', '-f', '-', '--json'], JSON.stringify({ tenants: [tenant] }));
  return app;
}
