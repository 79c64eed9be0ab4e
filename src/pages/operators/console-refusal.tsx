import { Badge, LinkButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { fill } from '../text.js';
import { consoleRefusalStrings as strings } from './strings.js';

/** Why somebody who comes from their organization gets no further. */
export type ConsoleRefusal = keyof typeof strings.reasons;

/**
 * Renders why somebody doesn't come into the console, with the way to begin anew.
 * @throws DomainError `invalid_argument` when `startHref` is no address that a page may carry
 */
export function renderConsoleRefusal(
  frame: Frame,
  model: { readonly reason: ConsoleRefusal; readonly startHref: string },
): string {
  const { heading, text } = strings.reasons[model.reason];
  const names = { tenant: frame.brand.tenantName };
  const content = (
    <>
      <Badge name="lock" tone="bad" />
      <h1>
        <Words of={heading} names={names} />
      </h1>
      <p>
        <Words of={text} names={names} />
      </p>
      <div className="stack">
        <LinkButton href={requireHref(model.startHref)} primary>
          {strings.startAgain}
        </LinkButton>
      </div>
    </>
  );
  return renderDocument(frame, { title: fill(heading, names), error: true, content });
}
