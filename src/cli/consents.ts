import { plainText } from '../core/text.js';
import type { GivenConsent } from '../domain/consent/consent-store.js';
import { withdrawConsent } from '../domain/consent/withdraw-consent.js';
import { configurationDeps } from '../server/configuration.js';
import { PostgresConsentStore } from '../storage/consent-store.js';
import { Database } from '../storage/database.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { applicationOf, personOf } from './chosen-person.js';
import { inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import { remoteConsents, withdrawRemotely } from './remote/sessions.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

interface ConsentsOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  /** An id, or a userName. */
  readonly user?: string;
  readonly application?: string;
  readonly json?: boolean;
}

export interface RevokeOptions extends ConsentsOptions {
  readonly yes?: boolean;
}

/** More at once would say nothing to a person; a tenant's applications that ask are few. */
const LIMIT = 10_000;

/** `causeway consents list`: what people have allowed third-party applications (B14). */
export async function listConsents(context: CommandContext, options: ConsentsOptions): Promise<ExitCode> {
  const consents = await eitherWay<readonly Told<GivenConsent>[]>(context, options, {
    remote: async (api) => remoteConsents(api, await remoteTenant(api, options.tenant), options, LIMIT),
    local: () =>
      inDatabase(context, undefined, async (database) => {
        const tenant = await tenantOf(database, options.tenant);
        return told(await consentsOf(database, tenant, options));
      }),
  });
  if (options.json === true) printJson(context.terminal, { consents });
  else if (consents.length === 0) context.terminal.out('There are no such consents.');
  else for (const consent of consents) context.terminal.out(consentLine(consent));
  return EXIT.done;
}

/** Names come from outside: nothing of them moves the terminal. */
function consentLine({ grantedAt, userId, userName, clientId, scopes }: Told<GivenConsent>): string {
  const person = `${plainText(userName, 100)} (${userId})`;
  return [grantedAt, person, plainText(clientId, 100), plainText(scopes.join(', '))].join('  ');
}

/** `causeway consents revoke`: forgets them, and ends what the applications were given under them. */
export async function revokeConsents(context: CommandContext, options: RevokeOptions): Promise<ExitCode> {
  const { user, application } = options;
  if (user === undefined && application === undefined)
    throw new CliError(EXIT.usage, ['give --user, --application, or both']);
  if (user === undefined && options.yes !== true)
    throw new CliError(EXIT.usage, [`give --yes: this withdraws what everybody has allowed ${application}`]);
  const done = await eitherWay<Withdrawn>(context, options, {
    async remote(api) {
      const tenant = await remoteTenant(api, options.tenant);
      return withdrawRemotely(api, tenant, await remoteConsents(api, tenant, options, LIMIT));
    },
    local: () => withdrawHere(context, options),
  });
  if (options.json === true) printJson(context.terminal, done);
  else context.terminal.out(`Withdrew ${done.consents} and ended ${done.grants} of what came of them.`);
  return EXIT.done;
}

interface Withdrawn {
  readonly consents: number;
  readonly grants: number;
}

async function withdrawHere(context: CommandContext, options: RevokeOptions): Promise<Withdrawn> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const tenant = await tenantOf(database, options.tenant);
    const { id } = tenant.configuration.tenant;
    const deps = configurationDeps(database, storage.keyRing, context.ids);
    const auditTools = { ...deps, vault: deps.keys.openVault(id, tenant.wrappedDataKey) };
    const consents = await consentsOf(database, tenant, options);
    const tools = { ...deps, auditTools, consents: new PostgresConsentStore(database) };
    let grants = 0;
    for (const { userId, clientId } of consents) {
      const request = { userId, application: applicationOf(tenant, clientId), actor: context.operator };
      // oxlint-disable-next-line no-await-in-loop -- a transaction each: people are locked one at a time
      const ended = await database.withTenant(id, (scope) => withdrawConsent(tools, scope, request));
      grants += ended.grants;
    }
    return { consents: consents.length, grants };
  }, false);
}

async function consentsOf(
  database: Database,
  tenant: ConfiguredTenant,
  { user, application }: ConsentsOptions,
): Promise<readonly GivenConsent[]> {
  const people = new PostgresSessionListStore(database);
  return new PostgresConsentStore(database).search(tenant.configuration.tenant.id, {
    userId: user === undefined ? undefined : (await personOf(people, tenant, user)).id,
    applicationId: application === undefined ? undefined : applicationOf(tenant, application).id,
    limit: LIMIT,
  });
}
