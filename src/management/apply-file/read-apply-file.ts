import { Ajv, type ValidateFunction } from 'ajv';
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

let compiled: ValidateFunction<ApplyFile> | undefined;

/** Compiled when a file is first read: the schema is large, and a node that is given no file never needs it. */
function validator(): ValidateFunction<ApplyFile> {
  compiled ??= new Ajv({ allErrors: true, strict: true, verbose: true }).compile<ApplyFile>(ApplyFile);
  return compiled;
}

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

/** A tenant of a file as it is sent to a deployment elsewhere. */
export interface SentTenant {
  /** Where it stands in the file. */
  readonly path: string;
  /** Its secrets written out. */
  readonly entry: TenantEntry;
}

/**
 * Reads the file of `causeway apply` for a deployment elsewhere: secrets given by `{ env: NAME }` are looked up here, and
 * sent as `{ value }`.
 * @param variable looks up an environment variable of this machine
 */
export function readFileToSend(
  text: string,
  variable: (name: string) => string | undefined,
): { readonly tenants: readonly SentTenant[] } | { readonly faults: readonly Fault[] } {
  const { documents, faults: unreadable } = parseDocuments(text);
  const faults: Fault[] = [...unreadable];
  const tenants: SentTenant[] = [];
  for (const { prefix, value } of documents)
    for (const [entry, desired] of readEntries(value, prefix, variable, faults))
      tenants.push({ path: desired.path, entry: writtenOut(entry, desired) });
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
  return readEntries(value, prefix, variable, faults).map(([, desired]) => desired);
}

function readEntries(
  value: unknown,
  prefix: string,
  variable: (name: string) => string | undefined,
  faults: Fault[],
): readonly (readonly [entry: TenantEntry, desired: DesiredTenant])[] {
  const validate = validator();
  if (!validate(value)) {
    faults.push(...schemaFaults(validate.errors ?? [], prefix));
    return [];
  }
  return value.tenants.map((entry, index) => [
    entry,
    new TenantReader(`${prefix}tenants[${index}]`, variable, faults).read(entry),
  ]);
}

/** Entries with what was looked up in the place of where to look. */
function written<T extends object>(
  list: readonly T[],
  looked: readonly object[],
  names: readonly string[],
): T[] {
  return list.map((one, index) => ({
    ...one,
    ...Object.fromEntries(
      Object.entries(looked[index] ?? {})
        .filter(([name, secret]) => names.includes(name) && typeof secret === 'string')
        .map(([name, value]) => [name, { value }]),
    ),
  }));
}

/** The entry with the secrets that were looked up for it. */
function writtenOut(entry: TenantEntry, desired: DesiredTenant): TenantEntry {
  const { connections, applications, scimTokens } = entry;
  return {
    ...entry,
    ...(connections && {
      connections: written(connections, desired.connections ?? [], CONNECTION_SECRETS),
    }),
    ...(applications && {
      applications: written(applications, desired.applications ?? [], APPLICATION_SECRETS),
    }),
    ...(scimTokens && { scimTokens: written(scimTokens, desired.scimTokens ?? [], TOKEN_SECRETS) }),
  };
}

const CONNECTION_SECRETS = ['clientSecret', 'secondarySecret'] as const;
const APPLICATION_SECRETS = ['clientSecret', 'secondarySecret', 'deviceWebhookSecret'] as const;
const TOKEN_SECRETS = ['token'] as const;

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
              this.#withSecrets(connection, `connections[${index}]`, CONNECTION_SECRETS),
            ),
          }),
      ...(applications === undefined
        ? {}
        : {
            applications: applications.map((application, index) =>
              this.#withSecrets(application, `applications[${index}]`, APPLICATION_SECRETS),
            ),
          }),
      ...(scimTokens === undefined
        ? {}
        : {
            scimTokens: scimTokens.map(({ expiresAt, ...token }, index) => ({
              ...this.#withSecrets(token, `scimTokens[${index}]`, TOKEN_SECRETS),
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
