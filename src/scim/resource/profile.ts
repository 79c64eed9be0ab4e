import type { Json, JsonObject } from '../../core/json.js';
import type { PersonProfile } from '../../domain/user/account.js';
import type { CanonicalResource } from './canonical-resource.js';
import { isObject } from './check-json.js';

function text(object: Json | undefined, name: string): string | undefined {
  const value = isObject(object) ? object[name] : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Members of a list that have a value, the primary one first, then those of the kind, then as they stand. */
function ranked(list: Json | undefined, kind?: string): readonly JsonObject[] {
  if (!Array.isArray(list)) return [];
  const members = list.filter((member): member is JsonObject => text(member, 'value') !== undefined);
  const rank = (member: JsonObject): number => {
    if (member['primary'] === true) return 0;
    return kind !== undefined && text(member, 'type')?.toLowerCase() === kind ? 1 : 2;
  };
  return members.toSorted((a, b) => rank(a) - rank(b));
}

/** The user's photo; nothing but https is handed to applications. */
function pictureOf(photos: Json | undefined): string | undefined {
  return ranked(photos, 'photo')
    .filter((photo) => text(photo, 'type')?.toLowerCase() !== 'thumbnail')
    .map((photo) => text(photo, 'value'))
    .find((value) => value?.toLowerCase().startsWith('https://') === true && URL.canParse(value));
}

function nameOf(resource: CanonicalResource): string | undefined {
  const { name } = resource as { readonly name?: Json };
  const parts = [text(name, 'givenName'), text(name, 'familyName')].filter((part) => part !== undefined);
  const whole = parts.length === 0 ? undefined : parts.join(' ');
  return text(name, 'formatted') ?? whole ?? text(resource, 'displayName');
}

/**
 * A user as tokens tell of it (OpenID Connect Core 5.1). Nothing is said of whether the e-mail address is
 * verified: the client doesn't say it.
 */
export function toProfile(user: CanonicalResource): PersonProfile {
  const name = user['name'];
  const claims = {
    name: nameOf(user),
    givenName: text(name, 'givenName'),
    familyName: text(name, 'familyName'),
    middleName: text(name, 'middleName'),
    nickname: text(user, 'nickName'),
    email: text(ranked(user['emails'], 'work')[0], 'value'),
    locale: text(user, 'locale'),
    zoneinfo: text(user, 'timezone'),
    phoneNumber: text(ranked(user['phoneNumbers'])[0], 'value'),
    picture: pictureOf(user['photos']),
  };
  const said = Object.entries(claims).filter(([, value]) => value !== undefined);
  return { userName: text(user, 'userName') ?? '', ...Object.fromEntries(said) };
}
