import type { Static } from 'typebox';
import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { ClaimsPreviewResource } from '../management/contract/users.js';
import { findApplication } from '../management/routes/application-asked.js';
import { previewClaims, type ClaimsPreview } from '../op/claims-preview.js';
import { compose } from '../server/compose.js';
import { settingsOf } from '../server/start.js';
import { Database } from '../storage/database.js';
import { PostgresArtifactStore } from '../storage/artifact-store.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import { personOf } from './chosen-person.js';
import { connectionOf, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { eitherWay } from './remote/api.js';
import { previewRemotely } from './remote/people.js';
import { printJson, terminalJson } from './terminal.js';

export interface PreviewOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly application: string;
  /** It is the tenant above's, though the tenant has one of that name. */
  readonly above?: boolean;
  /** An id, or a userName. */
  readonly user: string;
  readonly connection?: string;
  readonly scope: string;
  /** Identifier of an API. */
  readonly resource?: string;
  readonly json?: boolean;
}

/** `causeway claims preview`: what an application would be told of a person who signs in now, and whether they may (B12). */
export async function previewClaimsOf(context: CommandContext, options: PreviewOptions): Promise<ExitCode> {
  const preview = await eitherWay<ShownPreview>(context, options, {
    remote: (api) => previewRemotely(api, options),
    local: () => previewHere(context, options),
  });
  if (options.json === true) printJson(context.terminal, preview);
  else for (const line of linesOf(preview)) context.terminal.out(line);
  return EXIT.done;
}

/** As the management API shows it. */
type ShownPreview = Static<typeof ClaimsPreviewResource>;

async function previewHere(context: CommandContext, options: PreviewOptions): Promise<ShownPreview> {
  await requireDeployment(context);
  return context.withStorage(async (storage) => {
    const database = new Database(storage.dataSource);
    const tenant = await tenantOf(database, options.tenant);
    const { connection } = options;
    if (connection !== undefined) connectionOf(tenant, connection);
    const person = await personOf(new PostgresSessionListStore(database), tenant, options.user, connection);
    const node = compose(settingsOf(context.config), storage.dataSource, storage.keyRing, context.log);
    const served = await servedTenant(node.directory, tenant);
    const asked = await findApplication(node.directory, served, options);
    if (asked === undefined)
      throw new CliError(EXIT.usage, [
        `'${plainText(options.application, 100)}' is no application of the tenant`,
      ]);
    const issuer = asked.above ?? served;
    const preview = await previewClaims(issuer, node.providers, new PostgresArtifactStore(database), {
      application: asked.application,
      userId: person.id,
      scope: options.scope,
      api: apiOf(issuer, options.resource),
      homeId: asked.above === undefined ? undefined : served.id,
    });
    return shown(options.application, issuer.slug, person.id, preview);
  }, false);
}

async function servedTenant(
  directory: Pick<TenantDirectory, 'find'>,
  { configuration }: ConfiguredTenant,
): Promise<TenantContext> {
  const { slug } = configuration.tenant;
  const served = await directory.find(slug);
  if (served === undefined) throw new CliError(EXIT.usage, [`there is no tenant '${slug}'`]);
  return served;
}

function apiOf({ configuration }: TenantContext, resource: string | undefined): string | undefined {
  if (resource !== undefined && configuration.apis.every(({ identifier }) => identifier !== resource))
    throw new CliError(EXIT.usage, [`'${plainText(resource, 100)}' is no API of the tenant`]);
  return resource;
}

const shown = (
  application: string,
  tenant: string,
  userId: string,
  { refusal, idToken, userinfo, accessToken }: ClaimsPreview,
): ShownPreview => ({
  application,
  tenant,
  userId,
  allowed: refusal === undefined,
  reason: refusal ?? null,
  idToken: idToken ?? null,
  userinfo: userinfo ?? null,
  accessToken: accessToken ?? null,
});

const REFUSALS: Readonly<Record<NonNullable<ShownPreview['reason']>, string>> = {
  no_access: 'no: switched off, or of a connection that is closed or has changed its issuer (no_access)',
  not_assigned: "no: in no group and with no role of the application's assignment (not_assigned)",
  no_role: 'no: without a role, and the tenant lets nobody in without one (no_role)',
};

function linesOf(preview: ShownPreview): readonly string[] {
  const { application, reason, idToken, userinfo, accessToken } = preview;
  return [
    `May use ${plainText(application, 100)}: ${reason === null ? 'yes' : REFUSALS[reason]}`,
    ...(
      [
        ['ID token', idToken],
        ['Userinfo', userinfo],
        ['Access token', accessToken],
      ] as const
    ).map(([name, claims]) => `${name}: ${claims === null ? 'none' : terminalJson(claims, 2)}`),
    'Times, ids, acr, amr, auth_time and sid come of the sign-in, and are left out.',
  ];
}
