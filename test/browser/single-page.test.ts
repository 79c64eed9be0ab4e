import { describe, expect, test } from '@jest/globals';
import { browserPath, NO_BROWSER } from '../support/browser.js';
import type { Visitor } from './support/visitor.js';
import { useWorld } from './support/world.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;

/** The lines of the page's list of renewals, the newest first. */
const renewals = (visitor: Visitor) => visitor.page.getByLabel('Renewals').getByRole('listitem');

withBrowser(`a single-page application${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  const world = useWorld();

  /** Signed in to Notes, and the forms that its page has sent to the token endpoint since. */
  async function atNotes(visitor: Visitor, username = 'ada.byron@acme.example'): Promise<URLSearchParams[]> {
    const forms: URLSearchParams[] = [];
    visitor.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/oauth2/v1/token'))
        forms.push(new URLSearchParams(request.postData() ?? ''));
    });
    await visitor.open(world().url.notes);
    await visitor.click('Sign in');
    await visitor.signInAtOkta(username);
    await visitor.page.getByRole('timer').waitFor();
    return forms;
  }

  test('signs in with PKCE and no secret, and leaves neither code nor state in the address', async () => {
    const { url, visit } = world();
    await visit(async (visitor) => {
      await visitor.open(url.notes);
      await visitor.look('notes-welcome');
      const forms = await atNotes(visitor);
      await visitor.look('notes-home');
      expect(visitor.page.url()).toBe(`${url.notes}/`);
      expect(await visitor.roles()).toEqual(['admin']);
      expect(await visitor.fact('amr')).toBe('pwd');
      expect(await visitor.fact('groups')).toMatch(/Engineering\s+Everyone\s+Managers/);
      const [form] = forms;
      expect(Object.fromEntries(form ?? [])).toEqual({
        grant_type: 'authorization_code',
        client_id: 'notes',
        code: expect.any(String),
        code_verifier: expect.any(String),
        redirect_uri: `${url.notes}/callback`,
      });
    });
  });

  test('somebody without a role gets in: it asks for none', async () => {
    const { visit } = world();
    await visit(async (visitor) => {
      await atNotes(visitor, 'cleo.marsh@acme.example');
      expect(await visitor.roles()).toEqual(['no role']);
    });
  });

  test('counts down, and renews by itself a minute before the end', async () => {
    const { visit } = world();
    await visit(async (visitor) => {
      const { page } = visitor;
      await page.clock.install();
      await atNotes(visitor);
      expect(await page.getByRole('timer').innerText()).toMatch(/^(5:00|4:5\d) left$/);
      await page.clock.fastForward(180_000);
      expect(await page.getByRole('timer').innerText()).toMatch(/^(2:00|1:5\d) left$/);
      await page.clock.fastForward(65_000);
      await renewals(visitor).filter({ hasText: 'by itself' }).waitFor();
      expect(await page.getByRole('timer').innerText()).not.toMatch(/^0:/);
    });
  });

  test('B4 renews by refresh tokens, each used once', async () => {
    const { visit } = world();
    await visit(async (visitor) => {
      const forms = await atNotes(visitor);
      expect(await visitor.page.getByLabel('Refresh token').isChecked()).toBe(true);
      for (let times = 1; times <= 3; times += 1) {
        await visitor.click('Renew now');
        await expect(
          renewals(visitor)
            .nth(times - 1)
            .waitFor(),
        ).resolves.toBeUndefined();
      }
      const used = forms.map((form) => form.get('refresh_token')).filter((token) => token !== null);
      expect(used).toHaveLength(3);
      expect(new Set(used).size).toBe(3);
      expect(visitor.page.frames()).toHaveLength(1);
    });
  });

  test('B5 renews in a hidden frame, which nobody sees', async () => {
    const { visit, demo } = world();
    await visit(async (visitor) => {
      const forms = await atNotes(visitor);
      const frames: string[] = [];
      visitor.page.on('framenavigated', (frame) => {
        if (frame.parentFrame() !== null && frame.url() !== 'about:blank') frames.push(frame.url());
      });
      await visitor.page.getByLabel('Hidden frame').check();
      await renewals(visitor).filter({ hasText: 'way changed' }).waitFor();
      await visitor.click('Renew now');
      await renewals(visitor).filter({ hasText: 'asked for' }).waitFor();
      await visitor.look('notes-renewed');
      expect(frames.map((address) => new URL(address).pathname)).toEqual(['/silent.html', '/silent.html']);
      expect(forms.map((form) => form.get('grant_type'))).toEqual(Array(3).fill('authorization_code'));
      expect(await visitor.fact('refresh token')).toBe('none');
      const cookies = await visitor.context.cookies(`${demo.causeway.url}/t/acme/`);
      expect(cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toContainEqual({
        name: 'cw_s_acme',
        httpOnly: true,
        sameSite: 'Lax',
      });
    });
  });

  test('and back to refresh tokens', async () => {
    const { visit } = world();
    await visit(async (visitor) => {
      const forms = await atNotes(visitor);
      await visitor.page.getByLabel('Hidden frame').check();
      await renewals(visitor).nth(0).waitFor();
      await visitor.page.getByLabel('Refresh token').check();
      await renewals(visitor).nth(1).waitFor();
      expect(await visitor.fact('refresh token')).toBe('yes, in memory');
      await visitor.click('Renew now');
      await renewals(visitor).nth(2).waitFor();
      expect(forms.at(-1)?.get('grant_type')).toBe('refresh_token');
    });
  });

  test('a reload finds the person again, without a click and without a stored token', async () => {
    const { visit } = world();
    await visit(async (visitor) => {
      await atNotes(visitor);
      const stored = await visitor.page.evaluate<string>(
        'JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])',
      );
      expect(stored).toBe('[[],[["was-signed-in","yes"]]]');
      await visitor.page.reload();
      await visitor.seesPerson('Ada Byron');
    });
  });

  test('without the session at the issuer, a frame says at once that the person must sign in', async () => {
    const { visit } = world();
    await visit(async (visitor) => {
      await atNotes(visitor);
      await visitor.page.getByLabel('Hidden frame').check();
      await renewals(visitor).nth(0).waitFor();
      await visitor.context.clearCookies();
      const began = Date.now();
      await visitor.click('Renew now');
      await visitor.seesHeading('Please sign in again');
      expect(Date.now() - began).toBeLessThan(4_000);
      await visitor.look('notes-over');
      await visitor.click('Try again');
      await visitor.signInAtOkta('ada.byron@acme.example');
      await visitor.seesPerson('Ada Byron');
    });
  });

  test('a frame that finds another person signed in takes nothing of theirs', async () => {
    const { url, visit } = world();
    await visit(async (visitor) => {
      await atNotes(visitor);
      await visitor.page.getByLabel('Hidden frame').check();
      await renewals(visitor).nth(0).waitFor();
      const other = await visitor.context.newPage();
      await other.goto(`${url.dashboards}/login?another`);
      await other.getByRole('button', { name: 'Grace Hall' }).click();
      await other.getByRole('heading', { name: 'Grace Hall' }).waitFor();
      await visitor.click('Renew now');
      await visitor.seesHeading('Please sign in again');
    });
  });

  test('signing out gives the refresh token back, and ends the session at the issuer', async () => {
    const { url, visit, demo } = world();
    await visit(async (visitor) => {
      await atNotes(visitor);
      const revoked = visitor.page.waitForResponse((response) =>
        response.url().endsWith('/oauth2/v1/revoke'),
      );
      await visitor.click('Sign out');
      expect((await revoked).status()).toBe(200);
      await visitor.page.getByText('You are signed out.').waitFor();
      expect(visitor.page.url()).toBe(`${url.notes}/signed-out`);
      await visitor.look('notes-signed-out');
      await visitor.open(url.notes);
      await visitor.seesHeading('Welcome to Acme Notes');
      const names = (await visitor.context.cookies(`${demo.causeway.url}/t/acme/`)).map(({ name }) => name);
      expect(names).not.toContain('cw_s_acme');
    });
  });

  test('an answer that nobody asked for is told in words', async () => {
    const { url, visit } = world();
    await visit(async (visitor) => {
      await visitor.open(`${url.notes}/callback?error=access_denied&state=somebody-elses`);
      await visitor.seesHeading("That sign-in didn't work");
      await visitor.look('notes-fault');
      expect(visitor.page.url()).toBe(`${url.notes}/`);
      await visitor.click('Try again');
      await visitor.page.getByLabel('Username').waitFor();
    });
  });
});
