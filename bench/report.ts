import type { Layout } from './host/cores.js';
import type { Options } from './options.js';
import type { ProfileSummary, SelfTime } from './profile.js';
import { listMisses, renderLists, type ListResult } from './lists/run-lists.js';
import type { ScimFindings } from './scim/run-scim.js';
import type { TenantFindings } from './tenants/run-tenants.js';
import { renderPlaces } from './places/table.js';
import { judgePlace, placeMisses } from './places/verdict.js';
import { renderCost, renderSpeed, renderTable } from './table.js';
import { cpuRatio, judgeFlushes, judgeSpeed, misses, type Result } from './verdict.js';

/** What a reader must know to judge the figures. */
export interface Surroundings {
  readonly node: string;
  readonly program: 'build' | 'sources';
  readonly database: string;
  readonly missingDurability: readonly string[];
  readonly cores: Layout;
  readonly idleFlushesPerSecond: number;
  readonly options: Pick<Options, 'json' | 'pace' | 'listSizes'>;
}

/** What was measured: beside the floor, of SCIM, and at many tenants. */
export interface Findings {
  readonly results: readonly Result[];
  readonly scim: ScimFindings;
  readonly tenants: TenantFindings;
  readonly lists: readonly ListResult[];
}

/** Above this part of the machine, others' work bends the figures. */
const FOREIGN_CPU_MAX = 0.1;

/** The report of a run: tables for people, or JSON for machines. */
export function renderReport(
  findings: Findings,
  surroundings: Surroundings,
  profile: ProfileSummary | undefined,
): string {
  if (surroundings.options.json) return renderJson(findings, surroundings, profile);
  const { results, scim, tenants, lists } = findings;
  const missed = allMisses(findings);
  return [
    [...header(surroundings), ...noise(findings)].join('\n'),
    ...(results.length === 0 ? [] : [renderSpeed(results), renderCost(results)]),
    ...(scim.results.length === 0 ? [] : [renderPlaces(scim.results, scim.notes)]),
    ...(tenants.results.length === 0 ? [] : [renderPlaces(tenants.results, tenants.notes)]),
    ...(lists.length === 0 ? [] : [renderLists(lists, surroundings.options.listSizes)]),
    missed.length === 0 ? 'All targets that were judged are met.' : ['Missed:', ...missed].join('\n  '),
    ...(profile === undefined ? [] : [renderProfile(profile)]),
  ].join('\n\n');
}

const allMisses = ({ results, scim, tenants, lists }: Findings): readonly string[] => [
  ...misses(results),
  ...placeMisses([...scim.results, ...tenants.results]),
  ...tenants.misses,
  ...listMisses(lists),
];

function header({
  node,
  program,
  database,
  missingDurability,
  cores,
  options,
}: Surroundings): readonly string[] {
  const { pace } = options;
  const where =
    cores.server === undefined
      ? 'processes not pinned'
      : `servers on core ${cores.server}, load and upstream on core ${cores.load}` +
        (database.startsWith('embedded') ? `, database on core ${cores.database}` : ', database not pinned');
  const durability =
    missingDurability.length === 0
      ? 'fully durable'
      : `NOT DURABLE (${missingDurability.join(', ')}): the ratios don't count`;
  return [
    `Causeway (${program}) beside the floor. Node ${node}; ${database}, ${durability}.`,
    `${where}; ${pace.rounds} rounds of ${pace.seconds} s each. Only the ratios mean anything elsewhere.`,
  ];
}

/** Whether other processes worked on the machine meanwhile. */
function noise({ results, scim, tenants }: Findings): readonly string[] {
  const figures = [
    ...results.flatMap(({ floor, causeway }) => [floor, causeway]),
    ...[...scim.results, ...tenants.results].map((result) => result.figures),
  ];
  const parts = figures.map(({ foreignCpu }) => foreignCpu ?? 0);
  const worst = Math.max(0, ...parts);
  if (worst <= FOREIGN_CPU_MAX) return [];
  const percent = (worst * 100).toFixed(0);
  return [
    `NOISY: other processes took up to ${percent} % of this machine's CPU. Run it again when it is quiet.`,
  ];
}

function renderProfile({ packages, functions }: ProfileSummary): string {
  return [
    renderTable(['Causeway: self time by package', ''], topOf(packages, 25)),
    renderTable(['Causeway: self time by function', ''], topOf(functions, 40)),
  ].join('\n\n');
}

function topOf(list: readonly SelfTime[], count: number): readonly (readonly string[])[] {
  return list.slice(0, count).map(({ name, part }) => [name, `${(part * 100).toFixed(1)} %`]);
}

function renderJson(
  findings: Findings,
  { options, ...surroundings }: Surroundings,
  profile: ProfileSummary | undefined,
): string {
  const { results, scim, tenants, lists } = findings;
  const judged = results.map((result) => ({
    ...result,
    cpuRatio: cpuRatio(result) ?? null,
    speed: judgeSpeed(result),
    budget: judgeFlushes(result),
  }));
  const report = {
    ...surroundings,
    pace: options.pace,
    results: judged,
    scim: scim.results.map((result) => ({ ...result, verdict: judgePlace(result) })),
    tenants: tenants.results.map((result) => ({ ...result, verdict: judgePlace(result) })),
    lists,
    notes: [...scim.notes, ...tenants.notes],
    misses: allMisses(findings),
  };
  return JSON.stringify(profile === undefined ? report : { ...report, profile }, null, 2);
}
