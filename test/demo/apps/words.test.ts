import { expect, test } from '@jest/globals';
// @ts-expect-error -- a script for browsers, without types
import { wordsFor } from '../../../demo/apps/spa/public/words.js';

const headingFor = (error: object): string =>
  (wordsFor as (error: object) => { heading: string })(error).heading;

test.each([
  [
    { error: 'access_denied', error_description: 'not_assigned' },
    "You don't have access to this application",
  ],
  [{ error: 'access_denied', error_description: 'scim_deprovisioned' }, 'Your account is switched off'],
  [{ error: 'access_denied', error_description: 'constructor' }, "You weren't let in"],
  [{ error: 'login_required', error_description: null }, 'Please sign in again'],
  [{ error: 'temporarily_unavailable' }, 'Sign-in is not available right now'],
  [{ error: 'toString' }, "That sign-in didn't work"],
  [new TypeError('Failed to fetch'), "That sign-in didn't work"],
])('%j', (error, heading) => {
  expect(headingFor(error)).toBe(heading);
});
