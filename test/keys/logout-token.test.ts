import { describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { FixedClock } from '../../src/core/clock.js';
import { mintLogoutToken } from '../../src/keys/logout-token.js';
import { createSigningKey, publicJwk, type SigningAlg } from '../../src/keys/signing-keys.js';
import { JwtError, verifyJwt, type JwtPurpose } from '../../src/keys/verify-jwt.js';
import { testIds } from '../support/deployment.js';

const clock = new FixedClock('2026-11-22T10:00:00.900Z');
const iat = Date.parse('2026-11-22T10:00:00Z') / 1_000;
const claims = { issuer: 'https://id.example/t/acme', audience: 'grafana', subject: 'ada', sid: 'sid-1' };
const tools = { ids: testIds, clock };

describe('a logout token (Back-Channel Logout 1.0 section 2.4)', () => {
  test.each<SigningAlg>(['RS256', 'ES256', 'EdDSA'])(
    'says all that it must and no more (%s)',
    async (alg) => {
      const key = await createSigningKey('k1', alg);
      const keys = createLocalJWKSet({ keys: [{ ...publicJwk(key) }] });
      const { protectedHeader, payload } = await jwtVerify(await mintLogoutToken(key, claims, tools), keys, {
        currentDate: clock.now(),
      });
      expect(protectedHeader).toEqual({ alg, kid: 'k1', typ: 'logout+jwt' });
      expect(payload).toEqual({
        iss: claims.issuer,
        aud: 'grafana',
        sub: 'ada',
        sid: 'sid-1',
        iat,
        exp: iat + 120,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      });
    },
  );

  test.each<JwtPurpose>(['access_token', 'upstream_id_token', 'upstream_access_token', 'audit_checkpoint'])(
    'A-30 never passes for another token: %s',
    async (purpose) => {
      const key = await createSigningKey('k1', 'ES256');
      const verifying = verifyJwt(await mintLogoutToken(key, claims, tools), {
        purpose,
        keys: [{ ...publicJwk(key) }],
        algorithms: ['ES256'],
        issuer: claims.issuer,
        audience: claims.audience,
        now: clock.now(),
        clockToleranceSeconds: 0,
      });
      await expect(verifying).rejects.toThrow(JwtError);
      await expect(verifying).rejects.toMatchObject({ code: 'wrong_type' });
    },
  );

  test('is a new one each time', async () => {
    const key = await createSigningKey('k1', 'EdDSA');
    const tokens = await Promise.all(Array.from({ length: 20 }, () => mintLogoutToken(key, claims, tools)));
    expect(new Set(tokens).size).toBe(20);
  });
});
