import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { requireHref, safeHref } from '../../src/pages/href.js';

describe('A-104 addresses in pages', () => {
  test.each([
    ['/t/acme/portal'],
    ['/t/acme?connection=okta&x=%0a'],
    ['?choose=1'],
    ['https://grafana.acme.example/login?a=1'],
    ['http://localhost:5001/'],
    ['com.example.app:/callback'],
  ])('%s stays', (href) => {
    expect(safeHref(href)).toBe(href);
  });

  test.each([
    ['javascript:alert(1)'],
    ['JaVaScRiPt:alert(1)'],
    ['java\nscript:alert(1)'],
    [' javascript:alert(1)'],
    ['\u0001javascript:alert(1)'],
    ['data:text/html,<script>'],
    ['vbscript:x'],
    ['blob:https://a/b'],
    ['file:///etc/passwd'],
    ['//evil.example'],
    ['/\\evil.example'],
    ['/\t/evil.example'],
    ['\\\\evil.example'],
    ['portal'],
    [''],
    ['https://'],
  ])('%j goes', (href) => {
    expect(safeHref(href)).toBeUndefined();
    expect(() => requireHref(href)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('whatever stays leads to this origin, the web or an installed application', () => {
    const scheme = fc.constantFrom(
      '',
      '/',
      '//',
      '?',
      '\\',
      'javascript:',
      'data:',
      'https://',
      'a.b:',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(scheme, fc.string({ unit: 'binary' })), { maxLength: 4 }), (parts) => {
        const given = parts.join('');
        const href = safeHref(given);
        if (href === undefined) return;
        const url = new URL(href, 'https://causeway.example/t/acme/');
        if (/^[/?]/u.test(given)) expect(url.origin).toBe('https://causeway.example');
        else expect(url.protocol).toMatch(/^(?:https?|[a-z0-9+-]*\.[a-z0-9.+-]*):$/u);
      }),
    );
  });
});
