import { authorizationRequest, type TestApplication } from '../../support/application.js';
import type { HttpBrowser } from '../../support/okta-sign-in.js';
import { send } from './http.js';

/** The cookies that go along with an authorization request. */
export const cookiesOf = (browser: HttpBrowser, application: TestApplication): string =>
  browser.cookies(new URL(`${application.issuer}/oauth2/v1/authorize`));

/** Whether cookies open a session: `open`, or the error that prompt=none gets. */
export async function sessionOf(
  cookie: string,
  application: TestApplication,
  through?: string,
): Promise<string> {
  const { location } = await send(authorizationRequest(application, { prompt: 'none' }).url.href, {
    headers: { cookie },
    ...(through === undefined ? {} : { through }),
  });
  return location?.searchParams.get('error') ?? 'open';
}
