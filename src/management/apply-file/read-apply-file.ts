import { Ajv } from 'ajv';
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
  for (const { prefix, value } of documents) {
    if (!validate(value)) {
      faults.push(...schemaFaults(validate.errors ?? [], prefix));
      continue;
    }
    for (const [index, entry] of value.tenants.entries())
      tenants.push(new TenantReader(`${prefix}tenants[${index}]`, variable, faults).read(entry));
  }
  return faults.length > 0 ? { faults } : { tenants };
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

/** The instant of a text in the form of RFC 3339; undefined: there is no such day or hour. */
function instantOf(text: string): Date | undefined {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const instant = new Date(text.toUpperCase());
  return year > 0 && day <= lastDay && !Number.isNaN(instant.getTime()) ? instant : undefined;
}

type ResolvedSecret<T> = T extends null ? null : string;
