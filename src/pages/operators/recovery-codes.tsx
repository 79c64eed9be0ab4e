import { LinkButton } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { recoveryStrings as strings } from './strings.js';

/** Renders the recovery codes, the one time that they are shown. */
export function renderRecoveryCodes(
  frame: Frame,
  model: {
    readonly codes: readonly string[];
    readonly by: 'passkey' | 'password';
    readonly continueHref: string;
  },
): string {
  const content = (
    <>
      <h1>{strings.heading}</h1>
      <p>
        {strings.intros[model.by]} {strings.keep}
      </p>
      <pre>
        <code>{model.codes.join('\n')}</code>
      </pre>
      <div className="stack">
        <LinkButton primary href={model.continueHref}>
          {strings.continueButton}
        </LinkButton>
      </div>
    </>
  );
  return renderDocument(frame, { title: strings.title, content });
}
