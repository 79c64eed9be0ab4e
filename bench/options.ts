import { parseArgs } from 'node:util';
import { FLOWS } from './flows/all.js';
import type { Flow } from './flows/flow.js';
import type { Pace } from './measure.js';
import { QUESTIONS, type Question } from './lists/questions.js';
import { QUICK, WHOLE, type ListSizes } from './lists/sizes.js';
import { SCIM_FLOWS } from './scim/all.js';
import type { ScimFlow } from './scim/scim-flow.js';
import { TENANT_FLOWS, type TenantFlow } from './tenants/flows.js';

export interface Options {
  /** Beside the floor. */
  readonly flows: readonly Flow[];
  /** Beside themselves, in places of other sizes. */
  readonly scimFlows: readonly ScimFlow[];
  /** At many tenants in turn, beside one. */
  readonly tenantFlows: readonly TenantFlow[];
  /** Lists of the management API, among very many rows: only those that are asked for by name. */
  readonly questions: readonly Question[];
  readonly listSizes: ListSizes;
  readonly quick: boolean;
  readonly concurrencies: readonly number[];
  readonly pace: Pace;
  /** For each flow, before anything is measured. */
  readonly warmUpSeconds: number;
  readonly json: boolean;
  /** Exit with 1 when a target is missed. */
  readonly check: boolean;
  /** Record where Causeway's CPU goes. */
  readonly profile: boolean;
  /** Of the whole run. */
  readonly secondsMax: number;
}

export const USAGE = `Measures Causeway beside the floor (bench/README.md), as ratios of one run.

  npm run bench -- [options]

  --quick             three minutes: 16 at once only, short windows, small imports
  --only NAME         flows whose name holds NAME; may be repeated
  --concurrency LIST  such as 1,16,64 (the default); SCIM's is fixed
  --seconds N         length of a window (2)
  --rounds N          windows of each server (4)
  --only list         lists of the management API, which run only when asked for so: they fill
                      ten million rows (--quick: a thirtieth of that)
  --tenants, --users, --events N
                      sizes of what those lists are read from
  --json              figures for machines on stdout
  --check             exit 1 when a target or a budget is missed
  --profile           also record where Causeway's CPU goes, by package
  --help

  BENCH_DATABASE_URL  a PostgreSQL server on which a database may be made; else TEST_DATABASE_URL;
                      without either: the embedded database
`;

/** A way to call the program that it doesn't know. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const quick = values.quick === true;
  const concurrencies = (values.concurrency ?? (quick ? '16' : '1,16,64'))
    .split(',')
    .map((text) => integer(text, '--concurrency', 256));
  const rounds = values.rounds === undefined ? (quick ? 2 : 4) : integer(values.rounds, '--rounds', 100);
  const seconds = values.seconds === undefined ? (quick ? 1 : 2) : integer(values.seconds, '--seconds', 600);
  const isChosen = ({ name }: { readonly name: string }): boolean =>
    (values.only ?? ['']).some((part) => name.includes(part));
  const flows = FLOWS.filter(isChosen);
  const scimFlows = SCIM_FLOWS.filter(isChosen);
  const tenantFlows = TENANT_FLOWS.filter(isChosen);
  // Whoever chooses what has `tenants` in its name doesn't mean to fill ten million rows.
  const lists = (values.only ?? []).filter((part) => part.startsWith('list'));
  const questions = QUESTIONS.filter(({ name }) => lists.some((part) => name.startsWith(part)));
  if (flows.length + scimFlows.length + tenantFlows.length + questions.length === 0) {
    const names = [...FLOWS, ...SCIM_FLOWS, ...TENANT_FLOWS, ...QUESTIONS].map(({ name }) => name).join(', ');
    throw new UsageError(`no flow of that name; there are: ${names}`);
  }
  const windows = flows.length * concurrencies.length * rounds * 2;
  return {
    flows,
    scimFlows,
    tenantFlows,
    questions,
    listSizes: sizesOf(values, quick),
    quick,
    concurrencies,
    pace: { seconds, warmUpSeconds: Math.min(0.5, seconds / 4), rounds },
    warmUpSeconds: quick ? 2 : 5,
    json: values.json === true,
    check: values.check === true,
    profile: values.profile === true,
    // Preparing a window takes about as long as the window; a hanging server must not hang the run.
    secondsMax:
      120 +
      windows * (seconds + 1) * 4 +
      scimFlows.length * (120 + rounds * seconds * 16) +
      tenantFlows.length * (300 + rounds * seconds * 16) +
      (questions.length === 0 ? 0 : 3_600 + questions.length * 60),
  };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: flag,
        only: { type: 'string', multiple: true },
        concurrency: text,
        seconds: text,
        rounds: text,
        tenants: text,
        users: text,
        events: text,
        json: flag,
        check: flag,
        profile: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function sizesOf(
  given: { readonly tenants?: string; readonly users?: string; readonly events?: string },
  quick: boolean,
): ListSizes {
  const { tenants, users, events } = quick ? QUICK : WHOLE;
  return {
    tenants: given.tenants === undefined ? tenants : integer(given.tenants, '--tenants', 100_000),
    users: given.users === undefined ? users : integer(given.users, '--users', 10_000_000),
    events: given.events === undefined ? events : integer(given.events, '--events', 100_000_000),
  };
}

function integer(text: string, name: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new UsageError(`${name} takes whole numbers from 1 to ${max}, not ${text}`);
  return value;
}
