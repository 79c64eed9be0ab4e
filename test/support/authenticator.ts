import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

/** What an authenticator says, and what a liar says instead. */
export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly verified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly credentialId?: string;
  readonly type?: string;
}

interface Options {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

/** CBOR (RFC 8949) of the few shapes that WebAuthn needs: small integers, byte strings, texts, maps. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map)
    return Buffer.concat([
      head(5, value.size),
      ...[...value].flatMap(([key, member]) => [cbor(key), cbor(member)]),
    ]);
  throw new TypeError('no such CBOR here');
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count]);
  if (count < 256) return Buffer.from([(major << 5) | 24, count]);
  return Buffer.from([(major << 5) | 25, count >> 8, count & 0xff]);
}

const UP = 0x01;
const UV = 0x04;
const AT = 0x40;

/** A security key in software, as strict or as false as a test wants it: ES256, discoverable, attestation `none`. */
export class Authenticator {
  readonly credentialId = randomBytes(32);
  readonly #privateKey: KeyObject;
  readonly #cose: Buffer;
  #userHandle = '';
  #counter = 0;

  constructor(private readonly origin: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.#privateKey = privateKey;
    this.#cose = cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
  }

  /** The answer to `navigator.credentials.create`, as the page's script sends it. */
  create(options: Options, lies: Lies = {}): string {
    this.#userHandle = options.user?.id ?? '';
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, 32]), this.credentialId, this.#cose]);
    const authData = this.#data(lies.rpId ?? options.rp?.id ?? '', AT, lies, attested);
    return this.#answer(
      options,
      { type: 'webauthn.create', ...lies },
      {
        attestationObject: cbor(
          new Map<string, unknown>([
            ['fmt', 'none'],
            ['attStmt', new Map()],
            ['authData', authData],
          ]),
        ).toString('base64url'),
        transports: ['usb', 'a lie'],
      },
    );
  }

  /** The answer to `navigator.credentials.get`. */
  get(options: Options, lies: Lies = {}): string {
    const authData = this.#data(lies.rpId ?? options.rpId ?? '', 0, lies);
    const clientData = this.#clientData(options, { type: 'webauthn.get', ...lies });
    const signature = createSign('sha256')
      .update(Buffer.concat([authData, sha256(clientData)]))
      .sign(this.#privateKey);
    return this.#answer(
      options,
      { type: 'webauthn.get', ...lies },
      {
        authenticatorData: authData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: lies.userHandle ?? this.#userHandle,
      },
    );
  }

  #data(rpId: string, flags: number, lies: Lies, attested = Buffer.alloc(0)): Buffer {
    this.#counter += 1;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(lies.counter ?? this.#counter);
    const said = flags | UP | (lies.verified === false ? 0 : UV);
    return Buffer.concat([sha256(rpId), Buffer.from([said]), counter, attested]);
  }

  #clientData({ challenge }: Options, lies: Lies): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: lies.type,
        challenge: lies.challenge ?? challenge,
        origin: lies.origin ?? this.origin,
        crossOrigin: false,
      }),
    );
  }

  #answer(options: Options, lies: Lies, response: object): string {
    const id = lies.credentialId ?? this.credentialId.toString('base64url');
    const clientDataJSON = this.#clientData(options, lies).toString('base64url');
    return JSON.stringify({
      id,
      rawId: id,
      type: 'public-key',
      response: { clientDataJSON, ...response },
      clientExtensionResults: {},
    });
  }
}
