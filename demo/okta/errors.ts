import { oktaId } from './ids.js';

/** An OAuth error body (RFC 6749 section 5.2), with the status and headers that Okta gives it. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';

  constructor(
    readonly status: number,
    readonly error: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get body(): Readonly<Record<string, unknown>> {
    return { error: this.error, error_description: this.message };
  }
}

/**
 * Okta's own error form: `errorCode`, `errorSummary` and the rest. Some OAuth endpoints answer with it too.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly errorCode: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get body(): Readonly<Record<string, unknown>> {
    return {
      errorCode: this.errorCode,
      errorSummary: this.message,
      errorLink: this.errorCode,
      errorId: oktaId('oae'),
      errorCauses: [],
    };
  }
}

/** A page on Okta's own host that ends the journey: the relying party never hears of it. */
export class HostedError extends Error {
  override readonly name = 'HostedError';

  constructor(
    readonly status: number,
    readonly heading: string,
    message: string,
    /** Where an admin mends it, shown as Okta does below the message. */
    readonly adminLink?: string,
  ) {
    super(message);
  }
}

/** The client_id names no app of this org: Okta answers in its own error form, also at OAuth endpoints. */
export function unknownClient(status: 400 | 401): ApiError {
  return new ApiError(
    status,
    'invalid_client',
    status === 401 ? "Invalid value for 'client_id' parameter." : 'Invalid value for `client_id` parameter.',
  );
}
