import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { DEMO_ORGS } from '../../demo/okta/demo-orgs.js';
import { provisioningOf } from '../../demo/provisioning.js';
import { browserPath, NO_BROWSER } from '../support/browser.js';
import type { Visitor } from './support/visitor.js';
import { useWorld } from './support/world.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;

const ENDED = 'Your access was ended from elsewhere';
const { app: APP, token: TOKEN } = DEMO_ORGS.acme.provisioning;

async function leaveGroup({ page }: Visitor, group: string): Promise<void> {
  const row = page.getByRole('listitem').filter({ hasText: group });
  await row.getByRole('button', { name: 'Remove' }).click();
  await row.waitFor({ state: 'detached' });
}

async function addToGroup({ page }: Visitor, group: string): Promise<void> {
  await page.getByLabel('Add to group').selectOption({ label: group });
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('listitem').filter({ hasText: group }).waitFor();
}

/** Loads the open page of Dashboards until it says that the access was ended. */
async function seesTheEnd({ page }: Visitor): Promise<void> {
  const notice = page.getByRole('status').filter({ hasText: ENDED });
  for (let left = 40; left > 0 && !(await notice.isVisible()); left -= 1) {
    await page.waitForTimeout(250);
    await page.reload();
  }
  await notice.waitFor();
}

const roleIn = (page: Page): Promise<string[]> => page.locator('.person .pill').allInnerTexts();

withBrowser(`provisioning by Okta${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  const world = useWorld();

  /** Until all that was changed in Okta has reached Causeway, or failed. */
  const pushed = (): Promise<void> => provisioningOf('acme', world().demo.okta.acme).idle();

  /** An Okta admin at the page of a person. */
  async function atPerson(admin: Visitor, name: string): Promise<void> {
    await admin.open(`${world().demo.okta.acme.url}/admin`);
    await admin.page.getByRole('navigation').getByRole('link', { name: 'People' }).click();
    await admin.click(name);
    await admin.seesHeading(name);
  }

  /** Another tab of this person's browser, signed in to Notes. */
  async function notesBeside(visitor: Visitor, name: string): Promise<Page> {
    const notes = await visitor.context.newPage();
    await notes.goto(world().url.notes);
    await notes.getByRole('button', { name: 'Sign in' }).click();
    await notes.getByRole('heading', { name }).waitFor();
    return notes;
  }

  async function signIn(visitor: Visitor, username: string, name: string): Promise<void> {
    await visitor.open(world().url.dashboards);
    await visitor.click('Sign in');
    await visitor.signInAtOkta(username);
    await visitor.seesPerson(name);
  }

  test('another group is another role at the next renewal; who is deactivated is out, and comes back as the same', async () => {
    const { visit } = world();
    await visit(async (ada) => {
      await signIn(ada, 'ada.byron@acme.example', 'Ada Byron');
      const subject = await ada.fact('sub');
      const notes = await notesBeside(ada, 'Ada Byron');
      expect([await ada.roles(), await roleIn(notes)]).toEqual([['admin'], ['admin']]);
      await visit(async (admin) => {
        await atPerson(admin, 'Ada Byron');
        await addToGroup(admin, 'Support');
        await leaveGroup(admin, 'Engineering');
        await pushed();
        await notes.getByRole('button', { name: 'Renew now' }).click();
        await notes.getByLabel('Renewals').getByText('asked for').waitFor();
        expect(await roleIn(notes)).toEqual(['viewer']);
        await ada.click('Renew tokens');
        await ada.page.getByText('The tokens were renewed.').waitFor();
        expect([await ada.roles(), await ada.fact('sub')]).toEqual([['viewer'], subject]);

        await admin.click('Deactivate');
        await admin.page.getByRole('button', { name: 'Activate', exact: true }).waitFor();
        await pushed();
        await seesTheEnd(ada);
        await ada.look('dashboards-ended');
        await notes.getByRole('button', { name: 'Renew now' }).click();
        await notes.getByRole('heading', { name: 'Please sign in again' }).waitFor();
        await ada.click('Sign in');
        await ada.signInAtOkta('ada.byron@acme.example');
        await ada.page.getByText('Unable to sign in').waitFor();

        await admin.click('Activate');
        await admin.page.getByRole('button', { name: 'Deactivate' }).waitFor();
        await pushed();
        await signIn(ada, 'ada.byron@acme.example', 'Ada Byron');
        expect([await ada.fact('sub'), await ada.roles()]).toEqual([subject, ['viewer']]);
      });
    });
  });

  test('who loses the app in Okta is out while still signed in there, and is told so', async () => {
    const { visit, demo } = world();
    await visit(async (linus) => {
      await signIn(linus, 'linus.berg@acme.example', 'Linus Berg');
      await visit(async (admin) => {
        await atPerson(admin, 'Linus Berg');
        await leaveGroup(admin, 'Staff');
        await pushed();
      });
      await seesTheEnd(linus);
      linus.expects(/status of 403/);
      await linus.click('Sign in');
      await linus.seesHeading(/access/);
      expect(demo.okta.acme.org.provisioning(APP).tasks).toEqual([]);
    });
  });

  test('a push that Causeway refuses is a task in Okta, in Causeway’s words, until it is mended', async () => {
    const { visit, demo } = world();
    await visit(async (admin) => {
      const at = `${demo.okta.acme.url}/admin`;
      const connect = async (authorization: string): Promise<void> => {
        await admin.open(at);
        await admin.page.getByRole('navigation').getByRole('link', { name: 'Applications' }).click();
        await admin.page.getByRole('link', { name: APP, exact: true }).click();
        await admin.page.getByRole('link', { name: 'Provisioning', exact: true }).click();
        await admin.page.getByLabel('Authorization').fill(authorization);
        await admin.click('Save');
      };
      await connect('Bearer not-the-token');
      await admin.page.getByText('Error authenticating').waitFor();
      await admin.look('okta-provisioning-refused');
      await atPerson(admin, 'Grace Hall');
      await admin.page.getByLabel('Last name').fill('Halloway');
      await admin.click('Save');
      await admin.seesHeading('Grace Halloway');
      await pushed();
      await admin.page.getByRole('navigation').getByRole('link', { name: 'Tasks' }).click();
      const task = admin.page.getByRole('row').filter({ hasText: 'grace.hall@acme.example' });
      expect(await task.innerText()).toContain(
        'Unauthorized. Errors reported by remote server: The token is missing, unknown, expired or of another tenant.',
      );
      await admin.look('okta-tasks');
      await connect(`Bearer ${TOKEN}`);
      await admin.page.getByText('verified successfully').waitFor();
      await admin.page.getByRole('navigation').getByRole('link', { name: 'Tasks' }).click();
      await admin.click('Retry');
      await admin.page.getByText('no provisioning has failed').waitFor();
    });
  });
});
