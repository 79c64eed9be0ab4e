import { timingSafeEqual } from 'node:crypto';
import { generateSecret, generateSync, generateURI } from 'otplib';
import type { OneTimeCodes } from '../domain/account/one-time-codes.js';

const PERIOD_SECONDS = 30;
const WINDOW = [-1, 0, 1] as const;
const CODE = /^[0-9]{6}$/;
const SETTINGS = { strategy: 'totp', algorithm: 'sha1', digits: 6, period: PERIOD_SECONDS } as const;

/** One-time codes as every authenticator app makes them. */
export const oneTimeCodes: OneTimeCodes = {
  newSeed: () => generateSecret({ length: 20 }),
  address: (secret, label, issuer) => generateURI({ ...SETTINGS, secret, label, issuer }),
  stepOf(secret, code, at) {
    if (!CODE.test(code)) return undefined;
    const now = Math.floor(at.getTime() / 1000);
    let found: number | undefined;
    // All three are made and compared, whichever it is.
    for (const offset of WINDOW) {
      const epoch = now + offset * PERIOD_SECONDS;
      const expected = generateSync({ ...SETTINGS, secret, epoch });
      if (timingSafeEqual(Buffer.from(expected), Buffer.from(code)))
        found = Math.floor(epoch / PERIOD_SECONDS);
    }
    return found;
  },
};
