import { expect, test } from '@jest/globals';
import { OrgClock } from '../../../demo/okta/clock.js';

const never = new AbortController().signal;

test('who waits is woken when so much time has passed, not before, and not by a clock that goes wrong', async () => {
  const clock = new OrgClock();
  const woken: string[] = [];
  const note = (name: string, seconds: number): Promise<void> =>
    clock.wait(seconds, never).then(() => void woken.push(name));
  const [early, late] = [note('early', 60), note('late', 4_000_000)];
  clock.skew(5_000_000);
  clock.advance(59);
  await new Promise(setImmediate);
  expect(woken).toEqual([]);
  clock.advance(1);
  await early;
  expect(woken).toEqual(['early']);
  clock.advance(4_000_000);
  await late;
  expect(woken).toEqual(['early', 'late']);
});

test('no time to wait, and an abort, end it at once', async () => {
  const clock = new OrgClock();
  await clock.wait(0, never);
  await clock.wait(300, AbortSignal.abort());
  const controller = new AbortController();
  const waiting = clock.wait(300, controller.signal);
  controller.abort();
  await waiting;
});
