import { plainText } from '../core/text.js';
import type { UnknownRecord } from './record.js';
import type { UpstreamProfile } from '../domain/sign-in/upstream-identity.js';

/** Claims of a verified token, or of userinfo (OpenID Connect Core 5.1): untrusted in type and length. */
export type Claims = UnknownRecord;

const TEXT_LENGTH_MAX = 1_000;
const IDENTIFIER_LENGTH_MAX = 255;
const METHODS_MAX = 32;

/**
 * The person's standard claims from both sources; the ID Token wins. Text that is shown is made plain; text that
 * identifies somebody is taken whole or not at all, since a shortened address is another address.
 */
export function readProfile(idToken: Claims, userinfo: Claims): UpstreamProfile {
  const shown = (name: string): string | undefined => shownText(idToken[name]) ?? shownText(userinfo[name]);
  const exact = (name: string): string | undefined => identifier(idToken[name]) ?? identifier(userinfo[name]);
  return {
    userName: exact('preferred_username'),
    name: shown('name'),
    givenName: shown('given_name'),
    familyName: shown('family_name'),
    middleName: shown('middle_name'),
    nickname: shown('nickname'),
    ...readEmail(idToken, userinfo),
    locale: exact('locale'),
    zoneinfo: exact('zoneinfo'),
    phoneNumber: exact('phone_number'),
    picture: readPicture(idToken['picture'] ?? userinfo['picture']),
  };
}

/**
 * The address and whether the upstream verified that very address: `email_verified` counts only beside the same
 * `email`, and only as the boolean.
 */
function readEmail(idToken: Claims, userinfo: Claims): Pick<UpstreamProfile, 'email' | 'emailVerified'> {
  const email = identifier(idToken['email']) ?? identifier(userinfo['email']);
  if (email === undefined) return { email: undefined, emailVerified: false };
  const speaking = [idToken, userinfo].find(
    (claims) => claims['email'] === email && 'email_verified' in claims,
  );
  return { email, emailVerified: speaking?.['email_verified'] === true };
}

function readPicture(value: unknown): string | undefined {
  const text = identifier(value, TEXT_LENGTH_MAX);
  if (text === undefined || !URL.canParse(text)) return undefined;
  return ['https:', 'http:'].includes(new URL(text).protocol) ? text : undefined;
}

function shownText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = plainText(value, TEXT_LENGTH_MAX).trim();
  return text === '' ? undefined : text;
}

/** Text that is compared byte for byte: 1 to `max` characters, none of them a control character. */
export function identifier(value: unknown, max = IDENTIFIER_LENGTH_MAX): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > max) return undefined;
  return plainText(value, max) === value ? value : undefined;
}

/** `amr`: short strings; anything else is as good as no statement. */
export function readMethods(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > METHODS_MAX) return undefined;
  const methods = value.map((entry) => identifier(entry));
  return methods.every((method) => method !== undefined) ? methods : undefined;
}

/** A NumericDate (RFC 7519): seconds since the epoch. */
export function readSeconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}
