import { Ajv } from 'ajv';
import { instantOf } from '../../core/instant.js';
import type { DesiredTenant } from '../../domain/configuration/desired.js';
import type { Fault } from '../../domain/configuration/fault.js';
import { ApplyFile, type TenantEntry } from '../contract/apply-file.js';
import type { SecretEntry } from '../contract/apply-values.js';
import { parseDocuments } from './documents.js';
import { schemaFaults } from '../schema-faults.js';

/** What an operator's file wants, or what is wrong with it. */
export type ReadApplyFile =
  | { readonly tenants: readonly DesiredTenant[]; readonly faults?: never }
  | { readonly faults: readonly Fault[]; readonly tenants?: never };

const ajv = new Ajv({ allErrors: true, strict: true, verbose: true });
const validate = ajv.compile<ApplyFile>(ApplyFile);

/**
 * Reads the file of `causeway apply`: YAML or JSON, several documents together.
 * @param variable looks up an environment variable, for secrets given by `{ env: NAME }`
 */
export function readApplyFile(text: string, variable: (name: string) => string | undefined): ReadApplyFile {
  const { documents, faults: unreadable } = parseDocuments(text);
  const faults: Fault[] = [...unreadable];
  const tenants: DesiredTenant[] = [];
  for (const { prefix, value } of documents) tenants.push(...readDocument(value, prefix, variable, faults));
  return faults.length > 0 ? { faults } : { tenants };
}

/**
 * Reads one document that came as JSON. Secrets must be written out: `{ env: NAME }` would read what is not the sender's.
 */
export function readApplyDocument(document: unknown): ReadApplyFile {
  const faults: Fault[] = [];
  const tenants = readDocument(document, '', () => undefined, faults);
  return faults.length > 0 ? { faults } : { tenants };
}

function readDocument(
  value: unknown,
  prefix: string,
  variable: (name: string) => string | undefined,
  faults: Fault[],
): readonly DesiredTenant[] {
  if (!validate(value)) {
    faults.push(...schemaFaults(validate.errors ?? [], prefix));
    return [];
  }
  return value.tenants.map((entry, index) =>
    new TenantReader(`${prefix}tenants[${index}]`, variable, faults).read(entry),
  );
}

const SECRET = /^[\x20-\x7e]{16,512}$/;

/** Turns a tenant of the file into what is wanted: secrets looked up, short forms written out. */
class TenantReader {
  constructor(
    private readonly path: string,
    private readonly variable: (name: string) => string | undefined,
    private readonly faults: Fault[],
  ) {}

  read(entry: TenantEntry): DesiredTenant {
    const { domains, connections, applications, scimTokens, ...rest } = entry;
    return {
      ...rest,
      path: this.path,
      ...(domains === undefined
        ? {}
        : { domains: domains.map((domain) => (typeof domain === 'string' ? { name: domain } : domain)) }),
      ...(connections === undefined
        ? {}
        : {
            connections: connections.map((connection, index) =>
              this.#withSecrets(connection, `connections[${index}]`, ['clientSecret', 'secondarySecret']),
            ),
          }),
      ...(applications === undefined
        ? {}
        : {
            applications: applications.map((application, index) =>
              this.#withSecrets(application, `applications[${index}]`, [
                'clientSecret',
                'secondarySecret',
                'deviceWebhookSecret',
              ]),
            ),
          }),
      ...(scimTokens === undefined
        ? {}
        : {
            scimTokens: scimTokens.map(({ expiresAt, ...token }, index) => ({
              ...this.#withSecrets(token, `scimTokens[${index}]`, ['token']),
              ...this.#expiry(expiresAt, `scimTokens[${index}]`),
            })),
          }),
    };
  }

  #withSecrets<T extends { readonly [K in M]?: SecretEntry | null }, M extends string>(
    entry: T,
    place: string,
    members: readonly M[],
  ): Omit<T, M> & { readonly [K in M]?: ResolvedSecret<T[K]> } {
    const resolved = members.flatMap((member) => {
      const secret: SecretEntry | null | undefined = entry[member];
      if (secret === undefined) return [];
      return [[member, secret === null ? null : this.#resolve(secret, `${this.path}.${place}.${member}`)]];
    });
    return { ...entry, ...Object.fromEntries(resolved) };
  }

  #expiry(text: string | null | undefined, place: string): { readonly expiresAt?: Date | null } {
    if (text === undefined || text === null) return text === null ? { expiresAt: null } : {};
    const instant = instantOf(text);
    if (instant === undefined)
      this.faults.push({ path: `${this.path}.${place}.expiresAt`, message: 'is no time that exists' });
    return { expiresAt: instant ?? null };
  }

  /** Faults name the variable, never what it holds. */
  #resolve(secret: SecretEntry, path: string): string {
    if ('value' in secret) return secret.value;
    const value = this.variable(secret.env);
    if (value === undefined)
      this.faults.push({ path: `${path}.env`, message: `the environment variable ${secret.env} is not set` });
    else if (!SECRET.test(value))
      this.faults.push({
        path: `${path}.env`,
        message: `the environment variable ${secret.env} must hold 16 to 512 printable ASCII characters`,
      });
    return value ?? '';
  }
}

type ResolvedSecret<T> = T extends null ? null : string;
