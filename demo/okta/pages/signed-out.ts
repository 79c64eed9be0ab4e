import { html, type Html } from './html.js';
import { brand } from './layout.js';

/** Loads the logout addresses of other apps in hidden frames (OpenID Connect Front-Channel Logout), then goes on. */
export function signedOutPage(orgName: string, frames: readonly string[], next: string): Html {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="2;url=${next}" />
        <title>Signing out</title>
        <link rel="stylesheet" href="/assets/okta.css" />
      </head>
      <body class="auth">
        <main class="auth-main">
          <section class="card">
            <header class="card-brand">${brand(orgName)}</header>
            <h1>Signing you out of your apps</h1>
            <p class="hint"><a href="${next}">Continue</a></p>
          </section>
          ${frames.map((src) => html`<iframe hidden title="Signing out" src="${src}"></iframe>`)}
        </main>
      </body>
    </html>`;
}
