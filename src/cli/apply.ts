import { readFile } from 'node:fs/promises';
import { messageOf } from '../core/errors.js';
import { plainText } from '../core/text.js';
import { applyConfiguration } from '../domain/configuration/apply-configuration.js';
import type { DesiredTenant } from '../domain/configuration/desired.js';
import { describeFault } from '../domain/configuration/fault.js';
import { presentApply, presentChanges, type PresentedApply } from '../management/apply-file/present-apply.js';
import { readApplyFile } from '../management/apply-file/read-apply-file.js';
import { configurationDeps } from '../server/configuration.js';
import type { Storage } from '../server/open-storage.js';
import { Database } from '../storage/database.js';
import type { Check } from './checks.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, explain, type ExitCode } from './exit-codes.js';
import { newAddresses } from './new-addresses.js';
import { eitherWay } from './remote/api.js';
import { applyRemotely } from './remote/apply.js';
import { printJson } from './terminal.js';
import { told, type Told } from './told.js';
import { UpstreamProber } from './upstream-checks.js';

export interface ApplyOptions extends RemoteOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly allowDelete?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** What was planned or done, and where it stopped. */
interface Applied {
  readonly answer: Told<PresentedApply> & { readonly checks?: readonly Check[] };
  readonly failure?: CliError;
}

type PlannedChange = Told<PresentedApply>['plan'][number];

/** `causeway apply`: makes a deployment look like the file. */
export async function apply(context: CommandContext, options: ApplyOptions): Promise<ExitCode> {
  const { dryRun = false, allowDelete = false } = options;
  const { answer, failure } = await eitherWay<Applied>(context, options, {
    async remote(api) {
      if (options.check === true)
        throw new CliError(EXIT.usage, [
          '--check asks upstreams from where the deployment is configured: there, or leave it out',
        ]);
      const text = await readText(context, options.file);
      const { variables } = context;
      return { answer: await applyRemotely(api, { text, variables, dryRun, allowDelete, refusal }) };
    },
    local: async () => applyHere(context, options, await readText(context, options.file)),
  });
  if (options.json === true) printJson(context.terminal, answer);
  else printForPeople(context, answer, dryRun);
  if (failure !== undefined) throw failure;
  return EXIT.done;
}

async function readText(context: CommandContext, file: string): Promise<string> {
  try {
    return file === '-' ? await context.terminal.readInput() : await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.badFile, [`${file} can't be read: ${messageOf(error)}`]);
  }
}

async function applyHere(context: CommandContext, options: ApplyOptions, text: string): Promise<Applied> {
  const read = readApplyFile(text, (name) => context.variables[name]);
  if (read.faults !== undefined) throw new CliError(EXIT.badFile, read.faults.map(describeFault));
  const { config } = context;
  return context.withStorage(async (storage) => {
    const deps = configurationDeps(new Database(storage.dataSource), storage.keyRing, context.ids);
    const outcome = await applyConfiguration(deps, read.tenants, {
      rules: { allowHttpLoopback: config.loopback },
      allowDelete: options.allowDelete === true,
      dryRun: options.dryRun === true,
      actor: context.operator,
    });
    if (outcome.outcome === 'faulty') throw new CliError(EXIT.badFile, outcome.faults.map(describeFault));
    if (outcome.outcome === 'refused') throw refusal(presentChanges(outcome.deletions));
    const checks = options.check === true ? await probe(context, storage, read.tenants) : undefined;
    const answer = {
      ...told(presentApply(outcome.changes, outcome.tenants, config.publicUrl)),
      ...(checks && { checks }),
    };
    if (outcome.outcome !== 'interrupted') return { answer };
    const { exitCode, lines } = explain(outcome.error);
    const failure = new CliError(
      exitCode,
      lines.map((line) => `${outcome.slug}: ${line} (tenants that are listed above are done)`),
    );
    return { answer, failure };
  });
}

function refusal(deletions: readonly PlannedChange[]): CliError {
  return new CliError(EXIT.notAllowed, [
    'nothing was done: these changes end access that is in force.',
    ...deletions.map((change) => `  ${describeChange(change)}`),
    'What is deleted is what the file leaves out. If all this is meant, give --allow-delete (--dry-run shows the whole plan).',
  ]);
}

async function probe(
  context: CommandContext,
  storage: Storage,
  tenants: readonly DesiredTenant[],
): Promise<readonly Check[]> {
  const prober = new UpstreamProber(context, new Database(storage.dataSource), storage.keyRing);
  try {
    const checks: Check[] = [];
    for (const { slug } of tenants) checks.push(...(await prober.checkTenant(slug)));
    return checks;
  } finally {
    await prober.close();
  }
}

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

function describeChange({ action, kind, tenant, key, changes }: PlannedChange): string {
  const members = changes.length === 0 ? '' : `: ${changes.join(', ')}`;
  const what = kind === 'tenant' ? '' : ` ${plainText(key, KEY_MAX)}`;
  return `${SIGNS[action]} ${plainText(tenant, 40)}: ${kind}${what}${plainText(members, KEY_MAX)}`;
}

const KEY_MAX = 2_000;

function printForPeople({ terminal }: CommandContext, answer: Applied['answer'], dryRun: boolean): void {
  const { plan, tenants, checks = [] } = answer;
  for (const change of plan) terminal.out(describeChange(change));
  if (plan.length === 0) terminal.out('Nothing to do.');
  else terminal.out(dryRun ? `${plan.length} changes planned, none made.` : `${plan.length} changes made.`);
  for (const line of newAddresses(answer)) terminal.out(plainText(line, KEY_MAX));
  for (const tenant of tenants) {
    const once = (what: string, key: string, secret: string | undefined): void => {
      if (secret === undefined) return;
      const line = `${what} of ${tenant.slug} / ${key}, shown this once: ${secret}`;
      terminal.out(plainText(line, KEY_MAX));
    };
    for (const { clientId, clientSecret, deviceWebhookSecret } of tenant.applications) {
      once('Client secret', clientId, clientSecret);
      once('Webhook secret', clientId, deviceWebhookSecret);
    }
    for (const { name, token } of tenant.scimTokens) once('SCIM token', name, token);
  }
  for (const check of checks) terminal.out(`${check.status} ${check.id}: ${check.detail}`);
}
