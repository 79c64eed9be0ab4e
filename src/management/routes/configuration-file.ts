import { DomainError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { applyConfiguration } from '../../domain/configuration/apply-configuration.js';
import { FaultyConfiguration } from '../../domain/configuration/change-tenant.js';
import type { ConfiguredTenant } from '../../domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../domain/configuration/desired.js';
import { keepOwners } from '../../domain/role/keep-owners.js';
import type { TenantListStore } from '../../domain/tenant/tenant-list.js';
import { SYSTEM_SLUG } from '../../domain/tenant/tenant.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem, toProblem } from '../api/problems.js';
import { presentApply, presentChanges, type PresentedApply } from '../apply-file/present-apply.js';
import { readApplyDocument } from '../apply-file/read-apply-file.js';
import { exportTenant, VariableNames } from '../apply-file/write-apply-file.js';
import {
  ApplyAnswer,
  ApplyQuery,
  ConfigurationFile,
  ExportAnswer,
  ExportQuery,
} from '../contract/configuration.js';
import type { ConfigurationDeps } from './configuration/entry-operations.js';

export interface ConfigurationFileDeps extends ConfigurationDeps {
  readonly tenants: TenantListStore;
}

const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** Configuration as code (F8): what `causeway apply` and `export` do, for who is not at the server. */
export function configurationFileOperations(deps: ConfigurationFileDeps): readonly Operation[] {
  return [
    operation({
      id: 'applyConfiguration',
      method: 'POST',
      path: '/configuration/apply',
      summary: 'Makes the named tenants look like the file',
      permission: 'configuration.manage',
      query: ApplyQuery,
      body: named('ConfigurationFile', ConfigurationFile),
      bytesMax: FILE_BYTES_MAX,
      answer: named('AppliedConfiguration', ApplyAnswer),
      handle: (call, { query, body }) => apply(deps, call, body, query),
    }),
    operation({
      id: 'exportConfiguration',
      method: 'GET',
      path: '/configuration/export',
      summary: 'The configuration as a file of apply, without secrets; MSPs come before their customers',
      permission: 'configuration.read',
      query: ExportQuery,
      answer: named('ExportedConfiguration', ExportAnswer),
      handle: (call, { query }) => exported(deps, call, query),
    }),
  ];
}

async function apply(
  deps: ConfigurationFileDeps,
  call: ApiCall,
  body: unknown,
  { dryRun = false, allowDelete = false }: { readonly dryRun?: boolean; readonly allowDelete?: boolean },
): Promise<ApiAnswer> {
  const read = readApplyDocument(body);
  if (read.faults !== undefined) throw new FaultyConfiguration(read.faults);
  // The deployment's operators answer for what they do to a tenant, as at the server.
  const isOperators = call.caller.home.slug === SYSTEM_SLUG;
  if (!isOperators) for (const tenant of read.tenants) await requireOwn(deps, call, tenant);
  const outcome = await applyConfiguration(deps.apply, read.tenants, {
    rules: deps.rules,
    allowDelete,
    dryRun,
    actor: call.caller.actor,
    origin: call.origin,
    async judge(plan, current, unit) {
      // A tenant that is made by this file has no scope yet.
      if (current !== undefined && !isOperators)
        await keepOwners(deps.apply, unit.scope, current.configuration, plan);
    },
  });
  for (const { slug } of read.tenants) deps.directory.forget(slug);
  if (outcome.outcome === 'faulty') throw new FaultyConfiguration(outcome.faults);
  if (outcome.outcome === 'refused')
    throw new Problem(
      'confirmation_required',
      'These changes end access: send allowDelete=true if they are meant.',
      {
        members: { deletions: presentChanges(outcome.deletions) },
      },
    );
  if (outcome.outcome === 'interrupted')
    throw interrupted(
      outcome.slug,
      outcome.error,
      presentApply(outcome.changes, outcome.tenants, deps.publicUrl),
    );
  return { body: presentApply(outcome.changes, outcome.tenants, deps.publicUrl) };
}

/** Tenants before it are done, and what was made for them is told, now or never. */
function interrupted(slug: string, error: unknown, done: PresentedApply): unknown {
  if (!(error instanceof DomainError)) return error;
  const { code, message } = toProblem(error);
  const told: Json = JSON.parse(JSON.stringify(done));
  return new Problem(code, `${slug}: ${message} (tenants before it are done)`, { members: { done: told } });
}

/** A caller who isn't the deployment's applies to its own tenant and its customers, and claims no domain by saying so. */
async function requireOwn(deps: ConfigurationFileDeps, call: ApiCall, desired: DesiredTenant): Promise<void> {
  const { home } = call.caller;
  const current = await deps.apply.store.find(desired.slug);
  const parent = current === undefined ? desired.parent : current.configuration.parentSlug;
  const isOwn = current?.configuration.tenant.id === home.id;
  if (!isOwn && parent !== home.slug) throw new Problem('not_found', `There is no tenant '${desired.slug}'.`);
  if (current === undefined) {
    const [place] = await deps.apply.store.places([home.slug]);
    if (place?.hasCustomers !== true)
      throw new Problem('forbidden', 'The first customer of a tenant is made by the deployment’s operators.');
  } else if (desired.parent !== undefined && desired.parent !== parent)
    throw new Problem('forbidden', 'Only the deployment’s operators move a tenant in the tree.');
  const verified = new Set(
    current?.configuration.domains.filter((one) => one.verified).map(({ name }) => name),
  );
  const claimed = desired.domains?.find((domain) => domain.verified === true && !verified.has(domain.name));
  if (claimed !== undefined)
    throw new Problem('forbidden', `Whether ${claimed.name} is yours is proved by its DNS.`);
  if (isOwn && desired.status !== undefined && desired.status !== current?.configuration.tenant.status)
    throw new Problem('forbidden', 'Only those above a tenant suspend it or let it go on.');
}

const depth = ({ configuration }: ConfiguredTenant): number => (configuration.parentSlug === null ? 0 : 1);

async function exported(
  deps: ConfigurationFileDeps,
  call: ApiCall,
  { tenant, secrets }: { readonly tenant?: string; readonly secrets?: 'env' },
): Promise<ApiAnswer> {
  const variables = secrets === 'env' ? new VariableNames() : undefined;
  const tenants: ConfiguredTenant[] = [];
  for (const slug of await slugsOf(deps, call, tenant)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other: all at once would be a crowd of connections
    const found = await deps.apply.store.find(slug);
    if (found !== undefined) tenants.push(found);
  }
  const ordered = tenants.toSorted((one, other) => depth(one) - depth(other));
  return { body: { tenants: ordered.map((each) => exportTenant(each, variables)) } };
}

const PAGE = 200;

async function slugsOf(
  { tenants, apply: { store } }: ConfigurationFileDeps,
  call: ApiCall,
  wanted: string | undefined,
): Promise<readonly string[]> {
  const { home } = call.caller;
  const isSystem = home.slug === SYSTEM_SLUG;
  if (wanted !== undefined) {
    const [place] = await store.places([wanted]);
    if (place === undefined || !(isSystem || place.slug === home.slug || place.parentSlug === home.slug))
      throw new Problem('not_found', `There is no tenant '${wanted}'.`);
    return [wanted];
  }
  const slugs: string[] = isSystem ? [] : [home.slug];
  for (let after: readonly string[] | undefined; ;) {
    // oxlint-disable-next-line no-await-in-loop -- page after page
    const page = await tenants.list({ limit: PAGE, after, ...(isSystem ? {} : { parentId: home.id }) });
    slugs.push(...page.items.map(({ slug }) => slug));
    if (page.next === undefined) return slugs;
    after = page.next;
  }
}
