import { pills, textOf, textsOf } from '../shared/facts.js';
import { html, type Html } from '../shared/html.js';
import type { Look } from '../shared/look.js';
import type { Screen } from './tv.js';

/** The TV's picture. `number` is what its script compares, to show the next one. */
export function tvPage({ tenant, name }: Look, screen: Screen, number: number): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${tenant} ${name}</title>
        <link rel="stylesheet" href="/tv.css" />
        <link rel="icon" href="data:," />
        <script type="module" src="/tv.js"></script>
        <noscript><meta http-equiv="refresh" content="5" /></noscript>
      </head>
      <body data-screen="${number}">
        <main class="set">
          <div class="glass">${pictureOf(screen)}</div>
          <p class="maker">${tenant} ${name}</p>
        </main>
      </body>
    </html>`.toString();
}

function pictureOf(screen: Screen): Html {
  if (screen.kind === 'off')
    return html`${screen.notice !== undefined && html`<p class="notice" role="status">${screen.notice}</p>`}
      <h1>Good evening</h1>
      <p>Sign in with your phone: nothing to type here.</p>
      ${button('/sign-in', 'Sign in', 'primary')}`;
  if (screen.kind === 'code')
    return html`<h1>Sign in</h1>
      <p>On your phone or computer, open</p>
      <p class="address">${screen.address}</p>
      <p>and enter</p>
      <p class="code">${screen.userCode}</p>
      <p class="soft">
        Good until ${screen.endsAt.toISOString().slice(11, 16)} UTC. This screen goes on by itself.
        ${
          screen.shortcut !== undefined &&
          html`<a href="${screen.shortcut}" target="_blank" rel="noreferrer">Or open it on this machine</a>`
        }
      </p>
      ${button('/sign-in', 'New code')}`;
  const { claims } = screen;
  return html`<h1>Hello, ${textOf(claims['name']) ?? claims.sub}</h1>
    <p>${textOf(claims['email'])}</p>
    <p class="pills" aria-label="Roles">${pills(textsOf(claims['roles']), 'no role')}</p>
    <div class="remote">${button('/renew', 'Look again')} ${button('/sign-out', 'Sign out')}</div>`;
}

function button(action: string, text: string, kind = ''): Html {
  return html`<form method="post" action="${action}">
    <button class="${kind}">${text}</button>
  </form>`;
}
