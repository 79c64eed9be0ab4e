import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { stylesheet } from '../../src/pages/assets.js';
import { renderConsent } from '../../src/pages/consent/consent.js';
import type { Frame } from '../../src/pages/frame.js';
import { renderChooser } from '../../src/pages/sign-in/chooser.js';
import { renderContinue } from '../../src/pages/sign-in/continue.js';
import { renderDiscovery } from '../../src/pages/sign-in/discovery.js';
import { renderConfirmSignOut } from '../../src/pages/sign-out/confirm-sign-out.js';
import { renderSignedOut } from '../../src/pages/sign-out/signed-out.js';
import { renderDeadLink } from '../../src/pages/operators/dead-link.js';
import { renderStatus } from '../../src/pages/status/status-page.js';
import { gallery, nameSets, STYLESHEET_HREF } from './gallery.js';
import { skeletonOf, textOf, titleOf } from './reading.js';

const frame: Frame = {
  brand: { tenantName: 'Acme' },
  lang: 'en',
  stylesheetHref: STYLESHEET_HREF,
  applicationName: 'Grafana',
};
describe('every page', () => {
  const pages = gallery(nameSets.plain);

  test('stands in the gallery once', () => {
    expect(new Set(pages.map(({ id }) => id)).size).toBe(pages.length);
    expect(pages.length).toBeGreaterThan(80);
  });

  test.each(pages.map((page) => [page.id, page] as const))('%s is one whole small document', (_id, page) => {
    expect(page.html).toMatch(/^<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"\/>/u);
    expect(page.html.match(/<link /gu)).toHaveLength(2);
    expect(page.html.match(/<h1>/gu)).toHaveLength(1);
    expect(page.html).not.toMatch(/<script|<style|<iframe|<img|\sstyle=|\son\w+=/iu);
    expect(Buffer.byteLength(page.html) + Buffer.byteLength(stylesheet.body)).toBeLessThanOrEqual(10 * 1024);
    expect(titleOf(page.html).startsWith('Error: ')).toBe(page.error);
    expect(titleOf(page.html)).toMatch(/ - (?:Acme Inc\.|Causeway)$/u);
  });

  test('A-76 A-104 hostile and long names change no tag and no attribute', () => {
    const plain = gallery({ ...nameSets.plain, said: 'said' });
    for (const names of [nameSets.hostile, nameSets.long, nameSets.arabic]) {
      const other = gallery(names);
      plain.forEach((page, index) => {
        expect(skeletonOf(other[index]?.html ?? '')).toEqual(skeletonOf(page.html));
      });
    }
  });

  test('A-35 A-104 whatever names and words come in, the document keeps its shape', () => {
    const readable = fc.string({ unit: 'binary' }).map((text) => `x${text}`);
    const record = fc.record({
      tenant: readable,
      application: readable,
      connection: readable,
      account: readable,
      said: readable,
    });
    const shown = [
      'consent',
      'chooser',
      'discovery-typed',
      'signed-out',
      'error-bad_request',
      'upstream-unknown',
    ];
    const shapes = (names: Parameters<typeof gallery>[0]): readonly unknown[] =>
      gallery(names).flatMap(({ id, html }) => (shown.includes(id) ? [skeletonOf(html)] : []));
    const expected = shapes(nameSets.plain);
    fc.assert(
      fc.property(record, (names) => {
        expect(shapes(names)).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });
});

const inColour = (colour: string): string =>
  renderSignedOut({ ...frame, brand: { tenantName: 'Acme', colour } }, {});

describe('the frame', () => {
  test('a colour that can be read brings its own stylesheet; another does not', () => {
    expect(inColour('#7a1f5c')).toMatch(/href="\/assets\/pages-[0-9a-f]{12}-7a1f5c\.css"/u);
    expect(inColour('#ffff00')).toContain(`href="${STYLESHEET_HREF}"`);
  });

  test("a stylesheet that isn't ours is taken as it is", () => {
    const html = renderSignedOut(
      { ...frame, stylesheetHref: '/own.css', brand: { tenantName: 'A', colour: '#123' } },
      {},
    );
    expect(html).toContain('<link rel="stylesheet" href="/own.css"/>');
    expect(html).not.toContain('rel="icon"');
  });

  test('title: page, application, tenant; a name that is both stands once', () => {
    expect(titleOf(renderChooser(frame, { choices: [] }))).toBe('Choose how to sign in - Grafana - Acme');
    const own = { ...frame, applicationName: undefined };
    expect(titleOf(renderChooser(own, { choices: [] }))).toBe('Choose how to sign in - Acme');
    const same = { ...frame, applicationName: 'Acme' };
    expect(titleOf(renderChooser(same, { choices: [] }))).toBe('Choose how to sign in - Acme');
  });
});

describe('discovery', () => {
  const model = { action: '/t/acme/sign-in/1', hidden: { xsrf: 'a"b' } };

  test('asks, keeps what was typed, carries what it was given', () => {
    const html = renderDiscovery(frame, { ...model, email: 'ada@acme.example', fieldName: 'login_hint' });
    expect(textOf(html)).toContain('Sign in to Grafana');
    expect(html).toContain('action="/t/acme/sign-in/1" method="post"');
    expect(html).toContain('<input type="hidden" name="xsrf" value="a&quot;b"/>');
    expect(html).toMatch(/<input id="email"[^>]* name="login_hint" value="ada@acme\.example"/u);
    expect(html).not.toContain('aria-invalid');
  });

  test('A-110 an unknown domain and one without connection read the same', () => {
    const text = textOf(renderDiscovery(frame, { ...model, fault: 'unknown' }));
    expect(text).toContain(
      "We couldn't find a sign-in for that address. Check the spelling or ask your IT team.",
    );
  });

  test('a fault is tied to its field', () => {
    const html = renderDiscovery(frame, { ...model, fault: 'empty' });
    expect(html).toContain('id="email-fault"');
    expect(html).toMatch(/aria-invalid="true" aria-describedby="email-fault"/u);
  });

  test('a form never posts to a script', () => {
    expect(() => renderDiscovery(frame, { action: 'javascript:alert(1)' })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

test("the chooser keeps the caller's order and leaves out what it may not link to", () => {
  const html = renderChooser(frame, {
    choices: [
      { name: 'Acme Okta', href: '/a', lastUsed: true },
      { name: 'Bad', href: 'javascript:alert(1)' },
      { name: 'Local', href: '/b' },
    ],
    anotherEmailHref: '/c',
  });
  expect([...html.matchAll(/<a [^>]*href="([^"]*)"/gu)].map(([, href]) => href)).toEqual(['/a', '/b', '/c']);
  expect(html).not.toContain('<form');
});

describe('continue', () => {
  test('goes on by itself and by a button', () => {
    const html = renderContinue(frame, {
      targetName: 'Acme Okta',
      href: 'https://acme.okta.com/a?x=1&y=2;3',
    });
    expect(html).toContain(
      '<meta http-equiv="refresh" content="0;url=https://acme.okta.com/a?x=1&amp;y=2;3"/>',
    );
    expect(html).toContain('class="button primary" href="https://acme.okta.com/a?x=1&amp;y=2;3"');
    expect(titleOf(html)).toBe('Continue to Acme Okta - Grafana - Acme');
  });

  test.each([['javascript:alert(1)'], ['//evil.example'], ['']])('never to %j', (href) => {
    expect(() => renderContinue(frame, { targetName: 'x', href })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

describe('consent', () => {
  const html = renderConsent(
    { ...frame, applicationName: 'Reports' },
    {
      action: '/consent',
      hidden: { xsrf: '1' },
      permissions: [
        { scope: 'openid' },
        { scope: 'email', description: 'never shown' },
        { scope: 'reports:read', description: 'Read <b>reports</b>' },
        { scope: 'constructor' },
      ],
      signedInAs: 'ada@acme.example',
      returnsToHost: 'reports.example',
    },
  );
  const text = textOf(html);

  test('says who wants what in plain words', () => {
    expect(text).toContain('Reports wants to use your Acme account');
    expect(text).toContain('Know that it is you\nSee your email address\nRead <b>reports</b>\nconstructor');
    expect(text).not.toContain('never shown');
    expect(text).toContain('You then go back to reports.example. You can withdraw this in your portal.');
  });

  test('takes one of two answers', () => {
    expect(html).toMatch(/value="allow" name="decision"><span>Allow</u);
    expect(html).toMatch(/value="deny" name="decision"><span>Don&#x27;t allow</u);
  });
});

describe('signing out', () => {
  test('the form is the one that oidc-provider reads', () => {
    const html = renderConfirmSignOut(frame, {
      action: '/confirm',
      hidden: { xsrf: 's' },
      offerOnlyApplication: true,
    });
    expect(html).toContain('<form class="stack flush" id="op.logoutForm" action="/confirm" method="post">');
    expect(html).toContain('<input type="hidden" name="xsrf" value="s"/>');
    expect(html.match(/value="yes" name="logout"/gu)).toHaveLength(1);
    expect(textOf(html)).toContain('Sign out\nSign out of Grafana only');
  });

  test('without an application there is nothing to leave alone', () => {
    const own = { ...frame, applicationName: undefined };
    const text = textOf(renderConfirmSignOut(own, { action: '/confirm', offerOnlyApplication: true }));
    expect(text).toContain('Sign out of Acme?');
    expect(text).not.toContain('only');
  });

  test('afterwards both ways on are offered', () => {
    const html = renderSignedOut(frame, {
      connectionName: 'Acme Okta',
      upstreamSignOutHref: 'https://acme.okta.com/oauth2/v1/logout',
      applicationHref: 'https://grafana.acme.example',
    });
    expect(textOf(html)).toContain("You're signed out of Grafana");
    expect(textOf(html)).toContain('Sign out of Acme Okta too');
    expect(textOf(html)).toContain('Back to Grafana');
  });
});

describe('status', () => {
  const healthy = {
    version: '0.1.0',
    uptimeSeconds: 61,
    database: { kind: 'embedded', state: 'ok' },
    checks: [{ name: 'Schema', state: 'ok' }],
  } as const;

  test('says that it runs, and what to type next', () => {
    const text = textOf(renderStatus(frame, healthy));
    expect(text).toContain('Causeway is running');
    expect(text).toContain('1 minute 1 second');
    expect(text).toContain('npm run cli -- apply -f causeway.yaml');
    expect(text).toContain('npm run cli -- doctor');
    expect(text).toContain('npm run cli -- token create --system --role console:owner');
  });

  test.each([
    ['the database', { ...healthy, database: { kind: 'external', state: 'failing' } as const }],
    ['a check', { ...healthy, checks: [{ name: 'Schema', state: 'failing', detail: 'Old' } as const] }],
  ])('%s that fails is said in words and in the title', (_what, model) => {
    const html = renderStatus(frame, model);
    expect(titleOf(html)).toMatch(/^Error: Status/u);
    expect(textOf(html)).toContain('Causeway needs attention');
    expect(textOf(html)).toContain('Fails');
  });

  test.each([
    ['used', 'This link was used before'],
    ['late', 'This link has ended'],
    ['unknown', "This link isn't right"],
  ] as const)('a one-time link that is %s says how to get another', (state, heading) => {
    for (const kind of ['first_run', 'enrolment'] as const) {
      const text = textOf(renderDeadLink(frame, { kind, state }));
      expect(text).toContain(heading);
      expect(text).toContain('npm run cli -- admin create --username NAME');
    }
  });
});
