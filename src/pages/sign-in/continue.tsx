import { LinkButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { fill } from '../text.js';
import { continueStrings as strings } from './strings.js';

/** The page by which a POST leaves this origin. */
export interface ContinueModel {
  /** Where to, in words: "Acme Okta", "Grafana". */
  readonly targetName: string;
  readonly href: string;
}

/**
 * Renders "Continue to …": the browser goes on at once by itself, the button is for one that doesn't. A 303
 * would be stopped, because `form-action` also judges where a POST is redirected to.
 * @throws DomainError `invalid_argument` when `href` is no address that a page may carry
 */
export function renderContinue(frame: Frame, model: ContinueModel): string {
  const href = requireHref(model.href);
  const names = { target: fill('{connection}', { connection: model.targetName }) };
  const content = (
    <>
      <h1>
        <Words of={strings.heading} names={names} />
      </h1>
      <p className="muted">{strings.text}</p>
      <div className="stack">
        <LinkButton href={href} primary>
          <Words of={strings.continueButton} names={names} />
        </LinkButton>
      </div>
    </>
  );
  return renderDocument(frame, { title: fill(strings.title, names), refreshTo: href, content });
}
