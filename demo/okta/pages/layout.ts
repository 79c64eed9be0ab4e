import { html, type Html } from './html.js';

/** The one stylesheet (`routes/assets.ts`). */
export const STYLESHEET = '/assets/okta.css';

interface PageParts {
  readonly title: string;
  /** Class of the body: which part of the stylesheet lays it out. */
  readonly kind: 'auth' | 'dashboard' | 'admin';
  readonly body: Html;
}

/** A whole document: plain HTML, one stylesheet, no script. */
export function page({ title, kind, body }: PageParts): Html {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${STYLESHEET}" />
      </head>
      <body class="${kind}">
        ${body}
      </body>
    </html>`;
}

/** A coloured square with an initial, where a logo would be. The hue follows from the name. */
export function logo(name: string, size: 'small' | 'large' = 'small'): Html {
  const hue = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 6, 0);
  return html`<span class="logo logo-${size} hue-${hue}" aria-hidden="true"
    >${name.charAt(0).toUpperCase()}</span
  >`;
}

/** The org's brand, as its admin would have set it: mark and name. */
export function brand(name: string): Html {
  return html`<span class="brand">${logo(name)}<span>${name}</span></span>`;
}

/** Below the card, as at Okta; it also says what this really is. */
export const authFooter = html`<footer class="auth-footer">
  <span>Powered by Okta <em>(a simulation for demos and tests)</em></span>
  <a href="/admin">Admin</a>
</footer>`;
