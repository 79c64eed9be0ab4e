import { performance } from 'node:perf_hooks';

/** A whole sign-in's calls to the upstream together take no longer than this (F-07, F-08). */
export const SIGN_IN_MS = 5_000;

/** The end of an operation that makes several calls, by the monotonic clock. */
export class Deadline {
  readonly #endsAtMs: number;

  constructor(ms: number) {
    this.#endsAtMs = performance.now() + ms;
  }

  /** What is left; at least 1, so that a call made too late ends as a timeout like any other. */
  remainingMs(): number {
    return Math.max(1, Math.ceil(this.#endsAtMs - performance.now()));
  }

  /** A deadline that ends `ms` from now, or with this one if that is sooner. */
  within(ms: number): Deadline {
    return new Deadline(Math.min(ms, this.remainingMs()));
  }
}
