import { STATUS_CODES } from 'node:http';
import type { ScimAnswer } from './answer.js';

/** Why one request, or what was to be read from its answer, failed: the end of the sentence that an admin reads. */
export class ProvisioningError extends Error {}

/** A job that failed, as the whole sentence that stands under Dashboard → Tasks. */
export class JobError extends Error {}

/** What Okta's JSON parser (Jackson) says of a text that is no JSON. */
function parserComplaint(text: string): string {
  const start = text.trimStart();
  const first = start.charAt(0);
  if (first === '') return 'No content to map due to end-of-input';
  const word = /^[A-Za-z_$][\w$]*/.exec(start)?.[0];
  if (word !== undefined) return `Unrecognized token '${word}': was expecting ('true', 'false' or 'null')`;
  const kinds = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')";
  return `Unexpected character ('${first}' (code ${start.codePointAt(0)})): ${kinds}`;
}

/** An answer's body as JSON; `undefined` when it has none. @throws ProvisioningError when it is no JSON */
export function bodyOf({ status, text }: ScimAnswer): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const phrase = STATUS_CODES[status] ?? String(status);
    const message = `${phrase}. Errors reported by remote server: Invalid JSON: ${parserComplaint(text)}`;
    throw new ProvisioningError(message, { cause: error });
  }
}

/** What an admin is told of an answer that wasn't the wanted one: the status' phrase, and the server's `detail`. */
export function refusalOf(answer: ScimAnswer): ProvisioningError {
  const phrase = STATUS_CODES[answer.status] ?? String(answer.status);
  try {
    const body = bodyOf(answer);
    const detail = isObject(body) && typeof body['detail'] === 'string' ? body['detail'] : undefined;
    if (detail === undefined) return new ProvisioningError(phrase);
    return new ProvisioningError(`${phrase}. Errors reported by remote server: ${detail}`);
  } catch (error) {
    if (error instanceof ProvisioningError) return error;
    throw error;
  }
}

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
