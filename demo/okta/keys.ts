import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { exportJWK, type JWK } from 'jose';
import { randomText } from './ids.js';

const generate = promisify(generateKeyPair);

/**
 * RSA private keys that no living org uses. Making one takes 0.1 s, so an org that stops leaves its keys to
 * the next.
 */
const idle: KeyObject[] = [];
let undisclosed: Promise<KeyObject> | undefined;

async function takePrivateKey(): Promise<KeyObject> {
  return idle.pop() ?? (await generate('rsa', { modulusLength: 2048 })).privateKey;
}

/**
 * The key whose public half nobody ever sees: it signs access tokens of org authorization servers (Okta
 * doesn't publish those keys) and forgeries. All orgs of the process share it, since nothing can be verified
 * with it.
 */
export function undisclosedKey(): Promise<KeyObject> {
  undisclosed ??= takePrivateKey();
  return undisclosed;
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As `/keys` lists it. */
  readonly publicJwk: JWK;
}

async function signingKey(privateKey: KeyObject): Promise<SigningKey> {
  const { n, e } = await exportJWK(createPublicKey(privateKey));
  const kid = randomText(32);
  if (n === undefined || e === undefined) throw new Error('a signing key must be an RSA key');
  return { kid, privateKey, publicJwk: { kty: 'RSA', alg: 'RS256', kid, use: 'sig', e, n } };
}

/**
 * Okta's three states of a key: it signs, it is announced for later, or it stays listed for tokens still
 * alive.
 */
export type KeyState = 'current' | 'next' | 'previous';

interface Slot {
  readonly key: SigningKey;
  state: KeyState;
}

/**
 * The signing keys of one authorization server (or of a client that is pinned to its own key). Nothing is
 * made before the first use, so that an org starts at once.
 */
export class KeyRing {
  #slots: Slot[] = [];
  #filled: Promise<void> | undefined;
  readonly #given: KeyObject[];
  readonly #size: 1 | 2;

  /**
   * @param size how many keys are listed from the start: Okta lists the next one weeks ahead
   * @param given private RSA keys to use before making new ones
   */
  constructor(size: 1 | 2 = 2, given: readonly KeyObject[] = []) {
    this.#size = size;
    this.#given = [...given];
  }

  /** The key that signs now. */
  async current(): Promise<SigningKey> {
    await this.#fill();
    const slot = this.#slots.find(({ state }) => state === 'current');
    if (slot === undefined) throw new Error('a key ring always has a current key');
    return slot.key;
  }

  /** All listed keys with their states, the signing one first. */
  async list(): Promise<readonly Readonly<Slot>[]> {
    await this.#fill();
    const order: readonly KeyState[] = ['current', 'next', 'previous'];
    return this.#slots.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  }

  async publicJwks(): Promise<JWK[]> {
    return (await this.list()).map(({ key }) => key.publicJwk);
  }

  /** Announces a key that doesn't sign yet; one at a time. */
  async publishNext(): Promise<SigningKey> {
    await this.#fill();
    return this.#slots.find(({ state }) => state === 'next')?.key ?? (await this.#add('next'));
  }

  /** The announced key begins to sign; the old one stays listed. */
  async rotate(): Promise<SigningKey> {
    const next = await this.publishNext();
    for (const slot of this.#slots) {
      if (slot.key === next) slot.state = 'current';
      else if (slot.state === 'current') slot.state = 'previous';
    }
    return next;
  }

  /**
   * A key that nobody has seen signs at once, and all others are gone: what Okta may do after a compromise.
   */
  async emergencyRotate(): Promise<SigningKey> {
    await this.#fill();
    const gone = this.#slots;
    this.#slots = [];
    const key = await this.#add('current');
    idle.push(...gone.map((slot) => slot.key.privateKey));
    return key;
  }

  /** Ends the listing of keys that no longer sign. */
  async retirePrevious(): Promise<void> {
    await this.#fill();
    this.#slots = this.#slots.filter(({ state }) => state !== 'previous');
  }

  /** Leaves the private keys to other orgs. The ring is not used after this. */
  release(): void {
    idle.push(...this.#slots.map((slot) => slot.key.privateKey));
    this.#slots = [];
  }

  async #add(state: KeyState): Promise<SigningKey> {
    const key = await signingKey(this.#given.shift() ?? (await takePrivateKey()));
    this.#slots.push({ key, state });
    return key;
  }

  #fill(): Promise<void> {
    this.#filled ??= (async () => {
      const states: KeyState[] = this.#size === 2 ? ['current', 'next'] : ['current'];
      await Promise.all(states.map((state) => this.#add(state)));
    })();
    return this.#filled;
  }
}
