import { plainText } from '../../core/text.js';
import { describeGroup } from './role.js';
import type { Chain, ExplainedMapping, MissingLink, NoAccess } from './explanation.js';

const NAME_MAX = 200;

/** A name from outside as it stands in a sentence. */
export const named = (name: string): string => plainText(name, NAME_MAX);

/** Names in a row: `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `in Grafana`, or nothing. */
export const inApplication = (application: string | null): string =>
  application === null ? '' : ` in ${named(application)}`;

/**
 * Why, after `because`.
 * @param kind of the person's connection: `Okta `, before `group`
 * @param everywhere whether no application was asked for, so that it must be said where the role is one
 */
export function because(chain: Chain, role: string, kind: string, everywhere: boolean): string {
  if (chain.kind === 'default')
    return `nothing else gives them a role there, and ${role} is the default role`;
  const where = (application: string | null): string => (everywhere ? inApplication(application) : '');
  if (chain.kind === 'assignment') {
    const giver = chain.source === 'scim' ? 'SCIM' : 'an operator';
    return `${giver} gave it to them directly${where(chain.application)}`;
  }
  if (chain.kind === 'grant')
    return `they are in the ${kind}group ${named(chain.group.name)}, to which ${role} is granted there`;
  const { group, mapping } = chain;
  const renamed =
    'name' in mapping.group && mapping.group.name !== group.name
      ? `, which a mapping knows as ${named(mapping.group.name)} and`
      : ', which';
  return `they are in the ${kind}group ${named(group.name)}${renamed} gives ${role}${where(mapping.application)}`;
}

/** What a rule says: `name:Engineering gives admin in grafana`. */
export const ruleWords = ({ group, role, application }: ExplainedMapping): string =>
  `${named(describeGroup(group))} gives ${role}${inApplication(application)}`;

/** What is missing. */
export function missingWords(missing: MissingLink): string {
  switch (missing.kind) {
    case 'other_application':
      return 'it is about another application';
    case 'no_such_group':
      return 'their connection has no such group';
    case 'not_a_member':
      return `they are not in ${listed(missing.groups.map(named))}`;
    case 'left':
      return `they left ${named(missing.group)} at ${missing.until.toISOString()}`;
    case 'judged_by_scim':
      return `their token puts them into ${named(missing.group)}, but SCIM pushes that group, and it alone says who is in it`;
    case 'means_other_group':
      return missing.meant === null
        ? `it means a group that is gone; the group that is called ${named(missing.group)} now is another one`
        : `it means the group that is called ${named(missing.meant)} now, not the new ${named(missing.group)}`;
    case 'source_not_heard':
      break;
  }
  const [heard, by] = missing.groupSource === 'scim' ? ['SCIM', 'a token'] : ['tokens', 'SCIM'];
  return `they are in ${named(missing.group)} by ${by}, and their connection takes groups from ${heard} alone`;
}

const NO_ACCESS: Readonly<Record<NoAccess, string>> = {
  tenant_suspended: 'the tenant is suspended',
  inactive: 'they are switched off',
  connection_closed: 'their connection is not open to people',
  connection_changed: 'their connection has had another issuer since they were last known by it',
  not_assigned: 'the application is for certain groups and roles, and they have none of them',
  no_role: 'they have no role, and the tenant lets nobody in without one',
};

/** Whether they may, and why not. */
export function accessWords(who: string, application: string | null, reason: NoAccess | null): string {
  const what = application === null ? 'sign in' : `use ${named(application)}`;
  return reason === null ? `${who} may ${what}.` : `${who} may not ${what}: ${NO_ACCESS[reason]}.`;
}
