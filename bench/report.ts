import type { Layout } from './host/cores.js';
import type { Options } from './options.js';
import type { ProfileSummary, SelfTime } from './profile.js';
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
  readonly options: Pick<Options, 'json' | 'pace'>;
}

/** Above this part of the machine, others' work bends the figures. */
const FOREIGN_CPU_MAX = 0.1;

/** The report of a run: tables for people, or JSON for machines. */
export function renderReport(
  results: readonly Result[],
  surroundings: Surroundings,
  profile: ProfileSummary | undefined,
): string {
  if (surroundings.options.json) return renderJson(results, surroundings, profile);
  const missed = misses(results);
  return [
    [...header(surroundings), ...noise(results)].join('\n'),
    renderSpeed(results),
    renderCost(results),
    missed.length === 0 ? 'All targets that were judged are met.' : ['Missed:', ...missed].join('\n  '),
    ...(profile === undefined ? [] : [renderProfile(profile)]),
  ].join('\n\n');
}

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
function noise(results: readonly Result[]): readonly string[] {
  const parts = results.flatMap(({ floor, causeway }) => [floor.foreignCpu ?? 0, causeway.foreignCpu ?? 0]);
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
  results: readonly Result[],
  { options, ...surroundings }: Surroundings,
  profile: ProfileSummary | undefined,
): string {
  const judged = results.map((result) => ({
    ...result,
    cpuRatio: cpuRatio(result) ?? null,
    speed: judgeSpeed(result),
    budget: judgeFlushes(result),
  }));
  const report = { ...surroundings, pace: options.pace, results: judged, misses: misses(results) };
  return JSON.stringify(profile === undefined ? report : { ...report, profile }, null, 2);
}
