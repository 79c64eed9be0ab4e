import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiClient, type ApiClient, type ApiReply } from '../support/api.js';
import { startAcme, type Acme } from '../support/acme.js';
import { almostFits, fits, strange, type Schema } from './support/from-schema.js';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
}
interface Described {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let acme: Acme;
let api: ApiClient;
let document: Document;

beforeAll(async () => {
  acme = await startAcme();
  api = await apiClient(acme.causeway);
  // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
  const response = await fetch(`${api.base}/openapi.json`);
  document = (await response.json()) as Document;
});
afterAll(() => acme.stop());

const ajv = new Ajv({ strict: false, formats: { 'date-time': true } });

const resolve = (schema: Schema): Schema =>
  schema.$ref === undefined
    ? schema
    : (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});

/** Made once for each schema: making one costs more than the request does. */
const validators = new Map<Schema, ValidateFunction>();

function validatorOf(schema: Schema): ValidateFunction {
  const resolved = resolve(schema);
  const validate = validators.get(resolved) ?? ajv.compile({ ...resolved });
  validators.set(resolved, validate);
  return validate;
}

const NOBODY = '00000000-0000-7000-8000-000000000000';

/** What stands for a parameter of the path: what is there, what isn't, what can't be. */
const inPath = ({ name }: Parameter): fc.Arbitrary<string> =>
  name === 'tenant'
    ? fc.constant('acme')
    : fc.constantFrom('okta', 'grafana', 'admin', 'acme.example', NOBODY, "x'y", '%', '..', 'ü');

interface Asked {
  readonly path: string;
  readonly body: unknown;
}

function asking(path: string, described: Described, almost: boolean): fc.Arbitrary<Asked> {
  const { parameters, requestBody } = described;
  const places = parameters.filter((parameter) => parameter.in === 'path');
  const filters = parameters.filter((parameter) => parameter.in === 'query');
  const query = fc.record(
    Object.fromEntries(
      filters.map(({ name, schema }) => [name, almost ? fc.oneof(fits(schema), strange) : fits(schema)]),
    ),
    { requiredKeys: filters.filter(({ required }) => required).map(({ name }) => name) },
  );
  const schema = requestBody?.content['application/json']?.schema;
  const body =
    schema === undefined
      ? fc.constant(undefined)
      : almost
        ? almostFits(resolve(schema))
        : fits(resolve(schema));
  return fc.tuple(fc.tuple(...places.map(inPath)), query, body).map(([values, asked, sent]) => ({
    path: `${places.reduce((text, { name }, n) => text.replace(`{${name}}`, encodeURIComponent(values[n] ?? '')), path)}${search(asked)}`,
    body: sent,
  }));
}

function search(asked: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(textOf(value))}`).join('&');
  return text === '' ? '' : `?${text}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What the document says of an answer is what the answer is. */
function judge(reply: ApiReply, described: Described, asked: Asked): void {
  const about = `${described.operationId} ${JSON.stringify(asked).slice(0, 400)} → ${reply.status} ${JSON.stringify(reply.body).slice(0, 400)}`;
  if (
    reply.status >= 500 &&
    reply.body['code'] !== 'upstream_unavailable' &&
    reply.body['code'] !== 'unavailable'
  )
    throw new Error(about);
  if (reply.status >= 400) {
    if (reply.headers.get('content-type')?.startsWith('application/problem+json') !== true)
      throw new Error(about);
    const { type, status, code } = reply.body;
    if (status !== reply.status || String(type) !== `${acme.causeway.url}/problems/${String(code)}`)
      throw new Error(about);
    return;
  }
  const expected = described.responses[String(reply.status)];
  if (expected === undefined) throw new Error(`undocumented: ${about}`);
  const schema = expected.content?.['application/json']?.schema;
  if (schema === undefined) return;
  const validate = validatorOf(schema);
  if (!validate(reply.body)) throw new Error(`${ajv.errorsText(validate.errors)}: ${about}`);
}

describe('the document', () => {
  test('is OpenAPI 3.1, whole, and for everybody to read; its page stands by itself', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const text = JSON.stringify(document);
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g))
      expect(document.components.schemas).toHaveProperty(name);
    // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
    const page = await fetch(`${acme.causeway.url}/api/docs`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|style=|https?:\/\/(?!localhost|127\.)/);
    for (const methods of Object.values(document.paths))
      for (const { operationId } of Object.values(methods)) expect(html).toContain(`id="${operationId}"`);
  });

  /** Ends sessions, keys and tokens of the tenant at will: not of the one that asks. */
  test.each([false, true])(
    'drives the whole API (spoilt: %s): no answer is a failure of ours, and each is what is documented',
    async (almost) => {
      const failures: string[] = [];
      for (const [path, methods] of Object.entries(document.paths))
        for (const [method, described] of Object.entries(methods)) {
          const runs = fc.sample(asking(path, described, almost), {
            numRuns: almost ? 3 : 2,
            seed: 20261122,
          });
          for (const asked of runs) {
            const { body } = asked;
            const reply = await api.call(method.toUpperCase(), asked.path, {
              ...(body === undefined ? {} : { body: JSON.stringify(body) }),
              ifMatch: '*',
            });
            try {
              judge(reply, described, asked);
            } catch (error) {
              failures.push(String(error));
            }
          }
        }
      expect(failures).toEqual([]);
    },
    // Hundreds of requests, one after the other, on a machine that others may use.
    180_000,
  );
});
