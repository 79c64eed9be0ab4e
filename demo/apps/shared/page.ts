import { html, type Html } from './html.js';
import { STYLESHEET, type Look } from './look.js';

export interface Frame {
  readonly look: Look;
  readonly title: string;
  /** What the bar says on its right side. */
  readonly corner?: Html | undefined;
  readonly body: Html;
}

/** A whole page of an application that has a server. */
export function page({ look, title, corner, body }: Frame): string {
  return html`<!doctype html>
    <html lang="en" class="${look.accent}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${look.tenant} ${look.name}</title>
        <link rel="stylesheet" href="${STYLESHEET}" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <header class="bar">
          <a class="brand" href="/">
            <span class="mark" aria-hidden="true">${look.name.slice(0, 1)}</span>
            <span>${look.name}<small>${look.tenant} · sample application</small></span>
          </a>
          ${corner}
        </header>
        <main>${body}</main>
      </body>
    </html>`.toString();
}
