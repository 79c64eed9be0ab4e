import { attribute, complex, type SchemaDefinition } from './definitions.js';

export const ENTERPRISE_USER_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/**
 * EnterpriseUser (RFC 7643 section 4.3). `manager.displayName` is readWrite: clients send managers that
 * aren't users here, and nothing else knows their name.
 */
export const ENTERPRISE_USER: SchemaDefinition = {
  id: ENTERPRISE_USER_SCHEMA,
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    attribute('employeeNumber', 'Number that the organization gave the user.'),
    attribute('costCenter', 'Cost center.'),
    attribute('organization', 'Organization.'),
    attribute('division', 'Division.'),
    attribute('department', 'Department.'),
    complex('manager', 'The user’s manager.', [
      attribute('value', 'Id of the manager.'),
      attribute('$ref', 'Address of the manager’s resource.', {
        type: 'reference',
        caseExact: true,
        referenceTypes: ['User'],
      }),
      attribute('displayName', 'Name of the manager as it is shown.'),
    ]),
  ],
};
