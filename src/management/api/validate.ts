import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import type { Json } from '../../core/json.js';
import { faultMessage, toldErrors } from '../schema-faults.js';
import { Problem, type BodyFault } from './problems.js';

/** Formats say to client generators what a text is; what requests hold is judged by patterns. */
const OPTIONS = {
  allErrors: true,
  strict: true,
  verbose: true,
  allowUnionTypes: true,
  formats: { 'date-time': true },
} as const;
const ajv = new Ajv(OPTIONS);
/** Texts of a path or query are read as what they are to be. */
const reading = new Ajv({ ...OPTIONS, coerceTypes: true });
/** Compiled when first needed: there are many, and a node starts in a second. */
const compiled = new WeakMap<TSchema, ValidateFunction>();

function validatorOf(schema: TSchema, by: Ajv): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const validator = by.compile(schema);
  compiled.set(schema, validator);
  return validator;
}

const FAULTS_MAX = 50;

/** A JSON Pointer (RFC 6901) to what is wrong, the missing or unknown member included. */
function pointerOf({ instancePath, keyword, params }: ErrorObject): string {
  const members: Readonly<Record<string, unknown>> = params;
  const below =
    keyword === 'required'
      ? members['missingProperty']
      : keyword === 'additionalProperties'
        ? members['additionalProperty']
        : undefined;
  if (typeof below !== 'string') return instancePath;
  return `${instancePath}/${below.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function faultsOf(errors: readonly ErrorObject[]): readonly BodyFault[] {
  const faults = toldErrors(errors).map((error) => ({
    pointer: pointerOf(error),
    message: faultMessage(error),
  }));
  return [...new Map(faults.map((fault) => [`${fault.pointer} ${fault.message}`, fault])).values()].slice(
    0,
    FAULTS_MAX,
  );
}

/** Whether an action may come without a body, which then says nothing: no member is asked for. */
export function mayBeAbsent(method: string, schema: TSchema): boolean {
  const required: unknown = 'required' in schema ? schema.required : undefined;
  return method === 'POST' && (!Array.isArray(required) || required.length === 0);
}

/** @throws Problem `invalid_body` that names each thing to mend */
export function checkBody(schema: TSchema, body: Json | undefined): void {
  const validator = validatorOf(schema, ajv);
  if (body !== undefined && validator(body)) return;
  if (body === undefined) throw new Problem('invalid_body', 'A JSON body is needed.');
  const errors = faultsOf(validator.errors ?? []);
  const [first] = errors;
  throw new Problem('invalid_body', `${first?.pointer ?? ''} ${first?.message ?? 'is wrong'}`.trim(), {
    errors,
  });
}

/**
 * Parameters of a path or a query, read as their schema's types.
 * @throws Problem `invalid_request` that names the first that is wrong
 */
export function readParameters(
  schema: TSchema,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = Object.assign(Object.create(null), given);
  const validator = validatorOf(schema, reading);
  if (validator(values)) return values;
  const errors = faultsOf(validator.errors ?? []);
  const [first] = errors;
  throw new Problem(
    'invalid_request',
    `The parameter ${first?.pointer.slice(1) ?? ''} ${first?.message ?? 'is wrong'}.`,
    { errors },
  );
}
