import { plainText } from '../core/text.js';
import { difference, type MappingDifference } from '../domain/role/mapping-wish.js';
import { Database } from '../storage/database.js';
import { tenantOf } from './chosen-tenant.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { requireDeployment } from './existing-database.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { limitOf } from './limit.js';
import { mappingsHere } from './local-mappings.js';
import { mappingText, wishOf, type Wish, type WishOptions } from './mapping-wish.js';
import { eitherWay } from './remote/api.js';
import { remoteTenant } from './remote/chosen.js';
import {
  mappingsThere,
  type MappingChange,
  type Mappings,
  type Preview,
  type Seen,
} from './remote/mappings.js';
import { printJson } from './terminal.js';

interface MappingOptions extends RemoteOptions {
  /** undefined: the deployment's only tenant. */
  readonly tenant?: string;
  readonly json?: boolean;
}

interface ApplyOptions extends MappingOptions, WishOptions {
  /** Id of a staged change. */
  readonly staged?: string;
  /** Version of the preview that was seen. */
  readonly preview?: string;
  readonly confirm?: string;
  readonly yes?: boolean;
}

/** `causeway mappings list`: which group gives which role. */
export function listMappings(context: CommandContext, options: MappingOptions): Promise<ExitCode> {
  return onMappings(context, options, async (mappings) => {
    const all = (await mappings.list()).map(({ group, role, application = null }) => ({
      group,
      role,
      application,
    }));
    const sorted = all.toSorted((one, other) => (mappingText(one) < mappingText(other) ? -1 : 1));
    if (options.json === true) printJson(context.terminal, { roleMappings: sorted });
    else if (sorted.length === 0) context.terminal.out('No group gives a role.');
    else for (const mapping of sorted) context.terminal.out(mappingText(mapping));
    return EXIT.done;
  });
}

/** `causeway mappings preview`: who would gain and who would lose what (D7). Writes nothing. */
export function previewOf(context: CommandContext, options: MappingOptions & WishOptions): Promise<ExitCode> {
  const wish = wishOf(options);
  return onMappings(context, options, async (mappings) => {
    const preview = await mappings.preview(wish);
    if (options.json === true) printJson(context.terminal, preview);
    else for (const line of previewLines(preview)) context.terminal.out(line);
    return preview.faults.length > 0 ? EXIT.badFile : EXIT.done;
  });
}

/** `causeway mappings apply`: as it was previewed, or what somebody has staged. */
export function applyMapping(context: CommandContext, options: ApplyOptions): Promise<ExitCode> {
  const { staged } = options;
  const own = staged === undefined ? wishOf(options) : undefined;
  return onMappings(context, options, async (mappings) => {
    const wish = own ?? (await wishOfStaged(mappings, staged ?? ''));
    const preview = await mappings.preview(wish);
    if (preview.faults.length > 0)
      throw new CliError(
        EXIT.badFile,
        preview.faults.map((one) => plainText(one)),
      );
    const seen = await seenOf(context, options, preview);
    const change =
      staged === undefined ? await mappings.apply(wish, seen) : await mappings.applyStaged(staged, seen);
    return printChange(context, options, change);
  });
}

async function wishOfStaged(mappings: Mappings, id: string): Promise<Wish> {
  const { before, after } = await mappings.find(id);
  const { add, remove, settings } = difference(before, after);
  return { ...settings, add: [...add], remove: [...remove] };
}

/** What is said to have been seen of a change before it is made: what many lose is confirmed by how many they are. */
export async function seenOf(
  { terminal }: CommandContext,
  { preview: version, confirm, yes }: Pick<ApplyOptions, 'preview' | 'confirm' | 'yes'>,
  preview: Pick<Preview, 'version' | 'needsConfirmation' | 'loses'>,
): Promise<Seen> {
  const seen = { version: version ?? preview.version };
  if (confirm !== undefined) return { ...seen, confirm: countOf(confirm) };
  if (!preview.needsConfirmation) return seen;
  if (yes === true) return { ...seen, confirm: preview.loses };
  const sentence = `${preview.loses} people lose something by it.`;
  if (terminal.ask === undefined)
    throw new CliError(EXIT.notAllowed, [
      sentence,
      `Confirm it with: --confirm ${preview.loses}`,
      'Nothing was done. --yes confirms whatever it does.',
    ]);
  const answer = await terminal.ask(`${sentence} Type their number to go on: `);
  if (answer.trim() !== String(preview.loses)) throw new CliError(EXIT.notAllowed, ['nothing was done']);
  return { ...seen, confirm: preview.loses };
}

function countOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, ['--confirm takes the number of people who lose something']);
}

/** `causeway mappings stage`: for another admin to look at and to apply. */
export function stageMapping(
  context: CommandContext,
  options: MappingOptions & WishOptions,
): Promise<ExitCode> {
  const wish = wishOf(options);
  return onMappings(context, options, async (mappings) =>
    printChange(context, options, await mappings.stage(wish)),
  );
}

/** `causeway mappings changes`: what was staged, applied, undone, the latest first. */
export function listChanges(
  context: CommandContext,
  options: MappingOptions & { readonly limit: string },
): Promise<ExitCode> {
  const limit = limitOf(options.limit);
  return onMappings(context, options, async (mappings) => {
    const { items, isMore } = await mappings.changes(limit);
    if (options.json === true) printJson(context.terminal, { changes: items, isMore });
    else if (items.length === 0) context.terminal.out('There are no such changes.');
    else for (const change of items) context.terminal.out(changeLine(change));
    if (isMore && options.json !== true) context.terminal.err('There are more: --limit shows them.');
    return EXIT.done;
  });
}

/** `causeway mappings undo`, `discard`: within a day, and as long as it is staged. */
export function settleChange(
  context: CommandContext,
  how: 'undo' | 'discard',
  id: string,
  options: MappingOptions,
): Promise<ExitCode> {
  return onMappings(context, options, async (mappings) =>
    printChange(context, options, await mappings.settle(id, how)),
  );
}

function onMappings(
  context: CommandContext,
  options: MappingOptions,
  work: (mappings: Mappings) => Promise<ExitCode>,
): Promise<ExitCode> {
  return eitherWay(context, options, {
    remote: async (api) => work(mappingsThere(api, await remoteTenant(api, options.tenant))),
    async local() {
      await requireDeployment(context);
      return context.withStorage(async (storage) => {
        const tenant = await tenantOf(new Database(storage.dataSource), options.tenant);
        return work(mappingsHere(context, storage, tenant));
      }, false);
    },
  });
}

function printChange(
  { terminal }: CommandContext,
  { json }: MappingOptions,
  change: MappingChange,
): ExitCode {
  if (json === true) printJson(terminal, change);
  else terminal.out(changeLine(change));
  return EXIT.done;
}

function changeLine({ id, state, summary, before, after, madeBy, createdAt }: MappingChange): string {
  const { add, remove, settings } = difference(before, after);
  const parts = [
    createdAt,
    id,
    state,
    `by ${plainText(madeBy, 100)}`,
    ...differenceWords({ add, remove, settings }),
    `${summary.gains} gain, ${summary.loses} lose`,
  ];
  return parts.join('  ');
}

const differenceWords = ({ add, remove, settings }: MappingDifference): readonly string[] => [
  ...add.map((mapping) => `+${mappingText(mapping)}`),
  ...remove.map((mapping) => `-${mappingText(mapping)}`),
  ...Object.entries(settings).map(([name, value]) => `${name}: ${plainText(value ?? 'none', 100)}`),
];

function previewLines(preview: Preview): readonly string[] {
  const { gains, loses, unchanged, loseAccess, faults, blocked, needsConfirmation, version } = preview;
  return [
    ...differenceWords(preview.change),
    ...faults.map((fault) => `! ${plainText(fault, 500)}`),
    `${gains} people gain something, ${loses} lose something (${loseAccess} of them access), ${unchanged} stay as they are.`,
    ...preview.losing.items.map((person) => personLine('-', person, person.loses, person.losesAccess)),
    ...preview.gaining.items.map((person) => personLine('+', person, person.gains, person.gainsAccess)),
    ...(blocked === null ? [] : ['Nobody would be an owner any more: it can not be applied.']),
    ...(needsConfirmation ? [`To apply it, confirm that with --confirm ${loses}.`] : []),
    `Preview: ${plainText(version, 100)}`,
  ];
}

/** Whose application it is, where it isn't the tenant's. */
const ownerWords = (tenant: string | undefined): string => (tenant === undefined ? '' : ` of ${tenant}`);

type Person = Preview['losing']['items'][number];

function personLine(
  sign: '+' | '-',
  { id, userName }: Person,
  roles: Person['gains'],
  access: Person['gainsAccess'],
) {
  const what = [
    ...roles.map(
      ({ role, application, tenant }) =>
        `${role}${application === null ? '' : ` in ${application}`}${ownerWords(tenant)}`,
    ),
    ...access.map(
      ({ application, tenant }) => `access to ${application ?? 'all applications'}${ownerWords(tenant)}`,
    ),
  ];
  return `${sign} ${plainText(userName, 100)} (${id})  ${plainText(what.join(', '), 1_000)}`;
}
