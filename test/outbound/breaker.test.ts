import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FixedClock } from '../../src/core/clock.js';
import { Breaker } from '../../src/outbound/breaker.js';
import type { CallResult, Permit } from '../../src/outbound/breaker.js';

function setUp() {
  const clock = new FixedClock('2026-11-22T10:00:00Z');
  const breaker = new Breaker();
  const begin = (): Permit => {
    const permit = breaker.admit(clock.now());
    if (permit === undefined) throw new Error('not admitted');
    return permit;
  };
  const end = (permit: Permit, result: CallResult) => breaker.settle(permit, result, clock.now());
  const fail = (times: number) => {
    for (let i = 0; i < times; i += 1) end(begin(), 'failure');
  };
  const state = () => breaker.state(clock.now());
  return { clock, breaker, begin, end, fail, state };
}

test('opens at the fifth failure in a row and admits nobody for 10 s', () => {
  const { clock, breaker, begin, end, fail, state } = setUp();
  fail(4);
  expect(state()).toBe('closed');
  expect(end(begin(), 'failure')).toBe('opened');
  expect(state()).toBe('open');
  clock.advance(9.999);
  expect(breaker.admit(clock.now())).toBeUndefined();
});

test('a success in between starts the count again', () => {
  const { begin, end, fail, state } = setUp();
  fail(4);
  end(begin(), 'success');
  fail(4);
  expect(state()).toBe('closed');
});

test('after 10 s one probe goes through; others wait for its word', () => {
  const { clock, breaker, begin, end, fail, state } = setUp();
  fail(5);
  clock.advance(10);
  expect(state()).toBe('half_open');
  const probe = begin();
  expect(breaker.admit(clock.now())).toBeUndefined();
  expect(end(probe, 'success')).toBe('closed');
  expect(state()).toBe('closed');
  expect(breaker.pristine).toBe(true);
});

test('a probe that fails opens it for another 10 s, not longer', () => {
  const { clock, begin, end, fail, state } = setUp();
  fail(5);
  for (let i = 0; i < 20; i += 1) {
    clock.advance(10);
    expect(end(begin(), 'failure')).toBe('opened');
    expect(state()).toBe('open');
  }
  clock.advance(10);
  expect(end(begin(), 'success')).toBe('closed');
});

test('a probe that says nothing lets the next one through', () => {
  const { clock, begin, end, fail, state } = setUp();
  fail(5);
  clock.advance(10);
  end(begin(), 'neutral');
  expect(state()).toBe('half_open');
  end(begin(), 'success');
  expect(state()).toBe('closed');
});

test('calls that began before it opened change nothing afterwards', () => {
  const { clock, begin, end, fail, state } = setUp();
  const [late, later] = [begin(), begin()];
  fail(5);
  expect(end(late, 'success')).toBeUndefined();
  expect(state()).toBe('open');
  clock.advance(10);
  const probe = begin();
  expect(end(later, 'failure')).toBeUndefined();
  expect(end(probe, 'success')).toBe('closed');
});

test('F-13 a clock set back by five minutes does not hold it open', () => {
  const { clock, fail, state } = setUp();
  fail(5);
  clock.advance(-300);
  expect(state()).toBe('half_open');
});

test('property: whatever happens, an upstream that is well again is used within 10 s and one call', () => {
  const events = fc.array(
    fc.record({
      result: fc.constantFrom<CallResult>('success', 'failure', 'neutral'),
      waitSeconds: fc.integer({ min: 0, max: 15 }),
      overlap: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(events, (all) => {
      const { clock, breaker, begin, end, state } = setUp();
      const open: { permit: Permit; result: CallResult }[] = [];
      for (const { result, waitSeconds, overlap } of all) {
        clock.advance(waitSeconds);
        const permit = breaker.admit(clock.now());
        if (permit !== undefined) open.push({ permit, result });
        if (!overlap) for (const each of open.splice(0)) end(each.permit, each.result);
      }
      for (const each of open) end(each.permit, each.result);
      expect(breaker.active).toBe(0);
      clock.advance(10);
      end(begin(), 'success');
      expect(state()).toBe('closed');
      expect(breaker.pristine).toBe(true);
    }),
  );
});
