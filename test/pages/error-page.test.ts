import { describe, expect, test } from '@jest/globals';

import { UPSTREAM_CAUSES, type UpstreamCause } from '../../src/domain/connection/diagnosis/cause.js';
import { oktaPath, upstreamDiagnosisOf } from '../../src/domain/connection/diagnosis/causes.js';
import { type ErrorModel, errorStatus, renderError } from '../../src/pages/error/error-page.js';
import type { ErrorReason } from '../../src/pages/error/strings.js';
import type { Frame } from '../../src/pages/frame.js';
import { STYLESHEET_HREF } from './gallery.js';
import { headingOf, textOf, titleOf } from './reading.js';

const APP = 'Applications and Resources → Applications → the app';
const frame: Frame = {
  brand: { tenantName: 'Acme' },
  lang: 'en',
  stylesheetHref: STYLESHEET_HREF,
  applicationName: 'Grafana',
};
const filled = (text: string): string =>
  text.replace('{connection}', 'Acme Okta').replace('{application}', 'Grafana');
const failure: ErrorModel = {
  reason: 'not_assigned',
  connectionName: 'Acme Okta',
  signedInAs: 'ada@other.example',
  reference: 'cw-7K2M-QX4D',
  at: new Date('2026-11-22T10:04:31.000Z'),
};
describe('errors', () => {
  const actions = { tryAgain: '/again', useAnother: '/another', myApps: '/portal', otherWays: '/ways' };

  test.each<[reason: ErrorReason, heading: string, text: string, buttons: string[]]>([
    [
      'not_assigned',
      "You don't have access to Grafana",
      "You aren't assigned to it. Ask your IT team to assign you and give them the reference.",
      ['Try again', 'Use another account'],
    ],
    [
      'no_role',
      'You have no role in Grafana yet',
      'You signed in, but none of your groups gives access. Ask your IT team for access.',
      ['My apps', 'Use another account'],
    ],
    [
      'scim_deprovisioned',
      'Your account is switched off',
      "Your organization has ended your access. If that's wrong, your IT team can turn it on in Okta.",
      ['Use another account'],
    ],
    [
      'provisioning_off',
      "Your account isn't here yet",
      'Your organization adds people before they can sign in. ' +
        'If you were added just now, try again in a minute.',
      ['Try again'],
    ],
    [
      'upstream_unavailable',
      "Acme Okta isn't answering",
      "It's not your password. Try again in a minute.",
      ['Try again', 'Other ways to sign in'],
    ],
    [
      'upstream_refused',
      'Acme Okta stopped this sign-in',
      "A sign-in rule of your organization didn't allow it. Your IT team can see why with the reference.",
      ['Try again'],
    ],
    [
      'mfa_required',
      'Grafana needs a stronger sign-in',
      "Use your second factor when Okta asks. If it doesn't ask, your IT team must allow it.",
      ['Sign in again'],
    ],
    [
      'expired',
      'This sign-in took too long',
      'For your safety it ended after 10 minutes. Nothing is wrong with your account.',
      ['Start again'],
    ],
    [
      'other_browser',
      'Finish in the browser you started in',
      'This page belongs to a sign-in in another browser or a private window, or cookies are blocked.',
      ['Start again'],
    ],
    [
      'app_misconfigured',
      "Grafana's sign-in isn't set up correctly",
      "It sent an address that isn't registered, so we didn't send you there. " +
        'Tell the people who run Grafana.',
      [],
    ],
    [
      'connection_disabled',
      'Sign-in through Acme Okta is off or needs repair',
      "It can't be used right now. Your IT team can see why with the reference.",
      ['Other ways to sign in', 'Try again'],
    ],
    [
      'connection_broken',
      'Sign-in through Acme Okta is off or needs repair',
      "It can't be used right now. Your IT team can see why with the reference.",
      ['Other ways to sign in', 'Try again'],
    ],
    [
      'domain_mismatch',
      'That account belongs elsewhere',
      "You signed in as ada@other.example, but this sign-in is for Acme's addresses. Use your Acme account.",
      ['Use another account'],
    ],
    ['tenant_suspended', "Acme's sign-in is paused", 'Ask your IT team.', []],
    ['access_ended', 'Your access to Acme is over', 'Ask for it again in your console.', ['My apps']],
    ['too_many_tries', 'Too many tries', 'Wait 30 seconds, then try again.', ['Try again']],
  ])('%s', (reason, heading, text, buttons) => {
    const html = renderError(frame, { ...failure, reason, actions });
    expect(headingOf(html)).toBe(heading);
    expect(textOf(html)).toContain(text);
    expect([...html.matchAll(/class="button[^>]*><span>([^<]*)</gu)].map(([, label]) => label)).toEqual(
      buttons,
    );
    expect(titleOf(html)).toBe(`Error: ${heading} - Grafana - Acme`);
    expect(textOf(html)).toContain('Reference\ncw-7K2M-QX4D\nTime\n22 Nov 2026, 10:04 UTC');
    expect(textOf(html)).toContain('Signed in as ada@other.example.Not you?');
    expect(errorStatus(reason)).toBeGreaterThanOrEqual(400);
  });

  test('only what helps with the reason, and only what may be linked, becomes a button', () => {
    const html = renderError(frame, {
      ...failure,
      actions: { tryAgain: 'javascript:x', useAnother: '/u', myApps: '/p' },
    });
    expect(html).not.toMatch(/javascript|href="\/p"/u);
    expect(html).toContain('class="button primary" href="/u"');
  });

  test('names of the failure win over those of the frame', () => {
    const html = renderError(frame, {
      ...failure,
      applicationName: 'Wiki',
      tenantName: 'Globex',
      reason: 'domain_mismatch',
    });
    expect(titleOf(html)).toBe('Error: That account belongs elsewhere - Wiki - Acme');
    expect(textOf(html)).toContain('Use your Globex account.');
  });

  test('A-35 what is wrong with a request is quoted as text, cut, and only where one is at fault', () => {
    const detail = `<script>alert(1)</script>\u202e${'y'.repeat(400)}`;
    const html = renderError(frame, { ...failure, reason: 'bad_request', detail });
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('\u202e');
    expect(/<blockquote><bdi>(.*?)<\/bdi>/u.exec(html)?.[1]).toMatch(/y{200,}…$/u);
    expect(renderError(frame, { ...failure, detail })).not.toContain('blockquote');
  });
});

describe("an upstream's failure", () => {
  test.each([...UPSTREAM_CAUSES])(
    '%s tells the person, and keeps the way to mend it for the admin',
    (cause) => {
      const { reason, person, admin } = upstreamDiagnosisOf(cause);
      const html = renderError(frame, { ...failure, reason, okta: { told: person } });
      expect(textOf(html)).toContain(filled(person.what));
      expect(textOf(html)).toContain(filled(person.whatToDo));
      expect(textOf(html)).not.toContain(admin.cure);
      expect(html).not.toMatch(/→|Client Credentials|client_|secret/u);
      expect(html).not.toContain('blockquote');
    },
  );

  test('A-35 its own words are quoted as its own, as text, at most 300 characters', () => {
    const said = `${'z'.repeat(290)}<img src=x onerror=alert(1)>`;
    const html = renderError(frame, {
      ...failure,
      reason: 'upstream_refused',
      okta: { told: upstreamDiagnosisOf('access_denied').person, said },
    });
    expect(textOf(html)).toContain('In the words of Acme Okta:');
    const quoted = textOf(/<blockquote><bdi>(.*?)<\/bdi>/u.exec(html)?.[1] ?? '');
    expect(Array.from(quoted)).toHaveLength(300);
    expect(html).not.toContain('<img');
  });

  test.each<[cause: UpstreamCause, path: string | undefined]>([
    ['bad_secret', `${APP} → General → Client Secrets → Generate new secret`],
    ['user_not_assigned', `${APP} → Assignments → Assign → Assign to People`],
    ['policy_no_match', 'Security → API → Authorization Servers → the server → Access Policies'],
    ['okta_down', undefined],
  ])('%s is mended at %s', (cause, path) => {
    expect(oktaPath(cause)).toBe(path);
  });
});
