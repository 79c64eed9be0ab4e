import {
  allowInsecureRequests,
  discovery,
  enableNonRepudiationChecks,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  refreshTokenGrant,
  ResponseBodyError,
  tokenRevocation,
  type Configuration,
  type DeviceAuthorizationResponse,
  type IDToken,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';

export interface TvOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** What it calls itself: the person sees that when they are asked whether it is theirs. */
  readonly name: string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** What is on the screen. */
export type Screen =
  | { readonly kind: 'off'; readonly notice: string | undefined }
  | {
      readonly kind: 'code';
      readonly userCode: string;
      /** Where the person types the code. */
      readonly address: string;
      /** The same with the code in it. */
      readonly shortcut: string | undefined;
      readonly endsAt: Date;
    }
  | { readonly kind: 'person'; readonly claims: IDToken; readonly refreshToken: string | undefined };

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;
type Person = Extract<Screen, { readonly kind: 'person' }>;

const TIMEOUT_SECONDS = 10;
/** How long before its access token ends a TV asks for the next one. */
const EARLY_SECONDS = 30;

/**
 * A device without a browser or a keyboard (RFC 8628): it shows a code, asks the issuer from time to time, and knows who
 * it is once they have signed in elsewhere. openid-client does the protocol.
 */
export class Tv {
  #screen: Screen = { kind: 'off', notice: undefined };
  #number = 0;
  /** Ends the waiting for the code that is shown. */
  #waiting: AbortController | undefined;
  #renewing: Promise<void> | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(private readonly options: TvOptions) {}

  get screen(): Screen {
    return this.#screen;
  }

  /** Changes whenever the screen does. */
  get number(): number {
    return this.#number;
  }

  /** Shows a code, and waits for its person in the background. Forgets an earlier code; whoever is there stays. */
  async signIn(): Promise<void> {
    if (this.#screen.kind === 'person') return;
    this.stop();
    const waiting = new AbortController();
    this.#waiting = waiting;
    try {
      const configuration = await this.#configuration();
      const asked = await initiateDeviceAuthorization(configuration, {
        scope: 'openid profile email offline_access',
        device_reference: this.options.name,
      });
      if (waiting.signal.aborted) return;
      this.#show({
        kind: 'code',
        userCode: asked.user_code,
        address: asked.verification_uri,
        shortcut: asked.verification_uri_complete,
        endsAt: new Date(this.options.now() + asked.expires_in * 1000),
      });
      void this.#wait(configuration, asked, waiting.signal);
    } catch (error) {
      if (!waiting.signal.aborted) this.#fail(error);
    }
  }

  /** Asks who the person is now: their roles may be others, or their access may have ended. */
  renew(): Promise<void> {
    const screen = this.#screen;
    if (screen.kind !== 'person' || screen.refreshToken === undefined) return Promise.resolve();
    this.#renewing ??= this.#renew(screen, screen.refreshToken).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(screen: Person, refreshToken: string): Promise<void> {
    try {
      const configuration = await this.#configuration();
      const tokens = await refreshTokenGrant(configuration, refreshToken);
      if (this.#screen === screen) this.#greet(tokens, screen);
      // Somebody signed out meanwhile: what has just come mustn't live on.
      else if (tokens.refresh_token !== undefined) await tokenRevocation(configuration, tokens.refresh_token);
    } catch (error) {
      this.options.onError(error);
      const ended = error instanceof ResponseBodyError && error.error === 'invalid_grant';
      if (ended && this.#screen === screen) this.#show({ kind: 'off', notice: 'Your access has ended.' });
    }
  }

  /** Shows the person of these tokens until the next ones come. */
  #greet(tokens: Tokens, before: Person | undefined): void {
    const claims = tokens.claims() ?? before?.claims;
    if (claims === undefined) throw new Error('the issuer sent no ID token');
    if (before !== undefined && claims.sub !== before.claims.sub) throw new Error('this is somebody else');
    this.#show({ kind: 'person', claims, refreshToken: tokens.refresh_token ?? before?.refreshToken });
    clearTimeout(this.#renewal);
    const seconds = (tokens.expires_in ?? 0) - EARLY_SECONDS;
    if (seconds > 0) this.#renewal = setTimeout(() => void this.renew(), seconds * 1000).unref();
  }

  /** Gives the refresh token back, which would live on otherwise, and forgets the person. */
  async signOut(): Promise<void> {
    const before = this.#screen;
    const after: Screen = { kind: 'off', notice: 'Signed out.' };
    this.stop();
    this.#show(after);
    if (before.kind !== 'person' || before.refreshToken === undefined) return;
    try {
      await tokenRevocation(await this.#configuration(), before.refreshToken);
    } catch (error) {
      this.options.onError(error);
      if (this.#screen === after)
        this.#show({ ...after, notice: 'Signed out here; the issuer could not be told.' });
    }
  }

  /** Waits for nobody any more, and asks for nothing. */
  stop(): void {
    clearTimeout(this.#renewal);
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  /** Until the person has answered, the code has expired, or nobody waits any more. Reports, and never rejects. */
  async #wait(
    configuration: Configuration,
    asked: DeviceAuthorizationResponse,
    nobodyWaits: AbortSignal,
  ): Promise<void> {
    const over = AbortSignal.timeout(asked.expires_in * 1000);
    try {
      // The library waits as long between two questions as the issuer says.
      const tokens = await pollDeviceAuthorizationGrant(configuration, asked, undefined, {
        signal: AbortSignal.any([nobodyWaits, over]),
      });
      if (!nobodyWaits.aborted) this.#greet(tokens, undefined);
    } catch (error) {
      if (!nobodyWaits.aborted) this.#fail(error, over.aborted);
    }
  }

  #show(screen: Screen): void {
    this.#screen = screen;
    this.#number += 1;
  }

  #fail(error: unknown, over = false): void {
    this.options.onError(error);
    this.#show({ kind: 'off', notice: wordsFor(error, over) });
  }

  #configuration(): Promise<Configuration> {
    const { issuer, clientId } = this.options;
    // Plain http is for the loopback interface; the library refuses it otherwise, and so should you.
    const insecure = issuer.startsWith('http://localhost:') ? [allowInsecureRequests] : [];
    return discovery(new URL(issuer), clientId, undefined, None(), {
      execute: [enableNonRepudiationChecks, ...insecure],
      timeout: TIMEOUT_SECONDS,
    });
  }
}

function wordsFor(error: unknown, over: boolean): string {
  const code = error instanceof ResponseBodyError ? error.error : undefined;
  if (code === 'access_denied') return "You weren't let in: somebody said no, or this TV isn't for you.";
  if (over || code === 'expired_token') return 'The code has expired. Take a new one.';
  return "Sign-in isn't available right now. Try again in a minute.";
}
