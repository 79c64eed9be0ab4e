import { load, observe } from '../measure.js';
import type { Window } from '../statistics.js';
import type { Measured, Observation, Place } from './place.js';

/** Rounds over all places, in changing order, so that what drifts on the machine meets all alike. */
export async function measurePlaces(
  stage: Observation,
  places: readonly Place[],
): Promise<readonly Measured[]> {
  const windows = new Map<Place, Window[]>(places.map((place) => [place, []]));
  for (let round = 0; round < stage.pace.rounds; round += 1)
    for (const place of round % 2 === 0 ? places : places.toReversed())
      // oxlint-disable-next-line no-await-in-loop -- one place at a time is measured
      windows.get(place)?.push(await measureOnce(stage, place));
  return places.map((place) => ({
    place: place.name,
    windows: windows.get(place) ?? [],
    ...(place.targets === undefined ? {} : { targets: place.targets }),
  }));
}

async function measureOnce({ server, run, pace }: Observation, place: Place): Promise<Window> {
  const workers = await place.open();
  const before = await load(workers, pace.warmUpSeconds);
  const window = await observe(server, run, () => load(workers, pace.seconds));
  await place.close(before.latenciesMs.length + window.operations);
  return window;
}
