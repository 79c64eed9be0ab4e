import type { AdapterPayload } from 'oidc-provider';
import type { ApplicationSettings } from '../domain/application/application.js';
import { requiresDpop, requiresPushedRequests } from '../domain/application/security-profile.js';

const PLAIN_RESPONSES = ['query', 'fragment', 'form_post'];
const SIGNED_RESPONSES = ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'];

/**
 * What an application must do beyond the ordinary, as client metadata (RFC 9126 section 6, RFC 9101 section 10.5,
 * RFC 9449 section 5.2, JARM section 3). Responses are either all signed or none: a request can't ask for less.
 */
export function securityMetadata(settings: ApplicationSettings): AdapterPayload {
  return {
    dpop_bound_access_tokens: requiresDpop(settings),
    require_pushed_authorization_requests: requiresPushedRequests(settings),
    require_signed_request_object: settings.requestObjects === 'required',
    response_modes: settings.signedResponses ? SIGNED_RESPONSES : PLAIN_RESPONSES,
    authorization_signed_response_alg: settings.idTokenAlg,
  };
}
