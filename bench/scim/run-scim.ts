import type { RunningCauseway } from '../causeway.js';
import type { HttpClient } from '../driver/http.js';
import { Party } from '../driver/party.js';
import type { Observed, Pace, RunProcesses } from '../measure.js';
import { Population, type Populated } from './population.js';
import { ScimClient } from './scim-client.js';
import type { ScimFlow, ScimStage } from './scim-flow.js';
import type { ScimTenant, ScimWorld } from './tenants.js';
import { placeResults, type PlaceResult } from '../places/verdict.js';

/** What all SCIM flows gave. */
export interface ScimFindings {
  readonly results: readonly PlaceResult[];
  readonly notes: readonly string[];
}

export interface ScimRun {
  readonly flows: readonly ScimFlow[];
  readonly world: ScimWorld;
  readonly causeway: RunningCauseway;
  readonly http: HttpClient;
  readonly server: Observed;
  readonly run: RunProcesses;
  readonly pace: Pace;
  readonly quick: boolean;
  readonly warmUpSeconds: number;
  readonly say: (line: string) => void;
}

/** Fills the tenants, lets the server get warm, and measures. */
export async function runScim(options: ScimRun): Promise<ScimFindings> {
  const { causeway, flows, say } = options;
  const population = await Population.open(causeway.databaseUrl);
  try {
    say('filling tenants with users and groups');
    const stage = await prepareStage(options, population);
    say('warming up SCIM');
    const brief = { seconds: options.warmUpSeconds / 2, warmUpSeconds: 0, rounds: 1 };
    for (const flow of flows.filter(({ isSteady }) => isSteady))
      // oxlint-disable-next-line no-await-in-loop -- one thing after the other
      await flow.measure({ ...stage, pace: brief, sizes: stage.sizes.slice(-1) });
    const results: PlaceResult[] = [];
    const notes: string[] = [];
    for (const flow of flows) {
      say(`measuring ${flow.name}`);
      // oxlint-disable-next-line no-await-in-loop -- one thing at a time is measured
      const measured = await flow.measure(stage);
      results.push(...placeResults(flow, measured.places));
      notes.push(...(measured.notes ?? []).map((note) => `${flow.name}: ${note}`));
    }
    return { results, notes };
  } finally {
    await population.close();
  }
}

async function prepareStage(
  { flows, world, causeway, http, server, run, pace, quick }: ScimRun,
  population: Population,
): Promise<ScimStage> {
  const issuerOf = ({ slug }: ScimTenant): string => causeway.issuers.get(slug) ?? '';
  const fill = (tenant: ScimTenant): Promise<Populated> =>
    population.fill(tenant, new ScimClient(http, issuerOf(tenant), tenant.tokens));
  const fillAll = async (tenants: readonly ScimTenant[]): Promise<readonly Populated[]> => {
    const populated: Populated[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one connection to the database
    for (const tenant of tenants) populated.push(await fill(tenant));
    return populated;
  };
  const filled = flows.some(({ needsUsers }) => needsUsers);
  const stage = {
    server,
    run,
    pace,
    quick,
    population,
    sizes: filled ? await fillAll(world.sizes) : [],
    many: filled ? await fillAll(world.many) : [],
    imported: await fill(world.imported),
    leavers: await fill(world.leavers),
    leaversParty: await Party.discover(issuerOf(world.leavers), http),
  };
  await population.settle();
  return stage;
}
