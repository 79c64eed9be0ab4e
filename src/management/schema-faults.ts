import type { ErrorObject } from 'ajv';
import type { Fault } from '../domain/configuration/fault.js';

interface Branch {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
}

/**
 * What a schema's errors say, one line for each thing to mend. Where a value may have one of several forms,
 * only the faults of the form that it was meant to have are told.
 */
export function schemaFaults(errors: readonly ErrorObject[], prefix: string): readonly Fault[] {
  const faults = toldErrors(errors).map((error) => ({
    path: `${prefix}${pathOf(error)}`,
    message: faultMessage(error),
  }));
  // Several forms of one value can have the same fault.
  return [...new Map(faults.map((fault) => [`${fault.path}: ${fault.message}`, fault])).values()];
}

/** The errors that say what to mend, of all that a validator found. */
export function toldErrors(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf');
  return errors.filter((error) => isTold(error, unions));
}

/** Of a value's forms, the number of the one that it was meant to have, if that is plain. */
function meantBranch(union: ErrorObject): number | undefined {
  const ofType = branchesOf(union)
    .map((branch, index) => ({ branch, index }))
    .filter(({ branch }) => isOfType(union.data, branch));
  const fitting = ofType.length > 1 ? ofType.filter(({ branch }) => hasMembers(union.data, branch)) : ofType;
  return fitting.length === 1 ? fitting[0]?.index : undefined;
}

function branchesOf({ parentSchema }: ErrorObject): readonly Branch[] {
  const branches: unknown = parentSchema?.['anyOf'];
  return Array.isArray(branches) ? branches : [];
}

function isOfType(value: unknown, branch: Branch): boolean {
  if ('const' in branch) return value === branch.const;
  if (branch.enum !== undefined) return branch.enum.includes(value);
  return branch.type === typeOf(value);
}

function hasMembers(value: unknown, { required = [] }: Branch): boolean {
  return typeof value === 'object' && value !== null && required.every((name) => Object.hasOwn(value, name));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/**
 * Whether an error is the one to tell: not inside a form that wasn't meant, nor the union's own when one was.
 */
function isTold(error: ErrorObject, unions: readonly ErrorObject[]): boolean {
  if (error.keyword === 'anyOf' && meantBranch(error) !== undefined) return false;
  return unions.every((union) => {
    const below = `${union.schemaPath}/`;
    const isInside = error.schemaPath.startsWith(below) && error.instancePath.startsWith(union.instancePath);
    if (!isInside) return true;
    const meant = meantBranch(union);
    return meant !== undefined && error.schemaPath.startsWith(`${below}${meant}/`);
  });
}

/** `/tenants/0/connections/1` → `tenants[0].connections[1]`. */
function pathOf({ instancePath, keyword, params }: ErrorObject): string {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((segment) => (/^\d+$/.test(segment) ? `[${segment}]` : `.${segment}`))
    .join('')
    .replace(/^\./, '');
  const members: Readonly<Record<string, unknown>> = params;
  const below =
    keyword === 'required'
      ? members['missingProperty']
      : keyword === 'additionalProperties'
        ? members['additionalProperty']
        : undefined;
  if (typeof below !== 'string') return path === '' ? 'file' : path;
  return path === '' ? below : `${path}.${below}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
};

/** What a value must be, for the person who mends it. */
export function faultMessage(error: ErrorObject): string {
  const members: Readonly<Record<string, unknown>> = error.params;
  const description: unknown = error.parentSchema?.['description'];
  const limit = String(members['limit']);
  switch (error.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not known here';
    case 'type': {
      // A text's description says what it must look like; a number's or a switch's only what it is for.
      const told = typeof description === 'string' && members['type'] === 'string';
      return `must be ${told ? description : TYPES[String(members['type'])]}`;
    }
    case 'enum': {
      const allowed = members['allowedValues'];
      const list = Array.isArray(allowed) ? allowed.join(', ') : 'another value';
      return `must be ${list.replace(/, ([^,]*)$/, ' or $1')}`;
    }
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'minItems':
      return `must have at least ${limit} ${limit === '1' ? 'entry' : 'entries'}`;
    case 'maxItems':
      return `must have at most ${limit} entries`;
    case 'uniqueItems':
      return 'must not name anything twice';
    default:
      return typeof description === 'string' ? `must be ${description}` : (error.message ?? 'is wrong');
  }
}
