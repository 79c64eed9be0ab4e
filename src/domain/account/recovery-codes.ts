import type { Ids } from '../../core/ids.js';
import { sha256 } from '../audit/audit-record.js';

const COUNT = 10;
/** 80 bits each: too many to be tried through, also from a copy of their hashes. */
const BYTES = 10;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const FORM = /^[0-9A-HJKMNP-TV-Z]{16}$/;

/** Ten codes to write down: four groups of four characters without I, L, O, U (Crockford's base 32). */
export function newRecoveryCodes(ids: Ids): readonly string[] {
  return Array.from({ length: COUNT }, () => {
    const bits = [...Buffer.from(ids.secret(BYTES), 'base64url')]
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
    const letters = (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
    return letters.replace(/(.{4})(?=.)/g, '$1-');
  });
}

/** The code's hash, whatever case, dashes and look-alikes it was typed with; undefined: the text can't be one. */
export function recoveryCodeHash(typed: string): Buffer | undefined {
  if (typed.length > 60) return undefined;
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return FORM.test(code) ? sha256(`recovery code ${code}`) : undefined;
}
