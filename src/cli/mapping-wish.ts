import type { Static } from 'typebox';
import { plainText } from '../core/text.js';
import { describeGroup } from '../domain/role/role.js';
import { MappingWishBody } from '../management/contract/mapping-changes.js';
import { CliError, EXIT } from './exit-codes.js';
import { isOf } from './remote/answers.js';

export type Wish = Static<typeof MappingWishBody>;
export type Mapping = NonNullable<Wish['add']>[number];

export interface WishOptions {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly mode?: string;
  /** A role key, or `none`. */
  readonly defaultRole?: string;
  readonly whenNoRole?: string;
}

/** GROUP=ROLE or GROUP=ROLE@APPLICATION. A group's name may hold anything: the last `=` counts. */
const MAPPING = /^(?<group>.+)=(?<role>[a-z0-9:._-]{1,64})(?:@(?<application>[A-Za-z0-9._~-]{1,64}))?$/su;

/** What the words of a command want of mappings. @throws CliError when they want nothing, or nothing that can be */
export function wishOf({ add, remove, mode, defaultRole, whenNoRole }: WishOptions): Wish {
  const wish = {
    ...(add === undefined ? {} : { add: add.map(mappingOf) }),
    ...(remove === undefined ? {} : { remove: remove.map(mappingOf) }),
    ...(mode === undefined ? {} : { roleMappingMode: mode }),
    ...(defaultRole === undefined ? {} : { defaultRole: defaultRole === 'none' ? null : defaultRole }),
    ...(whenNoRole === undefined ? {} : { whenNoRole }),
  };
  if (Object.keys(wish).length === 0)
    throw new CliError(EXIT.usage, ['say what is to change: --add, --remove, --mode, --default-role, …']);
  if (isOf(MappingWishBody, wish)) return wish;
  throw new CliError(EXIT.usage, ['that is no change of mappings: see --help for the words that it takes']);
}

function mappingOf(text: string): object {
  const { group, role, application = null } = MAPPING.exec(text)?.groups ?? {};
  if (group === undefined || role === undefined)
    throw new CliError(EXIT.usage, [
      `'${plainText(text, 100)}' is no mapping: GROUP=ROLE, or GROUP=ROLE@CLIENT_ID`,
    ]);
  const [, kind, id] = /^(scim|upstream|name):(.+)$/su.exec(group) ?? [];
  return { group: kind === undefined ? { name: group } : { [kind]: id }, role, application };
}

/** A mapping as one writes it. Names come from outside: nothing of them moves the terminal. */
export function mappingText({ group, role, application = null }: Mapping): string {
  const named =
    'name' in group && !/^(?:scim|upstream|name):/.test(group.name) ? group.name : describeGroup(group);
  return plainText(`${named}=${role}${application === null ? '' : `@${application}`}`, 400);
}
