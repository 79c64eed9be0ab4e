import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { instantOf } from '../../core/instant.js';
import type { Json } from '../../core/json.js';
import { plainText } from '../../core/text.js';
import { CliError, EXIT } from '../exit-codes.js';

/** RFC 3339 section 5.6, in UTC: a time is printed as it came. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

const ajv = new Ajv({
  strict: true,
  allowUnionTypes: true,
  formats: { 'date-time': (text: string) => TIME.test(text) && instantOf(text) !== undefined },
});
const compiled = new WeakMap<TSchema, ValidateFunction>();

/** A newer deployment may tell more than this command knows of. */
function opened(schema: TSchema): object {
  const open: object = JSON.parse(JSON.stringify(schema), (name, value: unknown) =>
    name === 'additionalProperties' && value === false ? undefined : value,
  );
  return open;
}

function validatorOf(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const validator = ajv.compile(opened(schema));
  compiled.set(schema, validator);
  return validator;
}

/** Whether the value is what the contract's schema says, whatever it has besides. */
export function isOf<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return validatorOf(schema)(value);
}

/** What a deployment answered, once it is what the contract says. @throws CliError when it isn't */
export function answerOf<S extends TSchema>(schema: S, value: Json): Static<S> {
  if (isOf(schema, value)) return value;
  const [fault] = validatorOf(schema).errors ?? [];
  const what = plainText(`${fault?.instancePath ?? ''} ${fault?.message ?? ''}`.trim());
  throw new CliError(EXIT.unreachable, [
    `the deployment answers something else than this release of causeway expects (${what})`,
  ]);
}
