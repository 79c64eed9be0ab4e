import { attribute, complex, type AttributeDefinition, type SchemaDefinition } from './definitions.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/**
 * A list whose members have a value, a label of kind, and one of which may be the primary (RFC 7643 section
 * 2.4).
 */
function plural(
  name: string,
  description: string,
  value: AttributeDefinition,
  kinds?: readonly string[],
): AttributeDefinition {
  return complex(
    name,
    description,
    [
      value,
      attribute('display', 'The value as people read it.'),
      attribute('type', 'What the value is for.', kinds === undefined ? {} : { canonicalValues: kinds }),
      attribute('primary', 'Whether this is the preferred one; true at most once.', { type: 'boolean' }),
    ],
    { multiValued: true },
  );
}

const NAME = complex('name', 'Parts of the name.', [
  attribute('formatted', 'The full name as people read it.'),
  attribute('familyName', 'Family name, or last name.'),
  attribute('givenName', 'Given name, or first name.'),
  attribute('middleName', 'Middle names.'),
  attribute('honorificPrefix', 'Title, such as Ms.'),
  attribute('honorificSuffix', 'Suffix, such as III.'),
]);

const ADDRESSES = complex(
  'addresses',
  'Postal addresses.',
  [
    attribute('formatted', 'The address as it stands on an envelope; may hold line breaks.'),
    attribute('streetAddress', 'Street, house number, further lines.'),
    attribute('locality', 'City.'),
    attribute('region', 'State or region.'),
    attribute('postalCode', 'Postal code.'),
    attribute('country', 'Country, ISO 3166-1 alpha-2.'),
    attribute('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
    attribute('primary', 'Whether this is the preferred one; true at most once.', { type: 'boolean' }),
  ],
  { multiValued: true },
);

const GROUPS = complex(
  'groups',
  'Groups of which the user is a member; changed through the groups.',
  [
    attribute('value', 'The group’s id.', { caseExact: true, mutability: 'readOnly' }),
    attribute('$ref', 'The group’s address.', {
      type: 'reference',
      caseExact: true,
      mutability: 'readOnly',
      referenceTypes: ['Group'],
    }),
    attribute('display', 'The group’s name.', { mutability: 'readOnly' }),
    attribute('type', 'How the user is a member.', {
      mutability: 'readOnly',
      canonicalValues: ['direct', 'indirect'],
    }),
  ],
  { multiValued: true, mutability: 'readOnly' },
);

const PHONE_KINDS = ['work', 'home', 'mobile', 'fax', 'pager', 'other'];
const MESSENGERS = ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'];

/** User (RFC 7643 section 4.1). */
export const USER: SchemaDefinition = {
  id: USER_SCHEMA,
  name: 'User',
  description: 'User Account',
  attributes: [
    attribute('userName', 'Name that the user signs in with, unique without regard to case.', {
      required: true,
      uniqueness: 'server',
    }),
    NAME,
    attribute('displayName', 'Name as it is shown.'),
    attribute('nickName', 'Casual name.'),
    attribute('profileUrl', 'Address of the user’s page.', {
      type: 'reference',
      caseExact: true,
      referenceTypes: ['external'],
    }),
    attribute('title', 'Title in the organization.'),
    attribute('userType', 'Relation to the organization, such as Employee.'),
    attribute('preferredLanguage', 'Preferred language, as in Accept-Language.'),
    attribute('locale', 'Locale, such as en-US.'),
    attribute('timezone', 'Time zone, such as Europe/Berlin.'),
    attribute('active', 'Whether the user may sign in.', { type: 'boolean' }),
    attribute('password', 'Taken and thrown away: people sign in at their identity provider.', {
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    }),
    plural('emails', 'E-mail addresses.', attribute('value', 'E-mail address.'), ['work', 'home', 'other']),
    plural('phoneNumbers', 'Phone numbers.', attribute('value', 'Phone number.'), PHONE_KINDS),
    plural('ims', 'Addresses of instant messengers.', attribute('value', 'Address.'), MESSENGERS),
    plural(
      'photos',
      'Pictures of the user.',
      attribute('value', 'Address of the picture.', {
        type: 'reference',
        caseExact: true,
        referenceTypes: ['external'],
      }),
      ['photo', 'thumbnail'],
    ),
    ADDRESSES,
    GROUPS,
    plural('entitlements', 'Things that the user has.', attribute('value', 'The entitlement.')),
    plural('roles', 'Roles of the user.', attribute('value', 'The role.')),
    plural(
      'x509Certificates',
      'Certificates of the user.',
      attribute('value', 'The certificate, DER in base64.', { type: 'binary', caseExact: true }),
    ),
  ],
};
