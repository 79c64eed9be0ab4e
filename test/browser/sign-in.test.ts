import { describe, expect, test } from '@jest/globals';
import { browserPath, NO_BROWSER } from '../support/browser.js';
import { useWorld } from './support/world.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;

withBrowser(`signing in and out${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  const world = useWorld();

  describe('an application with a server', () => {
    test('from the first click to the roles, the person sees Okta and nothing else between', async () => {
      const { url, visit, demo } = world();
      await visit(async (visitor) => {
        await visitor.open(url.dashboards);
        await visitor.seesHeading('Welcome to Acme Dashboards');
        await visitor.look('dashboards-welcome');
        await visitor.click('Sign in');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
        await visitor.look('dashboards-home');
        expect(await visitor.roles()).toEqual(['admin']);
        expect(await visitor.fact('iss')).toBe(`${demo.causeway.url}/t/acme`);
        expect(await visitor.fact('tenant')).toBe('acme');
        expect(await visitor.fact('idp')).toBe('okta');
        expect(await visitor.fact('form')).toMatch(/^JWT \(at\+jwt\), signed with RS256/);
        const between = visitor.seen
          .map(({ origin }) => origin)
          .filter((origin) => origin !== url.dashboards);
        expect([...new Set(between)]).toEqual([demo.okta.acme.url]);
      });
    });

    test('a role less opens less; one more application asks for nothing', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('grace.hall@acme.example');
        await visitor.seesPerson('Grace Hall');
        expect(await visitor.roles()).toEqual(['viewer']);
        expect(await visitor.page.locator('.permissions li.yes').count()).toBe(1);
        await visitor.open(url.notes);
        await visitor.click('Sign in');
        await visitor.seesPerson('Grace Hall');
      });
    });

    test('tokens are renewed, and say the same', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
        const [subject, session] = [await visitor.fact('sub'), await visitor.fact('sid')];
        for (let times = 0; times < 2; times += 1) {
          await visitor.click('Renew tokens');
          await visitor.page.getByText('The tokens were renewed.').waitFor();
        }
        expect([await visitor.fact('sub'), await visitor.fact('sid')]).toEqual([subject, session]);
        expect(await visitor.roles()).toEqual(['admin']);
      });
    });

    test('another customer: a key instead of a secret, ES256, the default role, an opaque token', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        await visitor.open(url.globex);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('hank.scorpio@globex.example');
        await visitor.seesPerson('Hank Scorpio');
        expect(await visitor.roles()).toEqual(['viewer']);
        expect(await visitor.fact('tenant')).toBe('globex');
        expect(await visitor.fact('form')).toMatch(/^opaque/);
      });
    });

    test('the same sub at the second visit', async () => {
      const { url, visit } = world();
      const subjects: string[] = [];
      for (let times = 0; times < 2; times += 1)
        await visit(async (visitor) => {
          await visitor.open(url.globex);
          await visitor.click('Sign in');
          await visitor.signInAtOkta('maria.silva@globex.example');
          await visitor.seesPerson('Maria Silva');
          subjects.push(await visitor.fact('sub'));
        });
      expect(subjects[0]).toBe(subjects[1]);
    });
  });

  describe('A7 tiles on Okta’s dashboard', () => {
    test.each([
      ['Acme Dashboards', 'dashboards'],
      ['Acme Notes', 'notes'],
    ] as const)('%s: one click lands in it, signed in', async (tile, application) => {
      const { url, visit, demo } = world();
      await visit(async (visitor) => {
        await visitor.open(demo.okta.acme.url);
        await visitor.signInAtOkta('linus.berg@acme.example');
        await visitor.click(tile);
        await visitor.seesPerson('Linus Berg');
        expect(new URL(visitor.page.url()).origin).toBe(url[application]);
      });
    });

    test('Globex Dashboards: the integration itself is the tile', async () => {
      const { url, visit, demo } = world();
      await visit(async (visitor) => {
        await visitor.open(demo.okta.globex.url);
        await visitor.signInAtOkta('maria.silva@globex.example');
        await visitor.click('Globex Dashboards');
        await visitor.seesPerson('Maria Silva');
        expect(new URL(visitor.page.url()).origin).toBe(url.globex);
      });
    });

    test('A-38 a tile that names another Okta leads to a page that says so, and nowhere else', async () => {
      const { visit, demo } = world();
      await visit(async (visitor) => {
        visitor.expects(/status of 400/);
        const address = `${demo.causeway.url}/t/acme/initiate/okta/dashboards`;
        await visitor.open(`${address}?iss=${encodeURIComponent(demo.okta.globex.url)}`);
        await visitor.seesHeading("We can't use this request");
      });
    });
  });

  describe('another account', () => {
    test('the application asks for somebody else, and Okta asks who', async () => {
      const { url, visit } = world();
      await visit(async (visitor) => {
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
        await visitor.click('Sign in as someone else');
        await visitor.signInAtOkta('grace.hall@acme.example');
        await visitor.seesPerson('Grace Hall');
        expect(await visitor.roles()).toEqual(['viewer']);
        // The other application follows: it is one browser, one session at the issuer.
        await visitor.open(url.notes);
        await visitor.click('Sign in');
        await visitor.seesPerson('Grace Hall');
      });
    });
  });

  describe('signing out', () => {
    test('is out: of the application, and of the issuer for every other one', async () => {
      const { url, visit, demo } = world();
      await visit(async (visitor) => {
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
        const other = await visitor.context.newPage();
        await other.goto(url.notes);
        await other.getByRole('button', { name: 'Sign in' }).click();
        await other.getByRole('heading', { name: 'Ada Byron' }).waitFor();
        await other.getByLabel('Hidden frame').check();
        await other.getByText('way changed').waitFor();
        await visitor.click('Sign out');
        await visitor.page.getByText('You are signed out.').waitFor();
        await visitor.look('dashboards-signed-out');
        expect(visitor.page.url()).toBe(`${url.dashboards}/signed-out`);
        // The other application still holds an access token; its next renewal finds that the session is over.
        await other.getByRole('button', { name: 'Renew now' }).click();
        await other.getByRole('heading', { name: 'Please sign in again' }).waitFor();
        // At Okta they are signed in still. Signed out there too, the next sign-in asks for everything.
        await visitor.open(`${demo.okta.acme.url}/login/signout`);
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.page.getByLabel('Username').waitFor();
      });
    });

    test('a link from elsewhere signs nobody out: the person is asked', async () => {
      const { url, visit, demo } = world();
      await visit(async (visitor) => {
        await visitor.open(url.dashboards);
        await visitor.click('Sign in');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
        await visitor.open(`${demo.causeway.url}/t/acme/oauth2/v1/logout`);
        await visitor.look('causeway-confirm-sign-out');
        await visitor.open(url.dashboards);
        await visitor.click('Renew tokens');
        await visitor.page.getByText('The tokens were renewed.').waitFor();
        await visitor.open(`${demo.causeway.url}/t/acme/oauth2/v1/logout`);
        await visitor.click(/^Sign out/);
        await visitor.seesHeading(/signed out/i);
        await visitor.look('causeway-signed-out');
      });
    });
  });
});
