import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

import { requireHref } from '../href.js';
import { fill } from '../text.js';
import { framesStrings as strings } from './strings.js';

/** An application that is told in the browser that a session has ended (OpenID Connect Front-Channel Logout 1.0). */
export interface SignOutFrame {
  readonly applicationName: string;
  /** Its address for that, with `iss` and `sid`. */
  readonly src: string;
}

/** What a page of an application may do in a frame of ours; not: lead the window elsewhere, open others, ask questions. */
const SANDBOX = 'allow-forms allow-same-origin allow-scripts';

/**
 * Hidden frames. The page's policy must name their origins (`pagePolicy`).
 * @throws DomainError `invalid_argument` when an address is none that a page may carry
 */
export function SignOutFrames({ frames }: { readonly frames: readonly SignOutFrame[] }): ReactNode {
  return frames.map(({ applicationName, src }) => (
    <iframe
      key={src}
      hidden
      sandbox={SANDBOX}
      title={fill(strings.title, { application: applicationName })}
      src={requireHref(src)}
    />
  ));
}

/** Renders the answer to an upstream that told of a logout in a frame of its own: nobody sees it. */
export function renderFramedSignOut(frames: readonly SignOutFrame[]): string {
  const content = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="robots" content="noindex" />
        <title>{strings.framedTitle}</title>
      </head>
      <body>
        <p>{strings.framedTitle}</p>
        <SignOutFrames frames={frames} />
      </body>
    </html>
  );
  return `<!DOCTYPE html>${renderToStaticMarkup(content)}`;
}
