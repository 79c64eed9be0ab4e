import { html, Html, type Html as Markup } from './html.js';

/** Sends the authorization response as a form (OAuth 2.0 Form Post Response Mode). */
export function formPostPage(action: string, params: URLSearchParams, nonce: string): Markup {
  const fields = [...params].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Submit this form</title>
      </head>
      <body>
        <form id="appForm" method="post" action="${action}">
          ${fields}
          <noscript><button>Continue</button></noscript>
        </form>
        <script nonce="${nonce}">
          document.getElementById('appForm').submit();
        </script>
      </body>
    </html>`;
}

/** JSON that can stand inside a script element. */
function scriptJson(value: unknown): Markup {
  return Html.trusted(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

/**
 * Hands the answer to the window that opened this one or holds it in a frame, at the origin of the redirect
 * URI.
 */
export function postMessagePage(redirectUri: string, params: URLSearchParams, nonce: string): Markup {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Signing in</title>
      </head>
      <body>
        <script nonce="${nonce}">
          (window.opener || window.parent).postMessage(
            ${scriptJson(Object.fromEntries(params))},
            ${scriptJson(new URL(redirectUri).origin)},
          );
        </script>
      </body>
    </html>`;
}
