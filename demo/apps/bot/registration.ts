import { chmod, readFile, writeFile } from 'node:fs/promises';
import type { JWK } from 'jose';

/** What the bot keeps of its registration, like a password: with it anybody is the bot. */
export interface Registration {
  /** The issuer's answer (RFC 7591 section 3.2.1), with the token by which the bot may change itself (RFC 7592). */
  readonly client: Readonly<Record<string, unknown>> & { readonly client_id: string };
  /** The private key whose public half the issuer knows. */
  readonly key: JWK;
}

/** Reads what an earlier run kept; undefined where there is none, or none of use. @throws Error when it can't be read */
export async function readRegistration(file: string): Promise<Registration | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isObject(error) && error['code'] === 'ENOENT') return undefined;
    throw error;
  }
  const kept = parsed(text);
  return isRegistration(kept) ? kept : undefined;
}

/** Keeps it in a file that only its owner may read, also where there was one that others could. */
export async function keepRegistration(file: string, registration: Registration): Promise<void> {
  await writeFile(file, '', { mode: 0o600 });
  await chmod(file, 0o600);
  await writeFile(file, JSON.stringify(registration));
}

/** A text that is no JSON, such as that of a file whose writing was cut off, says nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRegistration(value: unknown): value is Registration {
  if (!isObject(value)) return false;
  const { client, key } = value;
  return isObject(client) && typeof client['client_id'] === 'string' && isObject(key);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
