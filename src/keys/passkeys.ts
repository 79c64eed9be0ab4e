import type * as WebAuthn from '@simplewebauthn/server';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { messageOf } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { Logger } from '../core/logger.js';
import type { NewPasskey, PasskeyCeremonies } from '../domain/account/passkey.js';

/** COSE: EdDSA, ES256, RS256 (RFC 9053, RFC 8812), best first. */
const ALGORITHMS = [-8, -7, -257];
const BASE64URL = /^[A-Za-z0-9_-]{1,1400}$/;
const ADDRESS = /^\[|^[0-9.]+$/;
const TIMEOUT_MS = 300_000;

/** Loaded when a passkey is first made or asked for: it takes longer to load than any other library. */
const library = (): Promise<typeof WebAuthn> => import('@simplewebauthn/server');

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'));

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;

/** Only text and lists of texts leave a browser's script; everything else was made by hand. */
function isAnswer(answer: unknown, members: readonly string[]): boolean {
  if (!isObject(answer)) return false;
  const { id, rawId, type, response } = answer;
  if (typeof id !== 'string' || !BASE64URL.test(id) || rawId !== id || type !== 'public-key') return false;
  return isObject(response) && members.every((member) => typeof response[member] === 'string');
}

const isCreated = (answer: unknown): answer is RegistrationResponseJSON =>
  isAnswer(answer, ['clientDataJSON', 'attestationObject']);
const isUsed = (answer: unknown): answer is AuthenticationResponseJSON =>
  isAnswer(answer, ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']);

const TRANSPORTS = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

/** Plain JSON of what the library describes with types of its own. */
function toJson(options: object): JsonObject {
  const json: JsonObject = JSON.parse(JSON.stringify(options));
  return json;
}

/**
 * Passkeys of the deployment's host. Why an answer was refused stands in the log at level debug: the person is told no
 * more than that it didn't work.
 */
export class Passkeys implements PasskeyCeremonies {
  readonly possible: boolean;
  readonly #rpID: string;
  readonly #checks: {
    readonly expectedOrigin: string;
    readonly expectedRPID: string;
    readonly requireUserVerification: true;
  };

  /** @param publicUrl whose host is the RP ID and whose origin is the only one (WebAuthn sections 5.1.3, 13.4.9) */
  constructor(
    publicUrl: string,
    private readonly log: Logger,
  ) {
    const { hostname, origin } = new URL(publicUrl);
    this.#rpID = hostname;
    this.possible = !ADDRESS.test(hostname);
    this.#checks = { expectedOrigin: origin, expectedRPID: hostname, requireUserVerification: true };
  }

  async creation(request: Parameters<PasskeyCeremonies['creation']>[0]): Promise<JsonObject> {
    const { generateRegistrationOptions } = await library();
    const options = await generateRegistrationOptions({
      rpName: 'Causeway',
      rpID: this.#rpID,
      userName: request.userName,
      userID: new Uint8Array(request.userHandle),
      challenge: bytesOf(request.challenge),
      timeout: TIMEOUT_MS,
      attestationType: 'none',
      excludeCredentials: request.known.map((id) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return toJson(options);
  }

  async request(challenge: string): Promise<JsonObject> {
    const { generateAuthenticationOptions } = await library();
    const options = await generateAuthenticationOptions({
      rpID: this.#rpID,
      challenge: bytesOf(challenge),
      timeout: TIMEOUT_MS,
      userVerification: 'required',
    });
    return toJson(options);
  }

  async created(answer: unknown, challenge: string): Promise<NewPasskey | undefined> {
    if (!isCreated(answer)) return undefined;
    const told: unknown = answer.response.transports;
    const { verifyRegistrationResponse } = await library();
    return this.#unlessRefused('passkey.not_created', async () => {
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        ...this.#checks,
        response: answer,
        expectedChallenge: challenge,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (!verified) return undefined;
      const { id, publicKey, counter } = registrationInfo.credential;
      return { credentialId: id, publicKey, counter, transports: transportsOf(told) };
    });
  }

  credentialOf(answer: unknown): string | undefined {
    return isUsed(answer) ? answer.id : undefined;
  }

  async used(
    answer: unknown,
    { challenge, passkey, userHandle }: Parameters<PasskeyCeremonies['used']>[1],
  ): Promise<number | undefined> {
    if (!isUsed(answer) || answer.id !== passkey.credentialId) return undefined;
    // The library takes no notice of whose the authenticator says the passkey is.
    if (answer.response.userHandle !== Buffer.from(userHandle).toString('base64url')) return undefined;
    const { verifyAuthenticationResponse } = await library();
    return this.#unlessRefused('passkey.not_used', async () => {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        ...this.#checks,
        response: answer,
        expectedChallenge: challenge,
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(passkey.publicKey),
          counter: passkey.counter,
        },
      });
      return verified ? authenticationInfo.newCounter : undefined;
    });
  }

  /** The library throws at whatever is wrong with an answer, which anybody can send. */
  async #unlessRefused<T>(event: string, check: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      this.log.debug(event, { error: messageOf(error) });
      return undefined;
    }
  }
}

function transportsOf(told: unknown): readonly string[] {
  if (!Array.isArray(told)) return [];
  const known = told.filter((one): one is string => typeof one === 'string' && TRANSPORTS.has(one));
  return [...new Set(known)];
}
