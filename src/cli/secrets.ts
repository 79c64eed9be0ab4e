import { plainText } from '../core/text.js';
import { rotateSecret } from '../domain/application/rotate-secret.js';
import { OVERLAP_SECONDS_DEFAULT, OVERLAP_SECONDS_MAX } from '../domain/application/secret-overlap.js';
import { configurationDeps } from '../server/configuration.js';
import { PostgresApplicationSecretStore } from '../storage/application-secret-store.js';
import { Database } from '../storage/database.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { requireDeployment } from './existing-database.js';
import { eitherWay } from './remote/api.js';
import { remoteSecrets, rotateSecretRemotely, type ToldSecret } from './remote/secrets.js';
import { printJson } from './terminal.js';
import { told } from './told.js';

interface SecretsOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly application?: string;
  readonly json?: boolean;
}

export interface RotateSecretOptions extends SecretsOptions {
  readonly application: string;
  readonly overlap?: string;
  readonly now?: boolean;
}

/** `causeway secrets list`: client secrets of a tenant's applications, never their values (B15). */
export async function listSecrets(context: CommandContext, options: SecretsOptions): Promise<ExitCode> {
  const secrets = await eitherWay<readonly ToldSecret[]>(context, options, {
    remote: (api) => remoteSecrets(api, options),
    local: () => inDatabase(context, undefined, (database) => secretsHere(database, options)),
  });
  if (options.json === true) printJson(context.terminal, { secrets });
  else if (secrets.length === 0) context.terminal.out('There are no client secrets.');
  else for (const secret of secrets) context.terminal.out(secretLine(secret));
  return EXIT.done;
}

async function secretsHere(
  database: Database,
  { tenant, application }: SecretsOptions,
): Promise<readonly ToldSecret[]> {
  const { configuration } = await tenantOf(database, tenant);
  if (application !== undefined && configuration.applications.every((one) => one.clientId !== application))
    throw new CliError(EXIT.usage, [`'${plainText(application, 60)}' is no application of the tenant`]);
  const all = await new PostgresApplicationSecretStore(database).list(configuration.tenant.id);
  return told(all.filter((secret) => application === undefined || secret.clientId === application));
}

function secretLine({ clientId, id, slot, createdAt, expiresAt, isExpired, lastUsedAt }: ToldSecret): string {
  const end = expiresAt === null ? 'no end' : `${isExpired ? 'ENDED' : 'ends'} ${expiresAt}`;
  const use = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt}`;
  const shown = [plainText(clientId, 100), slot.padEnd(9), ...(id === undefined ? [] : [id])];
  return [...shown, `made ${createdAt ?? '-'}`, end, use].join('  ');
}

/** `causeway secrets rotate`: a new client secret, printed once; the one of before goes on for the overlap. */
export async function rotateClientSecret(
  context: CommandContext,
  options: RotateSecretOptions,
): Promise<ExitCode> {
  const overlapSeconds = overlapOf(options);
  const clientId = options.application;
  const made = await eitherWay<MadeSecret>(context, options, {
    remote: (api) => rotateSecretRemotely(api, options.tenant, { clientId, overlapSeconds }),
    local: () => rotateHere(context, options, overlapSeconds),
  });
  const { terminal } = context;
  if (options.json === true) printJson(terminal, made);
  else {
    terminal.out(plainText(made.clientSecret, 600));
    if (made.previousExpiresAt !== null)
      terminal.err(
        overlapSeconds === 0
          ? 'The secret of before is refused from now on.'
          : `The secret of before works until ${made.previousExpiresAt}.`,
      );
  }
  return EXIT.done;
}

interface MadeSecret {
  readonly clientId: string;
  readonly id: string;
  readonly clientSecret: string;
  /** null: there was none. */
  readonly previousExpiresAt: string | null;
}

async function rotateHere(
  context: CommandContext,
  { tenant, application: clientId }: RotateSecretOptions,
  overlapSeconds: number,
): Promise<MadeSecret> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const { configuration } = await tenantOf(database, tenant);
    const secrets = new PostgresApplicationSecretStore(database);
    const deps = { ...configurationDeps(database, storage.keyRing, context.ids), secrets };
    const { id: tenantId, slug } = configuration.tenant;
    const made = await rotateSecret(deps, { slug, clientId, overlapSeconds, actor: context.operator });
    const before = (await secrets.list(tenantId)).find(
      (secret) => secret.clientId === clientId && secret.slot === 'secondary',
    );
    const previousExpiresAt = before?.expiresAt?.toISOString() ?? null;
    return { clientId, id: made.id, clientSecret: made.secret, previousExpiresAt };
  }, false);
}

function overlapOf({ overlap, now }: RotateSecretOptions): number {
  if (overlap !== undefined && now === true)
    throw new CliError(EXIT.usage, ['give --overlap or --now, not both']);
  if (now === true) return 0;
  if (overlap === undefined) return OVERLAP_SECONDS_DEFAULT;
  const seconds = /^\d{1,8}$/.test(overlap) ? Number(overlap) : 0;
  if (seconds < 1 || seconds > OVERLAP_SECONDS_MAX)
    throw new CliError(EXIT.usage, [
      `--overlap must be a whole number of seconds from 1 to ${OVERLAP_SECONDS_MAX}; --now for none`,
    ]);
  return seconds;
}
