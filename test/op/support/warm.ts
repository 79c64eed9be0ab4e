import { ADA, type Acme } from '../../support/acme.js';
import { authorizationRequest, walk } from '../../support/application.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';

const ATTEMPTS_MAX = 50;

/**
 * Signs Ada in until it works. The first trip to an upstream fetches what later ones keep, against the same deadline,
 * which a busy machine may miss.
 */
export async function warm({ app }: Acme): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { end, page } = await walk(new HttpBrowser(), app, authorizationRequest(app).url, ADA);
    if (end?.searchParams.has('code') === true) return;
    if (attempt === ATTEMPTS_MAX) throw new Error(`no sign-in: ${page.status} ${page.text.slice(-600)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
