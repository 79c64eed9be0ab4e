import { readFile } from 'node:fs/promises';
import { messageOf } from '../core/errors.js';
import { applyConfiguration, type ApplyOutcome } from '../domain/configuration/apply-configuration.js';
import type { Change } from '../domain/configuration/change.js';
import type { DesiredTenant } from '../domain/configuration/desired.js';
import { describeFault } from '../domain/configuration/fault.js';
import { presentApply, type PresentedApply } from '../management/apply-file/present-apply.js';
import { readApplyFile } from '../management/apply-file/read-apply-file.js';
import { configurationDeps } from '../server/configuration.js';
import type { Storage } from '../server/open-storage.js';
import { Database } from '../storage/database.js';
import type { Check } from './checks.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, explain, type ExitCode } from './exit-codes.js';
import { newAddresses } from './new-addresses.js';
import { printJson } from './terminal.js';
import { UpstreamProber } from './upstream-checks.js';

export interface ApplyOptions extends RemoteOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly allowDelete?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `causeway apply`: makes the deployment look like the file. */
export async function apply(context: CommandContext, options: ApplyOptions): Promise<ExitCode> {
  context.refuseRemote(options);
  const text = await readText(context, options.file);
  const read = readApplyFile(text, (name) => context.variables[name]);
  if (read.faults !== undefined) throw new CliError(EXIT.badFile, read.faults.map(describeFault));
  const { config } = context;
  return context.withStorage(async (storage) => {
    const outcome = await applyTo(context, storage, read.tenants, options);
    if (outcome.outcome === 'faulty') throw new CliError(EXIT.badFile, outcome.faults.map(describeFault));
    if (outcome.outcome === 'refused') throw refusal(outcome.deletions);
    const checks = options.check === true ? await probe(context, storage, read.tenants) : undefined;
    const answer = {
      ...presentApply(outcome.changes, outcome.tenants, config.publicUrl),
      ...(checks && { checks }),
    };
    if (options.json === true) printJson(context.terminal, answer);
    else printForPeople(context, outcome, answer);
    if (outcome.outcome !== 'interrupted') return EXIT.done;
    const { exitCode, lines } = explain(outcome.error);
    throw new CliError(
      exitCode,
      lines.map((line) => `${outcome.slug}: ${line} (tenants that are listed above are done)`),
    );
  });
}

async function readText(context: CommandContext, file: string): Promise<string> {
  try {
    return file === '-' ? await context.terminal.readInput() : await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.badFile, [`${file} can't be read: ${messageOf(error)}`]);
  }
}

function applyTo(
  context: CommandContext,
  storage: Storage,
  tenants: readonly DesiredTenant[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const deps = configurationDeps(new Database(storage.dataSource), storage.keyRing, context.ids);
  return applyConfiguration(deps, tenants, {
    rules: { allowHttpLoopback: context.config.loopback },
    allowDelete: options.allowDelete === true,
    dryRun: options.dryRun === true,
    actor: context.operator,
  });
}

function refusal(deletions: readonly Change[]): CliError {
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

function describeChange({ action, kind, tenant, key, changes }: Change): string {
  const members = changes.length === 0 ? '' : `: ${changes.join(', ')}`;
  return `${SIGNS[action]} ${tenant}: ${kind}${kind === 'tenant' ? '' : ` ${key}`}${members}`;
}

function printForPeople(
  { terminal, config }: CommandContext,
  outcome: Extract<ApplyOutcome, { readonly changes: readonly Change[] }>,
  answer: PresentedApply & { readonly checks?: readonly Check[] },
): void {
  for (const change of outcome.changes) terminal.out(describeChange(change));
  if (outcome.changes.length === 0) terminal.out('Nothing to do.');
  else if (outcome.outcome === 'planned')
    terminal.out(`${outcome.changes.length} changes planned, none made.`);
  else terminal.out(`${outcome.changes.length} changes made.`);
  for (const line of newAddresses(outcome.changes, config.publicUrl)) terminal.out(line);
  for (const tenant of answer.tenants) {
    for (const { clientId, clientSecret, deviceWebhookSecret } of tenant.applications) {
      if (clientSecret !== undefined)
        terminal.out(`Client secret of ${tenant.slug} / ${clientId}, shown this once: ${clientSecret}`);
      if (deviceWebhookSecret !== undefined)
        terminal.out(
          `Webhook secret of ${tenant.slug} / ${clientId}, shown this once: ${deviceWebhookSecret}`,
        );
    }
    for (const { name, token } of tenant.scimTokens)
      if (token !== undefined)
        terminal.out(`SCIM token of ${tenant.slug} / ${name}, shown this once: ${token}`);
  }
  for (const check of answer.checks ?? []) terminal.out(`${check.status} ${check.id}: ${check.detail}`);
}
