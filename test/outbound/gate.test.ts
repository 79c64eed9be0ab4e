import { expect, test } from '@jest/globals';
import { Gate } from '../../src/outbound/gate.js';

const limits = { concurrencyMax: 2, queueMax: 2 };
const never = new AbortController().signal;

test('admits so many at once, queues so many, turns the rest away', async () => {
  const gate = new Gate();
  expect(await gate.enter(limits, never)).toBe(true);
  expect(await gate.enter(limits, never)).toBe(true);
  const order: string[] = [];
  const third = gate.enter(limits, never).then(() => order.push('third'));
  const fourth = gate.enter(limits, never).then(() => order.push('fourth'));
  expect(await gate.enter(limits, never)).toBe(false);
  expect([gate.active, gate.waiting]).toEqual([2, 2]);

  gate.leave();
  await third;
  gate.leave();
  await fourth;
  expect(order).toEqual(['third', 'fourth']);
  gate.leave();
  gate.leave();
  expect(gate.empty).toBe(true);
});

test('who gives up leaves the queue, and the place goes to the next', async () => {
  const gate = new Gate();
  const one = { concurrencyMax: 1, queueMax: 5 };
  await gate.enter(one, never);
  const impatient = new AbortController();
  const gone = gate.enter(one, impatient.signal);
  const patient = gate.enter(one, never);
  impatient.abort(new Error('enough'));
  await expect(gone).rejects.toThrow('enough');
  expect(gate.waiting).toBe(1);
  gate.leave();
  expect(await patient).toBe(true);
  impatient.abort();
  gate.leave();
  expect(gate.empty).toBe(true);
});

test('a signal that has already aborted takes no place', async () => {
  const gate = new Gate();
  await expect(gate.enter(limits, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  expect(gate.empty).toBe(true);
});
