import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningCauseway } from '../causeway.js';
import { UnexpectedAnswer, type HttpClient } from '../driver/http.js';
import { parseRecord, recordsIn } from '../json.js';
import { TENANT } from '../seed.js';
import { percentile } from '../statistics.js';
import { renderTable } from '../table.js';
import { fillLists } from './fill.js';
import type { Question } from './questions.js';
import type { ListSizes } from './sizes.js';

export interface ListRun {
  readonly questions: readonly Question[];
  readonly sizes: ListSizes;
  readonly causeway: RunningCauseway;
  readonly http: HttpClient;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** One list: how long its requests took. */
export interface ListResult {
  readonly name: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Entries of a page, on average. */
  readonly entries: number;
}

export const P99_MAX_MS = 200;
/** Of each question; the first few only warm up. */
const REQUESTS = { whole: 200, quick: 40 } as const;
const WARM_UP = 5;
/** A caller has a quota: requests don't come faster than it refills. */
const PACE_MS = 12;

/** Fills the database, then asks every question again and again, one request at a time. */
export async function runLists(run: ListRun): Promise<readonly ListResult[]> {
  const { questions, sizes, causeway, quick, say } = run;
  if (questions.length === 0) return [];
  await fillLists({ databaseUrl: causeway.databaseUrl, slug: TENANT }, sizes, say);
  const token = await causeway.apiToken();
  const results: ListResult[] = [];
  for (const question of questions) {
    say(`measuring ${question.name}`);
    // oxlint-disable-next-line no-await-in-loop -- one thing at a time is measured
    results.push(await measure(run, question, token, quick ? REQUESTS.quick : REQUESTS.whole));
  }
  return results;
}

async function measure(
  { causeway, http, sizes }: ListRun,
  question: Question,
  token: string,
  requests: number,
): Promise<ListResult> {
  const base = `${new URL(causeway.issuer).origin}/api/v1`;
  const headers = { authorization: `Bearer ${token}` };
  const tookMs: number[] = [];
  let entries = 0;
  let follows: { readonly path: string; readonly next: string; readonly left: number } | undefined;
  for (let turn = 0; turn < requests + WARM_UP; turn += 1) {
    const path: string = follows?.path ?? question.path(turn, sizes);
    const url = new URL(`${base}${path}`);
    if (follows !== undefined) url.searchParams.set('cursor', follows.next);
    const fromMs = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one request at a time
    const { status, text } = await http.call(url, { method: 'GET', headers });
    const ms = performance.now() - fromMs;
    if (status !== 200) throw new UnexpectedAnswer(`${path}: ${status} ${text.slice(0, 300)}`);
    const answer = parseRecord(text);
    if (turn >= WARM_UP) {
      tookMs.push(ms);
      entries += 'items' in answer ? recordsIn(answer['items']).length : 1;
    }
    const left = follows === undefined ? (question.pages ?? 1) - 1 : follows.left - 1;
    const { next } = answer;
    follows = typeof next === 'string' && left > 0 ? { path, next, left } : undefined;
    // oxlint-disable-next-line no-await-in-loop -- as the quota lets through
    await sleep(Math.max(0, PACE_MS - ms));
  }
  return {
    name: question.name,
    requests: tookMs.length,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    maxMs: Math.max(...tookMs),
    entries: entries / tookMs.length,
  };
}

/** Lists that took longer than they may. */
export const listMisses = (results: readonly ListResult[]): readonly string[] =>
  results
    .filter(({ p99Ms }) => p99Ms >= P99_MAX_MS)
    .map(({ name, p99Ms }) => `${name}: p99 ${p99Ms.toFixed(0)} ms, at most ${P99_MAX_MS}`);

export function renderLists(results: readonly ListResult[], { tenants, users, events }: ListSizes): string {
  const head = ['list', 'requests', 'entries', 'p50 ms', 'p99 ms', 'max ms', ''];
  const rows = results.map(({ name, requests, entries, p50Ms, p99Ms, maxMs }) => [
    name,
    String(requests),
    entries.toFixed(1),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    maxMs.toFixed(1),
    p99Ms < P99_MAX_MS ? 'met' : 'MISSED',
  ]);
  const count = new Intl.NumberFormat('en-US');
  const among = `${count.format(tenants)} tenants; ${count.format(users)} users and ${count.format(events)} audit events in one`;
  return `${renderTable(head, rows)}\n${among}. Over HTTP, one request at a time; p99 must be under ${P99_MAX_MS} ms.`;
}
