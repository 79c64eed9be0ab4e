import { beforeEach, describe, expect, test } from '@jest/globals';
import { keepCurrent, type ClientKeyStore } from '../../src/op/client-keys.js';

let now = 0;
let served: readonly string[] | Error = [];
let fetches = 0;
let failures: unknown[] = [];
let store: ClientKeyStore & { known: readonly string[] };

/** As the library's: a set that is fetched once at a time, and selects by `kid`. */
function libraryStore(): typeof store {
  return {
    known: [],
    selectForVerify(options: { readonly kid?: string }) {
      return this.known.filter((kid) => kid === options.kid);
    },
    async refresh() {
      this.lock ??= (async () => {
        fetches += 1;
        await Promise.resolve();
        delete this.lock;
        if (served instanceof Error) throw served;
        this.known = served;
      })();
      await this.lock;
    },
  };
}

/** As the library verifies: what isn't found is looked for once more, if the set may be fetched. */
async function verifies(kid: string): Promise<boolean> {
  const found = (): boolean => store.selectForVerify({ kid }).length > 0;
  if (found()) return true;
  const { fresh } = store as unknown as { fresh: () => boolean };
  if (fresh()) return false;
  await store.refresh();
  return found();
}

beforeEach(() => {
  now = 1_000;
  fetches = 0;
  failures = [];
  served = ['first'];
  store = libraryStore();
  keepCurrent(
    store,
    () => now,
    (error) => failures.push(error),
  );
});

describe('A-46: keys at an application’s jwks_uri', () => {
  test('are fetched when first needed, and again after five minutes', async () => {
    for (let second = 0; second < 299; second += 50) {
      now = 1_000 + second;
      expect(await verifies('first')).toBe(true);
    }
    expect(fetches).toBe(1);
    now = 1_300;
    expect(await verifies('first')).toBe(true);
    expect(fetches).toBe(2);
  });

  test('a withdrawn key is refused after five minutes, though nobody presents another', async () => {
    await verifies('first');
    served = ['second'];
    now += 299;
    expect(await verifies('first')).toBe(true);
    now += 1;
    expect(await verifies('first')).toBe(false);
    expect(await verifies('second')).toBe(true);
  });

  test('a new key is good at once, unless they were fetched just now', async () => {
    await verifies('first');
    served = ['second'];
    expect(await verifies('second')).toBe(false);
    now += 5;
    expect(await verifies('second')).toBe(true);
  });

  test('unknown keys make them be fetched every five seconds at most, and who comes meanwhile waits', async () => {
    await verifies('first');
    for (let second = 0; second < 100; second += 1) {
      now += 1;
      expect(await verifies('a stranger’s')).toBe(false);
    }
    expect(fetches).toBe(21);
    now += 5;
    served = ['second'];
    const answers = await Promise.all(Array.from({ length: 20 }, () => verifies('second')));
    expect([fetches, answers.every(Boolean)]).toEqual([22, true]);
  });

  test('go on for an hour while they can’t be fetched, which is told each time', async () => {
    await verifies('first');
    served = new Error('no answer');
    now += 3_599;
    expect(await verifies('first')).toBe(true);
    expect(failures).toEqual([served]);
    now += 1;
    expect(await verifies('first')).toBe(false);
    now += 5;
    await expect(verifies('first')).rejects.toThrow('no answer');
    served = ['first'];
    now += 5;
    expect(await verifies('first')).toBe(true);
  });
});
