import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { webhookKey } from '../../src/domain/application/webhook-secret.js';
import { webhookHeaders } from '../../src/keys/webhook-signature.js';
import { isGenuine } from '../events/support/webhook.js';

describe('the signature of a webhook', () => {
  // The example of the Standard Webhooks specification's own libraries.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

  test('is that of Standard Webhooks', () => {
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    };
    expect(webhookHeaders(secret, message)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('A-115 proves the id, the time and every character of the body', () => {
    const body = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(body, body, fc.uuid(), (sent, other, id) => {
        const headers = webhookHeaders(secret, { id, timestamp: 1_000, body: sent });
        expect(isGenuine(secret, { headers, body: sent }, 1_000_000)).toBe(true);
        expect(isGenuine(secret, { headers, body: other }, 1_000_000)).toBe(sent === other);
      }),
    );
  });

  test('is not made by what is no secret', () => {
    const message = { id: 'a', timestamp: 1, body: '' };
    for (const wrong of ['', 'whsec_', 'whsec_AAAA', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])
      expect(() => webhookHeaders(wrong, message)).toThrow(TypeError);
  });
});

describe('the secret of a webhook', () => {
  test('is read from its one spelling, by its length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
        const fits = bytes.length >= 24 && bytes.length <= 64;
        expect(webhookKey(secret) === undefined).toBe(!fits);
        if (fits) expect(Buffer.from(webhookKey(secret) ?? []).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  test('is never made of what another text would be, too', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 20, maxLength: 100 }), (text) => {
        const key = webhookKey(`whsec_${text}`);
        if (key !== undefined) expect(Buffer.from(key).toString('base64')).toBe(text);
      }),
    );
    for (const text of [
      `${'A'.repeat(32)}\n`,
      `${'A'.repeat(31)}-`,
      `${'A'.repeat(42)}B=`,
      ` ${'A'.repeat(32)}`,
    ])
      expect(webhookKey(`whsec_${text}`)).toBeUndefined();
    expect(webhookKey(`WHSEC_${'A'.repeat(32)}`)).toBeUndefined();
  });
});
