import type { Json } from '../core/json.js';
import { plainText } from '../core/text.js';
import type { Connection } from '../domain/connection/connection.js';
import { UpstreamError } from './causes.js';
import { isRecord } from './record.js';

/** What Causeway uses of an OpenID Provider's metadata (OpenID Connect Discovery 1.0 section 3), checked. */
export type UpstreamMetadata = Readonly<{
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri: string;
  userinfo_endpoint?: string;
  end_session_endpoint?: string;
  pushed_authorization_request_endpoint?: string;
  introspection_endpoint?: string;
  /** RFC 9207: a response without `iss` is then refused. */
  authorization_response_iss_parameter_supported: boolean;
  /** Only algorithms that we accept. */
  id_token_signing_alg_values_supported: string[];
}>;

/** Signature algorithms that are accepted: never `none`, never a shared secret. */
const ALGORITHMS: Readonly<Record<Connection['type'], readonly string[]>> = {
  okta: ['RS256'],
  oidc: ['RS256', 'ES256', 'PS256', 'EdDSA'],
};

const OPTIONAL = [
  'userinfo_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
  'introspection_endpoint',
] as const;

type Endpoint = 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri' | (typeof OPTIONAL)[number];

/** Where the metadata of an issuer lies (OpenID Connect Discovery 1.0 section 4). */
export function metadataUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Checks a metadata document against its connection; what isn't named above is dropped.
 * @throws UpstreamError `issuer_mismatch` unless the issuer is the connection's byte for byte;
 *   `metadata_invalid` for an endpoint that is missing, not https or, at Okta, not at the issuer's origin
 */
export function readMetadata(
  document: Json,
  { type, issuer }: Pick<Connection, 'type' | 'issuer'>,
): UpstreamMetadata {
  if (!isRecord(document)) throw invalid('The metadata is not a JSON object');
  const members = document;
  if (members['issuer'] !== issuer) throw issuerMismatch(members['issuer'], issuer);
  const endpoint = (name: Endpoint): string | undefined => readEndpoint(name, members[name], type, issuer);
  const optional = Object.fromEntries(
    OPTIONAL.flatMap((name) => {
      const url = endpoint(name);
      return url === undefined ? [] : [[name, url]];
    }),
  );
  return {
    ...optional,
    issuer,
    authorization_endpoint: endpoint('authorization_endpoint') ?? missing('authorization_endpoint'),
    token_endpoint: endpoint('token_endpoint') ?? missing('token_endpoint'),
    jwks_uri: endpoint('jwks_uri') ?? missing('jwks_uri'),
    authorization_response_iss_parameter_supported:
      members['authorization_response_iss_parameter_supported'] === true,
    id_token_signing_alg_values_supported: readAlgorithms(
      members['id_token_signing_alg_values_supported'],
      type,
    ),
  };
}

function readEndpoint(
  name: Endpoint,
  value: unknown,
  type: Connection['type'],
  issuer: string,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !URL.canParse(value))
    throw invalid(`The metadata's ${name} is not an address`);
  const url = new URL(value);
  const home = new URL(issuer);
  // An issuer on http is a loopback one: the guarded client has refused every other before this document was read.
  if (url.protocol !== 'https:' && url.protocol !== home.protocol)
    throw invalid(`The metadata's ${name} is not https`);
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw invalid(`The metadata's ${name} holds credentials or a fragment`);
  if (url.protocol === 'http:' && url.hostname !== home.hostname)
    throw invalid(`The metadata's ${name} is http at another host`);
  if (type === 'okta' && url.origin !== home.origin)
    throw new UpstreamError(
      'metadata_invalid',
      'discovery',
      `The metadata's ${name} is at ${url.host}, not at the issuer's own address`,
      { endpoint: name },
    );
  return value;
}

function readAlgorithms(value: unknown, type: Connection['type']): string[] {
  // Absent although required: RS256, which every provider must support (OpenID Connect Core 15.1).
  const offered: readonly unknown[] = Array.isArray(value) ? value : ['RS256'];
  const accepted = ALGORITHMS[type].filter((alg) => offered.includes(alg));
  if (accepted.length === 0) throw invalid('The provider signs ID Tokens with no algorithm that is accepted');
  return accepted;
}

function issuerMismatch(found: unknown, issuer: string): UpstreamError {
  if (typeof found !== 'string') return invalid('The metadata names no issuer');
  const named = plainText(found);
  return new UpstreamError(
    'issuer_mismatch',
    'discovery',
    `The metadata at ${issuer} names the issuer ${named}`,
    URL.canParse(found) && named === found ? { issuer: found } : {},
  );
}

function missing(name: Endpoint): never {
  throw invalid(`The metadata has no ${name}`);
}

function invalid(message: string): UpstreamError {
  return new UpstreamError('metadata_invalid', 'discovery', message);
}
