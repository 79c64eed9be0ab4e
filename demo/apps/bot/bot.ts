import { exportJWK, generateKeyPair, importJWK } from 'jose';
import {
  allowInsecureRequests,
  clientCredentialsGrant,
  discovery,
  dynamicClientRegistration,
  fetchProtectedResource,
  PrivateKeyJwt,
  ResponseBodyError,
  tokenIntrospection,
  WWWAuthenticateChallengeError,
  type Configuration,
} from 'openid-client';
import { keepRegistration, readRegistration, type Registration } from './registration.js';

export interface BotOptions {
  readonly issuer: string;
  /** What it is registered as. */
  readonly name: string;
  /** The API that its tokens are for, and the scope that it needs there. */
  readonly api: { readonly identifier: string; readonly scope: string };
  /** Where it keeps its key and its registration. */
  readonly file: string;
  /** Asks whoever runs the issuer for an initial access token: it is needed to register, and for nothing else. */
  readonly initialAccessToken: () => Promise<string>;
  readonly now: () => number;
}

/** What the bot did once, from its registration to what the issuer says of the token. */
export interface Run {
  readonly at: Date;
  readonly clientId: string;
  /** Registered in this very run. */
  readonly isNew: boolean;
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly tokenEndsAt: number;
  readonly scope: string;
  /** What the API answered. */
  readonly answer: { readonly status: number; readonly text: string };
  readonly introspection: Readonly<Record<string, unknown>>;
}

const KEY_ID = 'bot-1';
const ALGORITHM = 'ES256';
const TIMEOUT_SECONDS = 10;

/**
 * A program that speaks for itself: it registers by its own key (RFC 7591), gets tokens by client credentials
 * (RFC 6749 section 4.4), proving itself with that key (`private_key_jwt`, RFC 7523), and calls an API with them.
 */
export class Bot {
  #registration: Registration | undefined;
  #running: Promise<Run> | undefined;

  constructor(private readonly options: BotOptions) {}

  get clientId(): string | undefined {
    return this.#registration?.client.client_id;
  }

  /**
   * Does its work once: calls the API at this address. Asked while it is at it, it does it once all the same.
   * @throws Error when the issuer or the API can't be reached, or the issuer refuses
   */
  run(address: string): Promise<Run> {
    this.#running ??= this.#run(address).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(address: string): Promise<Run> {
    const at = this.options.now();
    const { api } = this.options;
    const { isNew, configuration, tokens } = await this.#tokens();
    const introspection = await tokenIntrospection(configuration, tokens.access_token);
    const answer = await fetchProtectedResource(configuration, tokens.access_token, new URL(address), 'POST');
    return {
      at: new Date(at),
      clientId: configuration.clientMetadata().client_id,
      isNew,
      accessToken: tokens.access_token,
      tokenEndsAt: at + (tokens.expires_in ?? 0) * 1000,
      scope: tokens.scope ?? api.scope,
      answer: { status: answer.status, text: await answer.text() },
      introspection,
    };
  }

  /** Tokens for the registration that it has; where the issuer doesn't know that any more, for a new one. */
  async #tokens() {
    this.#registration ??= await readRegistration(this.options.file);
    if (this.#registration !== undefined) {
      try {
        return { isNew: false, ...(await this.#tokensFor(this.#registration)) };
      } catch (error) {
        if (!isUnknownClient(error)) throw error;
      }
    }
    this.#registration = await this.#register();
    return { isNew: true, ...(await this.#tokensFor(this.#registration)) };
  }

  async #tokensFor({ client, key }: Registration) {
    const { issuer, api } = this.options;
    const privateKey = await importJWK(key, ALGORITHM);
    if (privateKey instanceof Uint8Array) throw new TypeError('what was kept is no private key');
    const configuration = await discovery(
      new URL(issuer),
      client.client_id,
      undefined,
      PrivateKeyJwt({ key: privateKey, kid: KEY_ID }),
      this.#manners(),
    );
    const wish = { resource: api.identifier, scope: api.scope };
    return { configuration, tokens: await clientCredentialsGrant(configuration, wish) };
  }

  /** Makes a key pair, and registers with its public half. */
  async #register(): Promise<Registration> {
    const { issuer, name, file, initialAccessToken } = this.options;
    const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' };
    const registered: Configuration = await dynamicClientRegistration(
      new URL(issuer),
      {
        client_name: name,
        application_type: 'service',
        grant_types: ['client_credentials'],
        response_types: [],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] },
      },
      PrivateKeyJwt({ key: privateKey, kid: KEY_ID }),
      { initialAccessToken: await initialAccessToken(), ...this.#manners() },
    );
    const registration = { client: registered.clientMetadata(), key: await exportJWK(privateKey) };
    await keepRegistration(file, registration);
    return registration;
  }

  #manners() {
    // Plain http is for the loopback interface; the library refuses it otherwise, and so should you.
    const insecure = this.options.issuer.startsWith('http://localhost:') ? [allowInsecureRequests] : [];
    return { execute: insecure, timeout: TIMEOUT_SECONDS };
  }
}

/** The issuer doesn't know this client, or not by this key (RFC 6749 section 5.2). */
function isUnknownClient(error: unknown): boolean {
  if (error instanceof ResponseBodyError) return error.error === 'invalid_client';
  return error instanceof WWWAuthenticateChallengeError;
}
