import { systemClock } from '../core/clock.js';
import { instantOf } from '../core/instant.js';
import { plainText } from '../core/text.js';
import type { Application } from '../domain/application/application.js';
import type { ReadCause } from '../domain/audit/cause.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import type { TenantConfiguration } from '../domain/configuration/tenant-configuration.js';
import { explainRoles } from '../domain/role/explain-roles.js';
import type { Chain, Origin, RoleExplanation } from '../domain/role/explanation.js';
import { describeGroup } from '../domain/role/role.js';
import type { Database } from '../storage/database.js';
import { PostgresRoleFactsStore } from '../storage/role-facts-store.js';
import { PostgresSessionListStore } from '../storage/session-list-store.js';
import { applicationOf, personOf } from './chosen-person.js';
import { connectionOf, inDatabase, tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { eitherWay } from './remote/api.js';
import { explainRemotely } from './remote/people.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';

export interface ExplainOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  /** An id, or a userName. */
  readonly user: string;
  readonly connection?: string;
  /** clientId; undefined: whatever the application. */
  readonly application?: string;
  /** Slug of a customer: the roles in its console of one of the MSP's people. */
  readonly customer?: string;
  readonly role?: string;
  /** A time that has passed. */
  readonly at?: string;
  readonly json?: boolean;
}

/** `causeway roles explain`: why a person has a role, and why not (D6). */
export async function explainRolesOf(context: CommandContext, options: ExplainOptions): Promise<ExitCode> {
  const [at, now] = [options.at === undefined ? undefined : timeOf(options.at), systemClock.now()];
  if (options.customer !== undefined && options.application !== undefined)
    throw new CliError(EXIT.usage, ['--customer is about the console there, and no application']);
  if (at !== undefined && at > now) throw new CliError(EXIT.usage, ['--at is a time that is still to come']);
  const explained = await eitherWay<Told<RoleExplanation>>(context, options, {
    remote: (api) => explainRemotely(api, at === undefined ? options : { ...options, at: at.toISOString() }),
    local: () => inDatabase(context, undefined, (database) => explainHere(database, options, { at, now })),
  });
  if (options.json === true) printJson(context.terminal, explained);
  else for (const line of linesOf(explained)) context.terminal.out(plainText(line, LINE_MAX));
  return EXIT.done;
}

async function explainHere(
  database: Database,
  options: ExplainOptions,
  { at, now }: { readonly at: Date | undefined; readonly now: Date },
): Promise<Told<RoleExplanation>> {
  const { connection, role } = options;
  const tenant = await tenantOf(database, options.tenant);
  const { configuration } = tenant;
  if (connection !== undefined) connectionOf(tenant, connection);
  const { application, above } = await applicationAsked(database, tenant, options.application);
  const defined = [...configuration.roles, ...(above?.roles ?? [])];
  if (role !== undefined && defined.every(({ key }) => key !== role))
    throw new CliError(EXIT.usage, [`'${plainText(role, 64)}' is no role of the tenant`]);
  const person = await personOf(new PostgresSessionListStore(database), tenant, options.user, connection);
  const deps = { roleFacts: new PostgresRoleFactsStore(database) };
  const explained = await explainRoles(deps, configuration.tenant.id, {
    userId: person.id,
    application,
    above,
    customer:
      options.customer === undefined ? undefined : await customerOf(database, tenant, options.customer),
    role,
    others: true,
    at,
    now,
    configuration,
  });
  return told(explained);
}

/** The tenant's own, or the one above's for its customers' people (E4). */
async function applicationAsked(
  database: Database,
  tenant: ConfiguredTenant,
  clientId: string | undefined,
): Promise<{ readonly application: Application | null; readonly above?: TenantConfiguration }> {
  if (clientId === undefined) return { application: null };
  const { applications, parentSlug } = tenant.configuration;
  if (parentSlug === null || applications.some((one) => one.clientId === clientId))
    return { application: applicationOf(tenant, clientId) };
  const { configuration: above } = await tenantOf(database, parentSlug);
  const found = above.applications.find(
    (one) => one.clientId === clientId && one.settings.audience === 'tenant-and-customers',
  );
  return found === undefined
    ? { application: applicationOf(tenant, clientId) }
    : { application: found, above };
}

/** @throws CliError when it is no tenant right below */
async function customerOf(database: Database, { configuration }: ConfiguredTenant, slug: string) {
  const { tenant } = (await tenantOf(database, slug)).configuration;
  if (tenant.parentId === configuration.tenant.id) return { slug: tenant.slug, name: tenant.name };
  throw new CliError(EXIT.usage, [`'${plainText(slug, 40)}' is no customer of the tenant`]);
}

/** A sentence that names every group of a large company. */
const LINE_MAX = 100_000;

const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function timeOf(text: string): Date {
  const instant = TIME.test(text) ? instantOf(text) : undefined;
  if (instant === undefined)
    throw new CliError(EXIT.usage, ['--at must be a time such as 2026-11-22T10:00:00Z']);
  return instant;
}

function linesOf({
  sentence,
  roles,
  whyNot,
  access,
  claims,
  limits,
}: Told<RoleExplanation>): readonly string[] {
  const claim = claims?.roles.name ?? null;
  return [
    sentence,
    ...roles.flatMap((role) => [
      '',
      `${role.role}:`,
      ...role.chains.map((chain) => `  ${chain.number}. ${chainLine(chain)}`),
    ]),
    ...(whyNot.length === 0 ? [] : ['', 'Why not:', ...whyNot.map((each) => `  ${each.sentence}`)]),
    '',
    access.sentence,
    ...(claim === null ? [] : [`Its tokens say ${plainText(claim)}: ${JSON.stringify(claims?.roles.value)}`]),
    ...limits,
  ];
}

function chainLine(chain: Told<Chain>): string {
  if (chain.kind === 'default') return 'the default role: nothing else gives one there';
  if (chain.kind === 'assignment')
    return `given directly by ${chain.source === 'scim' ? 'SCIM' : 'an operator'} ${originWords(chain)}`;
  if (chain.kind === 'grant')
    return `in ${plainText(chain.group.name, 200)} by ${bySource(chain.group)} ${originWords(chain.group)} <- grant to ${plainText(describeGroup(chain.grant.group), 200)}`;
  const { group, mapping } = chain;
  const where = mapping.application === null ? '' : ` in ${plainText(mapping.application)}`;
  return `in ${plainText(group.name, 200)} by ${bySource(group)} ${originWords(group)} <- mapping ${plainText(describeGroup(mapping.group), 200)} -> ${mapping.role}${where} ${originWords(mapping)}`;
}

const bySource = ({ source }: { readonly source: 'scim' | 'token' }): string =>
  source === 'scim' ? 'SCIM' : 'a token';

function originWords({ since, orEarlier, cause }: Told<Origin>): string {
  const when = `since ${since}${orEarlier ? ' or earlier' : ''}`;
  return cause === null ? `(${when})` : `(${when}, ${causeWords(cause)})`;
}

const KINDS: Readonly<Record<ReadCause['kind'], string>> = {
  scim: 'SCIM request',
  sign_in: 'sign-in, request',
  revalidation: 'asked again of the upstream',
  operator: 'by',
};

const causeWords = ({ kind, reference }: ReadCause): string =>
  reference === '' ? KINDS[kind] : `${KINDS[kind]} ${plainText(reference, 200)}`;
