import { describe, expect, test } from '@jest/globals';

import { pageHeaders, pagePolicy, soloPageHeaders } from '../../src/pages/policy.js';

describe('the policy of pages', () => {
  test('A-76 A-103 A-104 no script, one stylesheet, forms home, no frame around it', () => {
    expect(pagePolicy()).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'",
    );
  });

  test('a form may be allowed to go further, by origin', () => {
    const formActions = [
      'https://grafana.acme.example/login?a=1',
      'http://localhost:5001',
      'https://grafana.acme.example',
    ];
    expect(pagePolicy({ formActions })).toContain(
      "form-action 'self' https://grafana.acme.example http://localhost:5001;",
    );
  });

  test.each([
    ["'unsafe-inline'"],
    ['*'],
    ['https:'],
    ["https://a; script-src 'unsafe-inline'"],
    ['com.app:/x'],
    [''],
  ])('%j is no origin for a form', (formAction) => {
    expect(() => pagePolicy({ formActions: [formAction] })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });

  test('A-72 nothing is kept, nothing is told to the next site', () => {
    expect(pageHeaders).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  test('only pages that no application opens cut the tie to their opener', () => {
    expect(pageHeaders['cross-origin-opener-policy']).toBe('unsafe-none');
    expect(soloPageHeaders).toEqual({ ...pageHeaders, 'cross-origin-opener-policy': 'same-origin' });
  });
});
