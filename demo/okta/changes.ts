import type { App } from './apps.js';
import type { DirectoryChange, User } from './people.js';

/** What has just changed in an org. It is told after the fact: what it names has its new state already. */
export type Change =
  | DirectoryChange
  /** An app was given to people, or taken from them, maybe by a group. */
  | { readonly kind: 'assignment'; readonly app: App; readonly users: readonly User[] };

type Listener = (change: Change) => void;

/** Tells the changes of one org to whoever follows them, at once and in order. */
export class ChangeFeed {
  readonly #listeners = new Set<Listener>();

  /** Gives the way to stop following. A listener only takes note; what it does about a change, it does later. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
