import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, parseRecord, recordsIn } from './json.js';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** Counted from 0. */
  readonly lineNumber: number;
}

/** The parts of V8's .cpuprofile that are used. Times in microseconds of the machine's monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** Of the time in which the process was on the CPU, 0 … 1. */
  readonly part: number;
}

export interface ProfileSummary {
  readonly packages: readonly SelfTime[];
  readonly functions: readonly SelfTime[];
}

const IDLE = new Set(['(idle)', '(program)', '(root)']);

/** Self time by package and by function within a span of the monotonic clock, in microseconds. */
export function summarizeProfile(profile: CpuProfile, fromUs = 0, toUs = Infinity): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let atUs = profile.startTime;
  let totalUs = 0;
  profile.samples.forEach((id, index) => {
    const spentUs = profile.timeDeltas[index] ?? 0;
    atUs += spentUs;
    const frame = nodes.get(id);
    if (frame === undefined || IDLE.has(frame.functionName) || atUs < fromUs || atUs > toUs) return;
    totalUs += spentUs;
    add(packages, packageOf(frame.url, frame.functionName), spentUs);
    add(functions, `${frame.functionName || '(anonymous)'} ${place(frame.url, frame.lineNumber)}`, spentUs);
  });
  return { packages: ranked(packages, totalUs), functions: ranked(functions, totalUs) };
}

/** The summary of the one profile in a folder; undefined when none was written. */
export function readProfile(folder: string, fromUs: number, toUs: number): ProfileSummary | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) return undefined;
  return summarizeProfile(readCpuProfile(readFileSync(join(folder, file), 'utf8')), fromUs, toUs);
}

/** @throws TypeError when the text is no profile */
function readCpuProfile(text: string): CpuProfile {
  const { nodes, startTime, samples, timeDeltas } = parseRecord(text);
  if (!Array.isArray(samples) || !Array.isArray(timeDeltas)) throw new TypeError('not a CPU profile');
  return {
    nodes: recordsIn(nodes).map(({ id, callFrame }) => ({ id: Number(id), callFrame: readFrame(callFrame) })),
    startTime: Number(startTime),
    samples: samples.map(Number),
    timeDeltas: timeDeltas.map(Number),
  };
}

function readFrame(frame: unknown): CallFrame {
  const { functionName, url, lineNumber } = isRecord(frame) ? frame : {};
  return { functionName: String(functionName), url: String(url), lineNumber: Number(lineNumber) };
}

/** `node_modules/<package>`, a folder of `src/`, a module of Node, or a part of V8 such as its garbage collector. */
function packageOf(url: string, functionName: string): string {
  const path = decodeURIComponent(url);
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  if (name !== undefined) return name;
  const [, folder] = /\/src\/([^/]+)\//.exec(path) ?? [];
  if (folder !== undefined) return `src/${folder}`;
  if (path.startsWith('node:')) return path.split('/').slice(0, 2).join('/');
  return path === '' ? `v8 ${functionName}` : path;
}

function place(url: string, line: number): string {
  const path = decodeURIComponent(url).replace(/^.*\/(?=(?:node_modules|src)\/)/, '');
  return path === '' ? '' : `${path}:${line + 1}`;
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function ranked(sums: ReadonlyMap<string, number>, total: number): readonly SelfTime[] {
  return [...sums]
    .map(([name, value]) => ({ name, part: value / total }))
    .toSorted((a, b) => b.part - a.part);
}
