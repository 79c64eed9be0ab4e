import { describe, expect, test } from '@jest/globals';
import { browserPath, NO_BROWSER } from '../support/browser.js';
import { useWorld } from './support/world.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;

withBrowser(`an MSP's application${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  const world = useWorld();

  test('people of two customers each see their own Okta; the tokens are the MSP’s', async () => {
    const { demo, visit } = world();
    const tickets = demo.applicationUrls[demo.clientIds.indexOf('tickets')] ?? '';
    for (const [customer, username, name, roles] of [
      ['acme', 'grace.hall@acme.example', 'Grace Hall', ['viewer']],
      ['globex', 'maria.silva@globex.example', 'Maria Silva', ['admin']],
    ] as const)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await visit(async (visitor) => {
        await visitor.open(tickets);
        await visitor.click('Sign in');
        await visitor.look('tickets-email');
        await visitor.page.getByRole('textbox').fill(username);
        await visitor.click('Continue');
        await visitor.signInAtOkta(username);
        await visitor.seesPerson(name);
        expect(await visitor.roles()).toEqual(roles);
        expect(await visitor.fact('iss')).toBe(`${demo.causeway.url}/t/northwind`);
        expect(await visitor.fact('tenant')).toBe(customer);
        await visitor.click('Renew tokens');
        await visitor.page.getByText('The tokens were renewed.').waitFor();
        await visitor.click('Sign out');
        await visitor.page.getByText('You are signed out.').waitFor();
      });
  });
});
