import { Configuration, allowInsecureRequests, clockTolerance, customFetch } from 'openid-client';
import type { ClientAuth, CustomFetch } from 'openid-client';
import type { UpstreamMetadata } from './metadata.js';

const refuseFetch: CustomFetch = () => Promise.reject(new TypeError('this configuration makes no calls'));
const noAuthentication: ClientAuth = () => undefined;

/**
 * openid-client's view of a connection, for one operation. Making one costs 5 µs, so none is kept: what is dear (metadata,
 * imported keys, sockets) is cached elsewhere, and each operation brings its own deadline and authentication.
 */
export function configure(
  metadata: UpstreamMetadata,
  clientId: string,
  {
    fetch = refuseFetch,
    auth = noAuthentication,
  }: { readonly fetch?: CustomFetch; readonly auth?: ClientAuth } = {},
): Configuration {
  // The library judges times by the machine's clock. They are judged once, in the one verifier, by the injected clock.
  const configuration = new Configuration(
    metadata,
    clientId,
    { [clockTolerance]: Number.MAX_SAFE_INTEGER },
    auth,
  );
  configuration[customFetch] = fetch;
  // The guarded client has the deadline.
  configuration.timeout = 0;
  // Only a loopback issuer can be http, and its metadata may only then name http endpoints (metadata.ts).
  if (metadata.issuer.startsWith('http:')) allowInsecureRequests(configuration);
  return configuration;
}
