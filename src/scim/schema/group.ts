import { attribute, complex, type SchemaDefinition } from './definitions.js';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** The one kind of member: groups in groups aren't taken, so this canonical value is enforced. */
export const MEMBER_TYPE = attribute('type', 'Kind of the member.', {
  mutability: 'immutable',
  canonicalValues: ['User'],
});

/** The members of a group. */
export const MEMBERS = complex(
  'members',
  'Users in the group.',
  [
    attribute('value', 'Id of the user.', { required: true, caseExact: true, mutability: 'immutable' }),
    attribute('$ref', 'Address of the user.', {
      type: 'reference',
      caseExact: true,
      mutability: 'readOnly',
      referenceTypes: ['User'],
    }),
    MEMBER_TYPE,
    attribute('display', 'Name of the user.', { mutability: 'readOnly' }),
  ],
  { multiValued: true },
);

/** Group (RFC 7643 section 4.2). Members are users; what else is known of them is read from the users. */
export const GROUP: SchemaDefinition = {
  id: GROUP_SCHEMA,
  name: 'Group',
  description: 'Group',
  attributes: [
    attribute('displayName', 'Name of the group.', { required: true, uniqueness: 'server' }),
    MEMBERS,
  ],
};
